//! Kubeconfig files with everything embedded.

use std::fs;
use std::path::Path;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::json;

use crate::pki::Identity;

/// Writes a kubeconfig for the server; without an identity the client is anonymous.
pub(crate) fn write(
    path: &Path,
    server: &str,
    authority_pem: &str,
    identity: Option<&Identity>,
) -> Result<()> {
    let user = identity.map_or_else(
        || json!({}),
        |identity| {
            json!({
                "client-certificate-data": STANDARD.encode(&identity.certificate_pem),
                "client-key-data": STANDARD.encode(&identity.key_pem),
            })
        },
    );
    let authority = STANDARD.encode(authority_pem);
    let content = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "testbed", "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": "testbed", "user": user}],
        "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": "testbed"}}],
        "current-context": "testbed",
    });
    Ok(fs::write(path, serde_json::to_vec_pretty(&content)?)?)
}

/// A client from a kubeconfig file that never retries by itself, so that requests can be counted. It
/// belongs to the runtime it is made in.
pub async fn client(path: &Path) -> Result<Client> {
    crate::crypto::install();
    let kubeconfig = Kubeconfig::read_from(path)?;
    let mut config =
        Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    config.default_retry = false;
    Ok(Client::try_from(config)?)
}
