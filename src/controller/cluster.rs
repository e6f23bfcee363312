//! Every request to the API server: one outer time-out, no hidden retry, errors that name verb and object.

use std::time::Duration;

use futures::Future;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{
    Api, Client, Resource,
    api::{DeleteParams, Patch, PatchParams, Preconditions},
    core::{DeserializeGuard, DynamicObject, PartialObjectMeta},
};
use serde_json::Value;

use super::{Error, Metrics, workload::Workload};
use crate::{
    api::v1alpha1::{AuthenticationConfiguration, annotation},
    target::Manifest,
};

/// The field manager of everything that the operator applies.
const MANAGER: &str = annotation::AUTHKEEPER;

/// The API server, as the shell uses it.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    timeout: Duration,
    metrics: Option<Metrics>,
}

/// Is a write meant, or only tried?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    Real,
    DryRun,
}

// === impl Cluster ===

impl Cluster {
    pub fn new(client: Client, timeout: Duration) -> Self {
        Self {
            client,
            timeout,
            metrics: None,
        }
    }

    /// The same, with every request counted.
    pub(super) fn counted(&self, metrics: Metrics) -> Self {
        Self {
            metrics: Some(metrics),
            ..self.clone()
        }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub(super) async fn secret(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Secret>, Error> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        self.call("get", &secret(namespace, name), api.get_opt(name))
            .await
    }

    pub(super) async fn secret_metadata(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<PartialObjectMeta<Secret>>, Error> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        self.call("get", &secret(namespace, name), api.get_metadata_opt(name))
            .await
    }

    pub(super) async fn config_map(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<ConfigMap>, Error> {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), namespace);
        self.call("get", &config_map(namespace, name), api.get_opt(name))
            .await
    }

    pub(super) async fn config_map_metadata(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<PartialObjectMeta<ConfigMap>>, Error> {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), namespace);
        self.call(
            "get",
            &config_map(namespace, name),
            api.get_metadata_opt(name),
        )
        .await
    }

    /// Server-side apply of a managed Secret; the manifest says what must be true of the stored one.
    pub(super) async fn apply_secret(
        &self,
        namespace: &str,
        name: &str,
        manifest: &Manifest,
        write: Write,
    ) -> Result<PartialObjectMeta<Secret>, Error> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let parameters = PatchParams {
            dry_run: write == Write::DryRun,
            ..PatchParams::apply(MANAGER).force()
        };
        let patch = Patch::Apply(manifest.expose());
        self.call(
            "patch",
            &secret(namespace, name),
            api.patch_metadata(name, &parameters, &patch),
        )
        .await
    }

    /// Deletes exactly the Secret that was seen.
    pub(super) async fn delete_secret(
        &self,
        namespace: &str,
        name: &str,
        uid: &str,
        resource_version: Option<&str>,
    ) -> Result<(), Error> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let parameters = DeleteParams {
            preconditions: Some(Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: resource_version.map(str::to_owned),
            }),
            ..DeleteParams::default()
        };
        let deleted = self
            .call(
                "delete",
                &secret(namespace, name),
                api.delete(name, &parameters),
            )
            .await;
        match deleted {
            Err(error) if !error.is_not_found() => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Merge-patches the status and returns the new resourceVersion; none when the object is gone.
    pub(super) async fn patch_status(
        &self,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<Option<String>, Error> {
        let api: Api<DeserializeGuard<AuthenticationConfiguration>> =
            Api::namespaced(self.client.clone(), namespace);
        let what = format!("status of AuthenticationConfiguration {namespace}/{name}");
        let parameters = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let answer = self
            .call(
                "patch",
                &what,
                api.patch_status(name, &parameters, &Patch::Merge(patch)),
            )
            .await;
        match answer {
            Ok(object) => Ok(object.meta().resource_version.clone()),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn workload(
        &self,
        namespace: &str,
        workload: &Workload,
    ) -> Result<Option<DynamicObject>, Error> {
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), namespace, &workload.resource());
        let what = format!("{workload} in {namespace}");
        self.call("get", &what, api.get_opt(&workload.name)).await
    }

    pub(super) async fn patch_workload(
        &self,
        namespace: &str,
        workload: &Workload,
        patch: &Value,
    ) -> Result<(), Error> {
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), namespace, &workload.resource());
        let what = format!("{workload} in {namespace}");
        let parameters = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(patch);
        self.call(
            "write",
            &what,
            api.patch(&workload.name, &parameters, &patch),
        )
        .await?;
        Ok(())
    }

    pub(super) async fn call<T>(
        &self,
        verb: &'static str,
        what: &str,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, Error> {
        let answer = match tokio::time::timeout(self.timeout, request).await {
            Ok(answer) => answer.map_err(|error| Error::new(verb, what, &error)),
            Err(_) => Err(Error::TimedOut {
                verb,
                what: what.to_owned(),
                after: self.timeout,
            }),
        };
        if let Some(metrics) = &self.metrics {
            metrics.called(verb, answer.as_ref().err());
        }
        answer
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn secret(namespace: &str, name: &str) -> String {
    format!("Secret {namespace}/{name}")
}

fn config_map(namespace: &str, name: &str) -> String {
    format!("ConfigMap {namespace}/{name}")
}
