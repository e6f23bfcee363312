//! Where the demo plays. A cluster of the user is used only when it is named; the current context counts for nothing.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::DeleteParams;
use kube::config::KubeConfigOptions;
use kube::{Api, Client, Config};

use super::options::Options;
use super::{install, interrupted, say};
use crate::assets::KUBERNETES;
use crate::control_plane::{self, ControlPlane};
use crate::operator::OperatorOptions;

/// User that the operator is on a control plane of ours.
pub(super) const OPERATOR: &str = "authkeeper-demo";

const GONE: Duration = Duration::from_secs(60);

/// A control plane that was started for the demo, or a cluster that the user named.
#[derive(Debug)]
pub(super) enum Cluster {
    Own {
        control_plane: Box<ControlPlane>,
        kubeconfig: PathBuf,
    },
    Named {
        context: String,
        /// The namespace is made, or about to be.
        entered: AtomicBool,
    },
}

// === impl Cluster ===

impl Cluster {
    pub(super) fn find(options: &Options) -> Result<Self> {
        fs::create_dir_all(&options.folder)
            .with_context(|| format!("making {}", options.folder.display()))?;
        if let Some(context) = options.context.clone() {
            return Ok(Self::Named {
                context,
                entered: AtomicBool::new(false),
            });
        }
        say("  starting a control plane; the very first time its binaries are fetched or built")?;
        let control_plane = Box::new(ControlPlane::start(&control_plane::Options::default())?);
        let kubeconfig = options.folder.join("kubeconfig");
        copy_private(&control_plane.kubeconfig_path(), &kubeconfig)?;
        Ok(Self::Own {
            control_plane,
            kubeconfig,
        })
    }

    pub(super) async fn client(&self) -> Result<Client> {
        match self {
            Self::Own { control_plane, .. } => control_plane.client().await,
            Self::Named { context, .. } => {
                let options = KubeConfigOptions {
                    context: Some(context.clone()),
                    ..KubeConfigOptions::default()
                };
                let mut config = Config::from_kubeconfig(&options)
                    .await
                    .with_context(|| format!("context {context} of your kubeconfig"))?;
                config.connect_timeout = Some(Duration::from_secs(5));
                Ok(Client::try_from(config)?)
            }
        }
    }

    /// For the reader.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Own { control_plane, .. } => {
                format!("{} (Kubernetes {KUBERNETES})", control_plane.url())
            }
            Self::Named { context, .. } => format!("context {context} of your kubeconfig"),
        }
    }

    /// The namespace of the sample.
    pub(super) fn namespace(&self) -> &'static str {
        match self {
            Self::Own { .. } => "demo",
            Self::Named { .. } => "authkeeper-demo",
        }
    }

    /// Makes that namespace, which must not be there yet.
    pub(super) async fn enter(&self, client: &Client) -> Result<()> {
        install::refuse_existing(client, self.namespace()).await?;
        if let Self::Named { entered, .. } = self {
            entered.store(true, Ordering::Relaxed);
        }
        install::namespace(client, self.namespace()).await
    }

    /// How the operator reaches the cluster and what it watches: all of a cluster of ours, otherwise one namespace.
    pub(super) fn operator(&self, binary: &Path) -> Result<OperatorOptions> {
        let namespace = self.namespace();
        match self {
            Self::Own { control_plane, .. } => {
                let kubeconfig = control_plane.kubeconfig_for(OPERATOR, None)?;
                Ok(OperatorOptions::new(binary, kubeconfig).args(["--namespace", "authkeeper"]))
            }
            Self::Named { context, .. } => Ok(OperatorOptions::in_context(binary, context).args([
                "--namespace",
                namespace,
                "--watch-namespaces",
                namespace,
            ])),
        }
    }

    /// How `kubectl` is called for this cluster, and what to export before.
    pub(super) fn kubectl(&self) -> (String, Option<String>) {
        match self {
            Self::Own {
                control_plane,
                kubeconfig,
            } => {
                let found = is_on_path("kubectl");
                let ours = || control_plane.kubectl().display().to_string();
                let kubectl = if found { "kubectl".to_owned() } else { ours() };
                let export = format!("export KUBECONFIG={}", kubeconfig.display());
                (kubectl, Some(export))
            }
            Self::Named { context, .. } => (format!("kubectl --context {context}"), None),
        }
    }

    /// Takes away what the demo left: of a named cluster its namespace, of its own everything.
    pub(super) async fn leave(self) -> Result<()> {
        match self {
            Self::Own { kubeconfig, .. } => {
                drop(fs::remove_file(kubeconfig));
                say("  stopping all that was started")
            }
            Self::Named { ref entered, .. } if !entered.load(Ordering::Relaxed) => Ok(()),
            Self::Named { .. } => {
                let name = self.namespace();
                say(&format!("  removing namespace {name}"))?;
                let client = self.client().await?;
                tokio::select! {
                    removed = remove_namespace(client, name) => removed,
                    _ = interrupted() => bail!("namespace {name} is being removed; it was not waited for"),
                }
            }
        }
    }
}

async fn remove_namespace(client: Client, name: &str) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(client);
    let ours = namespaces
        .get_opt(name)
        .await?
        .is_some_and(|found| install::is_ours(&found));
    if !ours {
        return Ok(());
    }
    namespaces.delete(name, &DeleteParams::default()).await?;
    let deadline = Instant::now() + GONE;
    while namespaces.get_opt(name).await?.is_some() {
        if Instant::now() >= deadline {
            bail!("namespace {name} is still being removed after {GONE:?}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// It holds an administrator's key.
fn copy_private(from: &Path, to: &Path) -> Result<()> {
    drop(fs::remove_file(to));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .with_context(|| format!("writing {}", to.display()))?;
    Ok(file.write_all(&fs::read(from)?)?)
}

fn is_on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}
