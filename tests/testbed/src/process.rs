//! Child processes that cannot outlive the test run.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::supervisor::{Rank, Supervisor};

/// Waits for one line before it becomes the program: by then the supervisor knows the process, and
/// if the run dies in between, the wait ends without the program ever having run.
const GATE: &str = r#"read -r go && exec "$@" </dev/null"#;
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// What to start.
#[derive(Clone, Debug)]
pub struct Launch {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    log: Option<PathBuf>,
    rank: Rank,
}

/// A running child in its own process group, stopped when dropped and, at the latest, when the run
/// ends. Standard output and error go to one file.
#[derive(Debug)]
pub struct Supervised {
    name: String,
    pid: u32,
    rank: Rank,
    child: Mutex<Child>,
    log: PathBuf,
}

// === impl Launch ===

impl Launch {
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: None,
            log: None,
            rank: Rank::Tenant,
        }
    }

    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The file that takes what it prints, emptied first; without one, a file in the run's folder.
    #[must_use]
    pub fn log_to(mut self, file: impl Into<PathBuf>) -> Self {
        self.log = Some(file.into());
        self
    }

    #[must_use]
    pub fn rank(mut self, rank: Rank) -> Self {
        self.rank = rank;
        self
    }

    /// Starts it; everything it prints goes to one file.
    pub fn spawn(self) -> Result<Supervised> {
        let supervisor = Supervisor::global();
        let name = self
            .program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let log = match &self.log {
            Some(file) => {
                File::create(file).with_context(|| format!("writing {}", file.display()))?;
                file.clone()
            }
            None => supervisor.new_folder(&name)?.join("output.log"),
        };
        let output = OpenOptions::new().create(true).append(true).open(&log)?;
        let mut child = self
            .command(&output)?
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let pid = child.id();
        supervisor.add(self.rank, pid)?;
        let mut gate = child
            .stdin
            .take()
            .context("the gate has a standard input")?;
        let supervised = Supervised {
            name,
            pid,
            rank: self.rank,
            child: Mutex::new(child),
            log,
        };
        gate.write_all(b"go\n").context("opening the gate")?;
        Ok(supervised)
    }

    fn command(&self, output: &File) -> Result<Command> {
        let mut command = Command::new("sh");
        command
            .args(["-c", GATE, "sh"])
            .arg(&self.program)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .process_group(0);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        Ok(command)
    }
}

// === impl Supervised ===

impl Supervised {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The file with everything the process printed.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Everything the process printed so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until a line of the output satisfies `wanted`, and returns it.
    pub fn wait_for_line(
        &self,
        timeout: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let deadline = Instant::now() + timeout;
        loop {
            let exited = self.try_wait()?;
            let output = self.output();
            if let Some(line) = output.lines().find(|line| wanted(line)) {
                return Ok(line.to_owned());
            }
            ensure!(
                exited.is_none(),
                "{} ended too early:\n{}",
                self.name,
                self.tail()
            );
            ensure!(
                Instant::now() < deadline,
                "{} did not say it in time:\n{}",
                self.name,
                self.tail()
            );
            std::thread::sleep(POLL);
        }
    }

    /// The last lines of the output, for error messages.
    pub fn tail(&self) -> String {
        let output = self.output();
        let lines: Vec<&str> = output.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// The exit status, if the process has ended.
    pub fn try_wait(&self) -> Result<Option<ExitStatus>> {
        let status = self.lock().try_wait()?;
        if status.is_some() {
            Supervisor::global().forget(self.rank, self.pid)?;
        }
        Ok(status)
    }

    /// Waits until the process has ended by itself.
    pub fn wait(&self, timeout: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                bail!(
                    "{} (pid {}) still runs after {timeout:?}",
                    self.name,
                    self.pid
                );
            }
            std::thread::sleep(POLL);
        }
    }

    /// Asks it to stop (SIGTERM) and waits for the exit status.
    pub fn terminate(&self, timeout: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.wait(timeout)
    }

    /// Asks it to stop (SIGTERM) and does not wait.
    pub fn ask_to_stop(&self) -> Result<()> {
        self.signal(Signal::TERM)
    }

    /// Kills it and whatever it started (SIGKILL).
    pub fn kill_9(&self) -> Result<ExitStatus> {
        self.signal(Signal::KILL)?;
        self.wait(GRACE)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let mut child = self.lock();
        if child.try_wait()?.is_none()
            && let Some(group) = i32::try_from(self.pid).ok().and_then(Pid::from_raw)
        {
            kill_process_group(group, signal)?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if self.terminate(GRACE).is_err() {
            drop(self.kill_9());
        }
    }
}

/// Whether the status says that the process was killed by SIGKILL.
pub fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::KILL.as_raw())
}
