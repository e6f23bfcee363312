//! The three processes and their flags.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rcgen::KeyPair;
use serde_json::json;

use super::{ControlPlane, Options};
use crate::assets::Assets;
use crate::pki::{Authority, Identity};
use crate::process::{Launch, Supervised};
use crate::supervisor::Rank;
use crate::{kubeconfig, ports};

const SERVER_NAMES: [&str; 5] = [
    "localhost",
    "kubernetes.default.svc",
    "kubernetes.default",
    "127.0.0.1",
    "10.96.0.1",
];

/// Starts all three. The API server waits for etcd by itself; the controller manager would give up on
/// an API server that is not ready.
pub(super) fn launch(assets: Assets, folder: PathBuf, options: &Options) -> Result<ControlPlane> {
    let authority = Authority::new("authkeeper-testbed")?;
    let url = format!("https://127.0.0.1:{}", ports::free());
    write_files(&folder, &authority, &url, options)?;
    let (etcd, etcd_url) = etcd(&assets, &folder, options)?;
    let apiserver = apiserver(&assets, &folder, &url, &etcd_url, options)?;
    super::wait_until_ready(&folder.join("admin.kubeconfig"))
        .with_context(|| format!("kube-apiserver did not start:\n{}", apiserver.tail()))?;
    let controller_manager = controller_manager(&assets, &folder)?;
    Ok(ControlPlane {
        controller_manager,
        apiserver,
        etcd,
        assets,
        authority,
        folder,
        url,
    })
}

fn write_files(folder: &Path, authority: &Authority, url: &str, options: &Options) -> Result<()> {
    fs::write(folder.join("ca.crt"), &authority.certificate_pem)?;
    fs::write(folder.join("ca.key"), &authority.key_pem)?;
    let names: Vec<&str> = SERVER_NAMES
        .into_iter()
        .chain(options.server_names.iter().map(String::as_str))
        .collect();
    write_identity(folder, "apiserver", &authority.server(&names)?)?;
    if options.node {
        let identity = authority.client("apiserver-kubelet-client", Some("system:masters"))?;
        write_identity(folder, "apiserver-kubelet-client", &identity)?;
    }
    for (name, user, group) in [
        ("admin", "admin", Some("system:masters")),
        ("kcm", "system:kube-controller-manager", None),
    ] {
        let identity = authority.client(user, group)?;
        let path = folder.join(format!("{name}.kubeconfig"));
        kubeconfig::write(&path, url, &authority.certificate_pem, Some(&identity))?;
    }
    let accounts = KeyPair::generate()?;
    fs::write(folder.join("sa.key"), accounts.serialize_pem())?;
    fs::write(folder.join("sa.pub"), accounts.public_key_pem())?;
    Ok(fs::write(
        folder.join("audit-policy.yaml"),
        serde_json::to_vec(&audit_policy())?,
    )?)
}

fn write_identity(folder: &Path, name: &str, identity: &Identity) -> Result<()> {
    fs::write(
        folder.join(format!("{name}.crt")),
        &identity.certificate_pem,
    )?;
    Ok(fs::write(
        folder.join(format!("{name}.key")),
        &identity.key_pem,
    )?)
}

/// Everything by name, but not what the control plane reads from itself.
fn audit_policy() -> serde_json::Value {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {
                "level": "None",
                "users": ["system:apiserver", "system:kube-controller-manager"],
            },
            {
                "level": "None",
                "userGroups": ["system:serviceaccounts:kube-system"],
                "verbs": ["get", "list", "watch"],
            },
            {
                "level": "None",
                "userGroups": ["system:serviceaccounts:kube-system"],
                "resources": [
                    {"group": "", "resources": ["events"]},
                    {"group": "events.k8s.io", "resources": ["events"]},
                    {"group": "coordination.k8s.io", "resources": ["leases"]},
                ],
            },
            {"level": "Metadata"},
        ],
    })
}

