//! The key of the digests: made once per installation, kept in a Secret of the operator's namespace.

use std::time::Duration;

use aws_lc_rs::{digest, rand};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api,
    api::{ObjectMeta, PostParams},
};

use super::{Cluster, Error};
use crate::{api::v1alpha1::annotation, sensitive::SecretBytes, target::DigestKey};

/// Name of the Secret, and of the key in it.
pub const SECRET: &str = "authkeeper-fingerprint-key";
const KEY: &str = "key";

/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Tries until there is a key: an API server that is away, or a permission that is missing, comes by itself or by
/// somebody else's hand, and a process that ends would come back to the same.
pub(super) async fn wait_for(cluster: &Cluster, namespace: &str) -> DigestKey {
    let mut pause = Duration::from_secs(1);
    loop {
        match load_or_create(cluster, namespace).await {
            Ok(key) => return key,
            Err(error) => {
                tracing::warn!(%error, pause = pause.as_secs(), "not ready: the key of the digests is not to be had; it is tried again");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Reads the key; makes it if there is none. Two operators that begin at once end with the same key, since it is only
/// ever created.
async fn load_or_create(cluster: &Cluster, namespace: &str) -> Result<DigestKey, Error> {
    if let Some(key) = load(cluster, namespace).await? {
        return Ok(key);
    }
    let mut bytes = [0_u8; 32];
    let what = format!("Secret {namespace}/{SECRET}");
    rand::fill(&mut bytes).map_err(|_| Error::Unreachable {
        verb: "create",
        what: what.clone(),
        fault: "the system has no randomness",
    })?;
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(SECRET.to_owned()),
            labels: Some(
                [(
                    annotation::MANAGED_BY.to_owned(),
                    annotation::AUTHKEEPER.to_owned(),
                )]
                .into(),
            ),
            ..ObjectMeta::default()
        },
        immutable: Some(true),
        data: Some([(KEY.to_owned(), ByteString(bytes.to_vec()))].into()),
        ..Secret::default()
    };
    let api: Api<Secret> = Api::namespaced(cluster.client().clone(), namespace);
    let parameters = PostParams::default();
    match cluster
        .call("create", &what, api.create(&parameters, &secret))
        .await
    {
        Err(error) if !error.is_conflict() => return Err(error),
        Ok(_) | Err(_) => {}
    }
    let missing = Error::Unreachable {
        verb: "get",
        what,
        fault: "it has no usable key; delete it and start again",
    };
    load(cluster, namespace).await?.ok_or(missing)
}

async fn load(cluster: &Cluster, namespace: &str) -> Result<Option<DigestKey>, Error> {
    let secret = cluster.secret(namespace, SECRET).await?;
    let bytes = secret
        .and_then(|secret| secret.data?.remove(KEY))
        .filter(|bytes| bytes.0.len() >= 32);
    Ok(bytes.map(|bytes| DigestKey {
        id: hex::encode(&digest::digest(&digest::SHA256, &bytes.0).as_ref()[..4]),
        key: SecretBytes::new(bytes.0),
    }))
}
