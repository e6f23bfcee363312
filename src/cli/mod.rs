//! The commands.

pub mod crds;

use clap::{Parser, Subcommand};

use crate::runtime::{self, RunArgs};

pub use crds::Format as CrdFormat;

/// Keeps short-lived credentials in Kubernetes Secrets, always fresh.
#[derive(Debug, Parser)]
#[command(name = "authkeeper", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the operator.
    Run(Box<RunArgs>),
    /// Prints the custom resource definitions.
    Crds {
        /// Form of the output.
        #[arg(long, value_enum, default_value_t = CrdFormat::Yaml)]
        format: CrdFormat,
    },
    /// Prints the version.
    Version,
}

/// A command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Run(#[from] runtime::Failure),
    #[error("the output cannot be written: {0}")]
    Output(#[from] std::io::Error),
    #[error("the process cannot be started: {0}")]
    Runtime(#[source] std::io::Error),
}

/// Runs the command line of the process.
pub fn main(out: &mut dyn std::io::Write) -> Result<(), Error> {
    match Cli::parse().command {
        Command::Run(args) => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(Error::Runtime)?;
            let ended = runtime.block_on(Box::pin(runtime::run(*args)));
            runtime.shutdown_background();
            Ok(ended?)
        }
        Command::Crds { format } => Ok(crds::print(format, out)?),
        Command::Version => Ok(writeln!(out, "authkeeper {}", env!("CARGO_PKG_VERSION"))?),
    }
}