fn etcd(assets: &Assets, folder: &Path, options: &Options) -> Result<(Supervised, String)> {
    let clients = format!("http://127.0.0.1:{}", ports::free());
    let peers = format!("http://127.0.0.1:{}", ports::free());
    let mut launch = Launch::new(&assets.etcd)
        .arg(format!("--data-dir={}", folder.join("etcd").display()))
        .arg(format!("--listen-client-urls={clients}"))
        .arg(format!("--advertise-client-urls={clients}"))
        .arg(format!("--listen-peer-urls={peers}"))
        .arg(format!("--initial-advertise-peer-urls={peers}"))
        .arg(format!("--initial-cluster=default={peers}"))
        .rank(Rank::Etcd);
    if !options.fsync {
        launch = launch.arg("--unsafe-no-fsync");
    }
    Ok((launch.spawn()?, clients))
}

fn apiserver(
    assets: &Assets,
    folder: &Path,
    url: &str,
    etcd_url: &str,
    options: &Options,
) -> Result<Supervised> {
    let port = url.rsplit(':').next().unwrap_or_default();
    let file = |name, file| flag(folder, name, file);
    let launch = Launch::new(&assets.kube_apiserver)
        .arg(format!("--etcd-servers={etcd_url}"))
        .arg(format!("--secure-port={port}"))
        .args([
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
        ])
        .arg(file("tls-cert-file", "apiserver.crt"))
        .arg(file("tls-private-key-file", "apiserver.key"))
        .arg(file("client-ca-file", "ca.crt"))
        .args([
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
        ])
        .arg("--service-account-issuer=https://kubernetes.default.svc")
        .arg(file("service-account-key-file", "sa.pub"))
        .arg(file("service-account-signing-key-file", "sa.key"))
        .args([
            "--service-cluster-ip-range=10.96.0.0/16",
            "--allow-privileged=true",
            "--profiling=false",
        ])
        .arg(file("audit-policy-file", "audit-policy.yaml"))
        .arg(file("audit-log-path", "audit.log"))
        // Blocking and never rotated: the log is complete when a request has been answered.
        .args(["--audit-log-mode=blocking", "--audit-log-maxsize=2000"])
        .args(&options.apiserver_flags)
        .rank(Rank::ApiServer);
    launch
        .args(
            options
                .node
                .then(|| kubelet_flags(folder))
                .into_iter()
                .flatten(),
        )
        .spawn()
}

/// How the API server reaches a kubelet.
fn kubelet_flags(folder: &Path) -> [String; 4] {
    [
        flag(
            folder,
            "kubelet-client-certificate",
            "apiserver-kubelet-client.crt",
        ),
        flag(folder, "kubelet-client-key", "apiserver-kubelet-client.key"),
        flag(folder, "kubelet-certificate-authority", "ca.crt"),
        "--kubelet-preferred-address-types=Hostname".to_owned(),
    ]
}

/// A flag whose value is a file of the control plane's folder.
fn flag(folder: &Path, name: &str, file: &str) -> String {
    format!("--{name}={}", folder.join(file).display())
}

fn controller_manager(assets: &Assets, folder: &Path) -> Result<Supervised> {
    let file = |name, file| flag(folder, name, file);
    Launch::new(&assets.kube_controller_manager)
        .args(
            [
                "kubeconfig",
                "authentication-kubeconfig",
                "authorization-kubeconfig",
            ]
            .map(|f| file(f, "kcm.kubeconfig")),
        )
        .arg(format!("--secure-port={}", ports::free()))
        .args([
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
        ])
        // Its default of 20 requests a second makes the start five seconds longer.
        .args(["--kube-api-qps=500", "--kube-api-burst=1000"])
        .arg(file("service-account-private-key-file", "sa.key"))
        .arg(file("root-ca-file", "ca.crt"))
        .arg(file("cluster-signing-cert-file", "ca.crt"))
        .arg(file("cluster-signing-key-file", "ca.key"))
        .rank(Rank::ControllerManager)
        .spawn()
}
