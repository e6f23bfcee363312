//! A real etcd, kube-apiserver and kube-controller-manager on loopback ports.

mod audit;
mod launch;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{Api, Client};

pub use audit::{Audit, Filter, Request};

use crate::assets::{self, Assets};
use crate::pki::{Authority, Identity};
use crate::process::Supervised;
use crate::supervisor::Supervisor;
use crate::{blocking, kubeconfig, progress};

const START: Duration = Duration::from_secs(90);

/// What can differ between control planes.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// More names or addresses for the API server's certificate.
    pub server_names: Vec<String>,
    /// More flags for kube-apiserver.
    pub apiserver_flags: Vec<String>,
    /// Whether a kubelet will join: the API server then gets a client certificate for it.
    pub node: bool,
    /// Whether etcd calls fsync, which benchmarks of writes want and tests do not.
    pub fsync: bool,
}

/// A running control plane, stopped when dropped and, at the latest, when the run ends.
#[derive(Debug)]
pub struct ControlPlane {
    // Stopped in this order: an API server without its etcd hangs for minutes.
    controller_manager: Supervised,
    apiserver: Supervised,
    etcd: Supervised,
    assets: Assets,
    authority: Authority,
    folder: PathBuf,
    url: String,
}

/// The one control plane of this test process, started on first use.
///
/// # Panics
///
/// When it cannot be started; every later call says so again.
pub fn shared() -> &'static ControlPlane {
    static SHARED: OnceLock<Result<ControlPlane, String>> = OnceLock::new();
    let started = SHARED.get_or_init(|| {
        ControlPlane::start(&Options::default()).map_err(|error| format!("{error:#}"))
    });
    started
        .as_ref()
        .unwrap_or_else(|error| panic!("no control plane: {error}"))
}

// === impl ControlPlane ===

impl ControlPlane {
    /// Starts one, getting the binaries first when needed, and waits until it can be used. Progress
    /// goes to standard error, past the test harness's capture.
    pub fn start(options: &Options) -> Result<Self> {
        let assets = assets::ensure(&mut progress::to_stderr)?;
        let folder = Supervisor::global().new_folder("control-plane")?;
        let control_plane = launch::launch(assets, folder, options)?;
        let kubeconfig = control_plane.kubeconfig_path();
        blocking::run(async move {
            let client = kubeconfig::client(&kubeconfig).await?;
            wait_for_default_account(&client, "default").await
        })
        .with_context(|| {
            format!(
                "no control plane:\n{}",
                control_plane.controller_manager.tail()
            )
        })?;
        Ok(control_plane)
    }

    /// `https://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder with certificates, kubeconfigs and the audit log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The authority that signs server and client certificates.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The kubeconfig of a cluster administrator.
    pub fn kubeconfig_path(&self) -> PathBuf {
        self.folder.join("admin.kubeconfig")
    }

    /// Where the `kubectl` binary is.
    pub fn kubectl(&self) -> &Path {
        &self.assets.kubectl
    }

    /// An administrator's client that never retries by itself; make one per test.
    pub async fn client(&self) -> Result<Client> {
        kubeconfig::client(&self.kubeconfig_path()).await
    }

    /// A kubeconfig for another user, who may do what RBAC grants that name and group.
    pub fn kubeconfig_for(&self, user: &str, group: Option<&str>) -> Result<PathBuf> {
        let identity = self.identity_for(user, group)?;
        let folder = tempfile::Builder::new()
            .prefix("user-")
            .tempdir_in(&self.folder)?
            .keep();
        let path = folder.join("kubeconfig");
        kubeconfig::write(
            &path,
            &self.url,
            &self.authority.certificate_pem,
            Some(&identity),
        )?;
        Ok(path)
    }

    /// A client certificate for another user.
    pub fn identity_for(&self, user: &str, group: Option<&str>) -> Result<Identity> {
        self.authority.client(user, group)
    }

    /// What the API server was asked.
    pub fn audit(&self) -> Audit {
        Audit::new(self.folder.join("audit.log"))
    }

    /// The processes, for tests that break things: controller manager, API server, etcd.
    pub fn processes(&self) -> [&Supervised; 3] {
        [&self.controller_manager, &self.apiserver, &self.etcd]
    }
}

/// Waits for `/readyz`.
fn wait_until_ready(kubeconfig: &Path) -> Result<()> {
    let path = kubeconfig.to_owned();
    let ready = async move {
        let client = kubeconfig::client(&path).await?;
        while client
            .request_text(http::Request::get("/readyz").body(Vec::new())?)
            .await
            .is_err()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    };
    blocking::run(async { tokio::time::timeout(START, ready).await? })
}

/// Pods, and tests that count requests, want the namespace's default `ServiceAccount` to be there.
pub(crate) async fn wait_for_default_account(client: &Client, namespace: &str) -> Result<()> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let found = async {
        while accounts.get_opt("default").await?.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    };
    tokio::time::timeout(START, found)
        .await
        .context("no default ServiceAccount")?
}
