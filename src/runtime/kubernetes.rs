//! The way to the API server.

use std::time::Duration;

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig, KubeconfigError},
};

use super::RunArgs;
use crate::controller::Cluster;

/// No way to the API server.
#[derive(Debug, thiserror::Error)]
pub enum NoCluster {
    #[error(
        "no cluster: outside a pod name one with --kubeconfig or --context; the current context is never taken by itself"
    )]
    Unnamed,
    #[error("the kubeconfig cannot be used: {0}")]
    Kubeconfig(#[source] KubeconfigError),
    #[error("the client cannot be made: {0}")]
    Client(#[source] kube::Error),
}

/// A client and the namespace of its own: of the pod, or of the context.
pub(super) async fn connect(args: &RunArgs) -> Result<(Cluster, String), NoCluster> {
    let mut config = config(args).await?;
    // Retries hidden in the client would multiply every call that a round makes.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(5));
    let namespace = args
        .namespace
        .clone()
        .unwrap_or_else(|| config.default_namespace.clone());
    let client = Client::try_from(config).map_err(NoCluster::Client)?;
    Ok((
        Cluster::new(client, Duration::from_secs(args.api_timeout_seconds)),
        namespace,
    ))
}

async fn config(args: &RunArgs) -> Result<Config, NoCluster> {
    let options = KubeConfigOptions {
        context: args.context.clone(),
        ..KubeConfigOptions::default()
    };
    match (&args.kubeconfig, &args.context) {
        (Some(path), _) => {
            let kubeconfig = Kubeconfig::read_from(path).map_err(NoCluster::Kubeconfig)?;
            Config::from_custom_kubeconfig(kubeconfig, &options)
                .await
                .map_err(NoCluster::Kubeconfig)
        }
        (None, Some(_)) => Config::from_kubeconfig(&options)
            .await
            .map_err(NoCluster::Kubeconfig),
        (None, None) => Config::incluster().map_err(|_| NoCluster::Unnamed),
    }
}
