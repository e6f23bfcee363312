//! The command line of `authkeeper run`. Every flag has a twin in the environment; nothing else reads it.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};

/// Options of the operator.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Kubeconfig to use. Default: inside a pod its ServiceAccount; outside a pod this or --context is needed.
    #[arg(long, env = "AUTHKEEPER_KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig.
    #[arg(long, env = "AUTHKEEPER_CONTEXT")]
    pub context: Option<String>,
    /// Namespace of the operator itself: it keeps the key of the digests there. Default: the one of the pod.
    #[arg(long, env = "AUTHKEEPER_NAMESPACE")]
    pub namespace: Option<String>,
    /// Namespaces to watch, separated by commas. Default: all.
    #[arg(long, env = "AUTHKEEPER_WATCH_NAMESPACES", value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,
    /// Rounds at once.
    #[arg(long, env = "AUTHKEEPER_CONCURRENCY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
    /// Allows http:// addresses where the resource allows them as well.
    #[arg(long, env = "AUTHKEEPER_ALLOW_HTTP")]
    pub allow_http: bool,
    /// Which changes are written to the status: all, or transitions only (for very large fleets).
    #[arg(long, env = "AUTHKEEPER_STATUS_UPDATES", value_enum, default_value_t = StatusUpdates::All)]
    pub status_updates: StatusUpdates,
    /// Address of /metrics.
    #[arg(long, env = "AUTHKEEPER_METRICS_ADDR", default_value = "0.0.0.0:8080")]
    pub metrics_addr: SocketAddr,
    /// Series per object at most; those that expire soonest win. 0: none.
    #[arg(
        long,
        env = "AUTHKEEPER_METRICS_OBJECT_LIMIT",
        default_value_t = 10_000
    )]
    pub metrics_object_limit: usize,
    /// Address of /livez and /readyz.
    #[arg(long, env = "AUTHKEEPER_HEALTH_ADDR", default_value = "0.0.0.0:8081")]
    pub health_addr: SocketAddr,
    /// Form of the log.
    #[arg(long, env = "AUTHKEEPER_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// What is logged: a level, or directives as in `info,authkeeper=debug`.
    #[arg(long, env = "AUTHKEEPER_LOG_LEVEL", default_value = "info")]
    pub log_level: String,
    /// Time for one request to the API server, in seconds.
    #[arg(long, env = "AUTHKEEPER_API_TIMEOUT_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=120))]
    pub api_timeout_seconds: u64,
    /// Time that rounds in flight get at shutdown, in seconds.
    #[arg(long, env = "AUTHKEEPER_SHUTDOWN_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub shutdown_seconds: u64,
}

/// Which changes are written to the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusUpdates {
    All,
    Transitions,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}
