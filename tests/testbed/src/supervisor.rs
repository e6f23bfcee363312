//! One small shell process per test run that stops everything the run started.
//!
//! It notices the end of the run because its standard input closes, which also happens after a panic
//! or `kill -9`. It lives in its own process group, so the terminal's Ctrl-C does not reach it.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, Result};

const SCRIPT: &str = include_str!("supervisor.sh");
const KEEP: &str = "AUTHKEEPER_TESTBED_KEEP";

/// When a child is stopped relative to the others: lower ranks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// Whatever talks to the control plane: operators, identity providers, builds.
    Tenant = 0,
    ControllerManager = 1,
    ApiServer = 2,
    Etcd = 3,
}

/// The supervisor of this process and the temporary folder it removes at the end.
#[derive(Debug)]
pub struct Supervisor {
    registrations: Mutex<ChildStdin>,
    folder: PathBuf,
    _process: Child,
}

// === impl Supervisor ===

impl Supervisor {
    /// The supervisor of this process, started on first use.
    ///
    /// # Panics
    ///
    /// When no shell can be started, because nothing may run unsupervised.
    pub fn global() -> &'static Self {
        static GLOBAL: OnceLock<Supervisor> = OnceLock::new();
        GLOBAL.get_or_init(|| Self::start().expect("the supervisor starts"))
    }

    fn start() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("authkeeper-testbed-")
            .tempdir()?
            .keep();
        let mut process = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("sh, the supervisor of the test run")?;
        let stdin = process
            .stdin
            .take()
            .context("the supervisor has a standard input")?;
        let supervisor = Self {
            registrations: Mutex::new(stdin),
            folder,
            _process: process,
        };
        if std::env::var_os(KEEP).is_some() {
            crate::progress::to_stderr(&format!("keeping {}", supervisor.folder.display()));
        } else {
            supervisor.say(&format!("folder {}", supervisor.folder.display()))?;
        }
        Ok(supervisor)
    }

    /// A folder that is removed when the run ends; set `AUTHKEEPER_TESTBED_KEEP` to keep it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A fresh folder of that name below [`Self::folder`].
    pub fn new_folder(&self, name: &str) -> Result<PathBuf> {
        let prefix = format!("{name}-");
        Ok(tempfile::Builder::new()
            .prefix(&prefix)
            .tempdir_in(&self.folder)?
            .keep())
    }

    pub(crate) fn add(&self, rank: Rank, pid: u32) -> Result<()> {
        self.say(&format!("add {}:{pid}", rank as u8))
    }

    pub(crate) fn forget(&self, rank: Rank, pid: u32) -> Result<()> {
        self.say(&format!("forget {}:{pid}", rank as u8))
    }

    fn say(&self, line: &str) -> Result<()> {
        let mut stdin = self
            .registrations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // One write, so that a line is never cut in two by the death of this process.
        stdin
            .write_all(format!("{line}\n").as_bytes())
            .context("the supervisor is gone")
    }
}
