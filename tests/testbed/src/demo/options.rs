//! The command line of the demo.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};

const USAGE: &str = "usage: testbed demo [--operator BINARY] [--context NAME] [--folder FOLDER]";

/// How the demo is to run.
#[derive(Debug)]
pub(super) struct Options {
    /// The operator's binary.
    pub(super) operator: PathBuf,
    /// The context of the user's kubeconfig to use; without one, no cluster of the user is touched.
    pub(super) context: Option<String>,
    /// Where kubeconfig, sample and log are written.
    pub(super) folder: PathBuf,
}

// === impl Options ===

impl Options {
    pub(super) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let (mut operator, mut context) = (None, None);
        let mut folder = PathBuf::from(".authkeeper");
        while let Some(flag) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .filter(|value| !value.is_empty())
                    .with_context(|| format!("{flag} needs a value; {USAGE}"))
            };
            match flag.as_str() {
                "--operator" => operator = Some(PathBuf::from(value()?)),
                "--context" => context = Some(value()?),
                "--folder" => folder = PathBuf::from(value()?),
                _ => bail!("{flag} is not known; {USAGE}"),
            }
        }
        let operator = operator.map_or_else(beside_this_program, Ok)?;
        ensure!(
            operator.is_file(),
            "there is no operator at {}; build it with: cargo build --bin authkeeper",
            operator.display()
        );
        Ok(Self {
            operator,
            context,
            folder,
        })
    }
}

fn beside_this_program() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("authkeeper"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options> {
        Options::parse(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn no_cluster_is_used_unless_it_is_named() {
        let program = std::env::current_exe().unwrap();
        let program = program.to_str().unwrap();
        assert_eq!(parse(&["--operator", program]).unwrap().context, None);
        let named = parse(&["--operator", program, "--context", "kind-dev"]).unwrap();
        assert_eq!(named.context.as_deref(), Some("kind-dev"));
    }

    #[test]
    fn mistakes_on_the_command_line_are_said() {
        let error = |arguments: &[&str]| parse(arguments).unwrap_err().to_string();
        assert!(error(&["--context"]).contains("--context needs a value"));
        assert!(error(&["--context", ""]).contains("--context needs a value"));
        assert!(error(&["--contexts", "x"]).contains("--contexts is not known"));
        assert!(error(&["--operator", "/nowhere"]).contains("cargo build"));
    }
}
