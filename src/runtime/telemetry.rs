//! The log. Two targets are silenced in code, whatever was asked for: they print bodies of the API server, which may
//! hold Secrets. What they would tell is logged by the shell in its own words.

use std::{io::IsTerminal as _, panic};

use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{FilterExt as _, filter_fn},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use super::LogFormat;

/// Targets that format whole answers of the API server.
const SILENCED: [&str; 2] = ["kube_client::client", "kube_runtime::watcher"];

/// Begins logging to standard error.
pub(super) fn begin(format: LogFormat, level: &str) -> Result<(), BadLevel> {
    let asked = EnvFilter::builder()
        .parse(level)
        .map_err(|_| BadLevel(level.to_owned()))?;
    let filter = asked.and(filter_fn(|metadata| {
        !metadata.is_event() || !SILENCED.contains(&metadata.target())
    }));
    let layer = match format {
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(std::io::stderr)
            .boxed(),
        LogFormat::Text => fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .init();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            place,
            "a panic; its message is withheld, since it may quote a value"
        );
    }));
    Ok(())
}

/// The level or the directives cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "--log-level {0}: write a level (error, warn, info, debug, trace) or directives as in info,authkeeper=debug"
)]
pub struct BadLevel(String);
