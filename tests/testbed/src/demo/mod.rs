//! `make run`: the operator at work on a real API server, with tokens that live 30 seconds.
//!
//! | module | what |
//! | --- | --- |
//! | [`options`] | the command line |
//! | [`cluster`] | where it plays: a control plane of its own, or a cluster that was named |
//! | [`install`] | custom resource definitions, role, namespace, sample |
//! | [`stage`] | identity provider and operator, set up on the cluster |
//! | [`facts`] | what can be seen from outside, as data |
//! | [`table`] | facts as text; pure |
//! | [`terminal`] | redrawing in place, and keys |
//! | [`show`] | the two ways to tell it: a live table, or a line per change |

mod cluster;
mod facts;
mod install;
mod options;
mod show;
mod stage;
mod table;
mod terminal;

use std::io::Write as _;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

use self::cluster::Cluster;
use self::options::Options;
use self::stage::Stage;

/// Runs the demo until it is interrupted; without a terminal until three tokens were replaced.
pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let options = Options::parse(arguments)?;
    crate::crypto::install();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let cluster = Cluster::find(&options)?;
    let played = runtime.block_on(Box::pin(play(&cluster, &options)));
    let left = runtime.block_on(cluster.leave());
    runtime.shutdown_background();
    played.and(left)
}

/// Everything that is started here has ended when this returns.
async fn play(cluster: &Cluster, options: &Options) -> Result<()> {
    let all = async {
        let stage = Stage::set(cluster, options).await?;
        if terminal::is_there() {
            show::table(&stage).await
        } else {
            show::lines(&stage).await
        }
    };
    tokio::select! {
        ended = all => ended,
        ended = interrupted() => ended,
    }
}

/// Completes at Ctrl-C, or when somebody asks the process to end.
async fn interrupted() -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

/// A line for the reader.
fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("writing to standard output")
}
