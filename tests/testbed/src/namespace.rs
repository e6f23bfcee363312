//! A namespace per test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use k8s_openapi::api::core::v1::Namespace as Resource;
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use kube::{Api, Client};

use crate::control_plane::{ControlPlane, wait_for_default_account};
use crate::kubeconfig;

/// A namespace with a name of its own; its deletion is begun in the background when this is dropped.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    kubeconfig: PathBuf,
}

// === impl Namespace ===

impl Namespace {
    /// Creates it and waits for its default `ServiceAccount`.
    pub async fn create(control_plane: &ControlPlane, prefix: &str) -> Result<Self> {
        Self::create_with(control_plane, prefix, &[]).await
    }

    /// The same, with labels.
    pub async fn create_with(
        control_plane: &ControlPlane,
        prefix: &str,
        labels: &[(&str, &str)],
    ) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{prefix}-{}-{number}", std::process::id());
        let client = control_plane.client().await?;
        let namespaces: Api<Resource> = Api::all(client.clone());
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let metadata = ObjectMeta {
            name: Some(name.clone()),
            labels: Some(labels),
            ..ObjectMeta::default()
        };
        namespaces
            .create(
                &PostParams::default(),
                &Resource {
                    metadata,
                    ..Resource::default()
                },
            )
            .await?;
        wait_for_default_account(&client, &name).await?;
        Ok(Self {
            name,
            kubeconfig: control_plane.kubeconfig_path(),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let (name, kubeconfig) = (self.name.clone(), self.kubeconfig.clone());
        // Best effort: the whole server is thrown away when the run ends.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let client: Client = kubeconfig::client(&kubeconfig).await?;
                let namespaces: Api<Resource> = Api::all(client);
                namespaces.delete(&name, &DeleteParams::default()).await?;
                anyhow::Ok(())
            })
        });
    }
}
