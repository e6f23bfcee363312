//! Node programs with their npm packages, which are installed once per lock file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::assets::{cache_folder, lock};
use crate::digest::sha256;
use crate::process::{Launch, Supervised};
use crate::supervisor::Supervisor;

const PACKAGE: &str = include_str!("../node/package.json");
const LOCK: &str = include_str!("../node/package-lock.json");
const INSTALL: Duration = Duration::from_secs(180);
const START: Duration = Duration::from_secs(30);
const NO_NODE: &str = "Node 20 or newer with npm is needed for the real identity provider; install it \
    (https://nodejs.org, or run tests/testbed/setup.sh on Debian)";

/// The folder with `node_modules`, installed on first use.
pub fn packages(progress: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    let base = cache_folder()?.join("node");
    let folder = base.join(&sha256(LOCK.as_bytes())[..16]);
    if !folder.is_dir() {
        fs::create_dir_all(&base)?;
        let _lock = lock(&folder, progress)?;
        if !folder.is_dir() {
            install(&folder, progress)?;
        }
    }
    Ok(folder)
}

/// Installs beside the folder and renames, so that a half-done installation is never found.
fn install(folder: &Path, progress: &mut dyn FnMut(&str)) -> Result<()> {
    progress("installing npm packages");
    let npm = program("npm")?;
    let temporary = folder.with_extension(std::process::id().to_string());
    fs::create_dir_all(&temporary)?;
    fs::write(temporary.join("package.json"), PACKAGE)?;
    fs::write(temporary.join("package-lock.json"), LOCK)?;
    let install = Launch::new(npm)
        .args([
            "ci",
            "--omit=dev",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ])
        .in_folder(&temporary)
        .spawn()?;
    let status = install.wait(INSTALL)?;
    ensure!(status.success(), "npm ci failed:\n{}", install.tail());
    Ok(fs::rename(temporary, folder)?)
}

/// Starts a script that prints `listening on PORT`, and returns the port.
pub(crate) fn serve(name: &str, script: &str, argument: Option<&str>) -> Result<(Supervised, u16)> {
    let packages = packages(&mut crate::progress::to_stderr)?;
    let folder = Supervisor::global().new_folder(name)?;
    let path = folder.join(format!("{name}.mjs"));
    fs::write(&path, script)?;
    // Modules are looked for beside the script.
    std::os::unix::fs::symlink(packages.join("node_modules"), folder.join("node_modules"))?;
    let mut launch = Launch::new(program("node")?).arg(path);
    if let Some(content) = argument {
        let file = folder.join("configuration.json");
        fs::write(&file, content)?;
        launch = launch.arg(file);
    }
    let process = launch.spawn()?;
    let line = process.wait_for_line(START, |line| line.starts_with("listening on "))?;
    let port = line.rsplit(' ').next().context("a port")?.parse()?;
    Ok((process, port))
}

fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file());
    found.context(NO_NODE)
}
