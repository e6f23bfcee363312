//! `testbed assets` gets the control plane's binaries; `testbed up` runs a control plane until its
//! standard input closes or it is interrupted; `testbed demo` is `make run`.

use std::io::Write as _;

use anyhow::{Result, bail};
use authkeeper_testbed::{ControlPlane, Options, assets, demo, progress};

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("assets") => {
            let assets = assets::ensure(&mut progress::to_stderr)?;
            say(&format!("{assets:#?}"))
        }
        Some("up") => up(),
        Some("demo") => demo::run(std::env::args().skip(2)),
        _ => bail!("usage: testbed assets|up|demo"),
    }
}

fn up() -> Result<()> {
    let control_plane = ControlPlane::start(&Options::default())?;
    for process in control_plane.processes() {
        say(&format!("process {} {}", process.name(), process.pid()))?;
    }
    say(&format!("folder {}", control_plane.folder().display()))?;
    say(&format!(
        "export KUBECONFIG={}",
        control_plane.kubeconfig_path().display()
    ))?;
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
