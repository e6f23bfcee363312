//! The process: arguments, clock, HTTP, log, metrics, health, and an orderly end.

mod args;
mod clock;
pub mod http;
mod kubernetes;
mod metrics;
mod serve;
mod telemetry;

use std::{sync::Arc, time::Duration};

use futures::FutureExt as _;
use tokio::{signal::unix, sync::watch, task::JoinSet};

pub use args::{LogFormat, RunArgs, StatusUpdates};
pub use clock::SystemClock;
pub use kubernetes::NoCluster;
pub use metrics::Exposition;
pub use serve::CannotListen;
pub use telemetry::BadLevel;

use crate::controller::{self, Fleet, Settings};

/// Why the operator did not run, or ended.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Level(#[from] BadLevel),
    #[error(transparent)]
    Cluster(#[from] NoCluster),
    #[error(transparent)]
    Listen(#[from] CannotListen),
    #[error("signals cannot be received: {0}")]
    Signals(#[source] std::io::Error),
    #[error(transparent)]
    Shell(#[from] controller::Error),
}

/// Runs the operator until SIGTERM or SIGINT.
pub async fn run(args: RunArgs) -> Result<(), Failure> {
    telemetry::begin(args.log_format, &args.log_level)?;
    let (cluster, namespace) = kubernetes::connect(&args).await?;
    let stop = stop()?.shared();
    let clock = Arc::new(SystemClock);
    let fleet = Fleet::default();
    let (exposition, metrics) =
        Exposition::new(fleet.clone(), clock.clone(), args.metrics_object_limit);
    let (ready, is_ready) = watch::channel(false);
    let mut servers = JoinSet::new();
    let listener = serve::listen("--metrics-addr", args.metrics_addr).await?;
    servers.spawn(serve::metrics(listener, exposition, stop.clone()));
    let listener = serve::listen("--health-addr", args.health_addr).await?;
    servers.spawn(serve::health(listener, is_ready, stop.clone()));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %namespace, watching = ?args.watch_namespaces, "authkeeper starts");
    let settings = Settings {
        cluster,
        connections: Arc::new(http::HttpConnections::new(args.allow_http)),
        clock,
        metrics,
        namespace,
        instance: instance(),
        watch_namespaces: args.watch_namespaces,
        concurrency: args.concurrency,
        routine_status_writes: args.status_updates == StatusUpdates::All,
    };
    let patience = Duration::from_secs(args.shutdown_seconds);
    let shell = controller::run(settings, fleet, ready, stop.clone());
    let overdue = stop.then(|()| tokio::time::sleep(patience));
    tokio::select! {
        ended = shell => ended?,
        () = overdue => tracing::warn!("rounds in flight did not end in time"),
    }
    tracing::info!("authkeeper ends");
    Ok(())
}

/// Name of this process in events: the pod, where there is one.
#[expect(
    clippy::disallowed_methods,
    reason = "HOSTNAME is set by the container runtime, not by the user"
)]
fn instance() -> String {
    std::env::var("HOSTNAME").unwrap_or_else(|_| "authkeeper".to_owned())
}

/// Completes at the first SIGTERM or SIGINT.
fn stop() -> Result<impl Future<Output = ()> + Send + Sync, Failure> {
    let mut terminate = unix::signal(unix::SignalKind::terminate()).map_err(Failure::Signals)?;
    let mut interrupt = unix::signal(unix::SignalKind::interrupt()).map_err(Failure::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to end; rounds in flight finish first");
    })
}
