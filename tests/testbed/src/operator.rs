//! The operator's real binary, run as a supervised child.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::ports;
use crate::process::{Launch, Supervised};

const READY: Duration = Duration::from_secs(30);

/// How to run the operator.
#[derive(Clone, Debug)]
pub struct OperatorOptions {
    binary: PathBuf,
    cluster: [OsString; 2],
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    log: Option<PathBuf>,
}

/// A running operator; stopped when dropped and, at the latest, when the run ends.
#[derive(Debug)]
pub struct Operator {
    process: Supervised,
    metrics_port: u16,
    health_port: u16,
    http: reqwest::Client,
}

// === impl OperatorOptions ===

impl OperatorOptions {
    /// The binary is `env!("CARGO_BIN_EXE_authkeeper")` in the product's tests.
    pub fn new(binary: impl Into<PathBuf>, kubeconfig: impl Into<PathBuf>) -> Self {
        let kubeconfig = kubeconfig.into().into_os_string();
        Self::with(binary.into(), ["--kubeconfig".into(), kubeconfig])
    }

    /// For a context of the user's own kubeconfig.
    pub fn in_context(binary: impl Into<PathBuf>, context: &str) -> Self {
        Self::with(binary.into(), ["--context".into(), context.into()])
    }

    fn with(binary: PathBuf, cluster: [OsString; 2]) -> Self {
        Self {
            binary,
            cluster,
            arguments: Vec::new(),
            environment: Vec::new(),
            log: None,
        }
    }

    /// The file that takes the operator's output.
    #[must_use]
    pub fn log_to(mut self, file: impl Into<PathBuf>) -> Self {
        self.log = Some(file.into());
        self
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
}

// === impl Operator ===

impl Operator {
    /// Starts `authkeeper run --kubeconfig … --metrics-addr 127.0.0.1:… --health-addr 127.0.0.1:…` with
    /// the options' arguments after it; does not wait.
    pub fn start(options: &OperatorOptions) -> Result<Self> {
        crate::crypto::install();
        let (metrics_port, health_port) = (ports::free(), ports::free());
        let mut launch = Launch::new(&options.binary)
            .arg("run")
            .args(options.cluster.iter().cloned())
            .args([
                "--metrics-addr".to_owned(),
                format!("127.0.0.1:{metrics_port}"),
            ])
            .args([
                "--health-addr".to_owned(),
                format!("127.0.0.1:{health_port}"),
            ])
            .args(options.arguments.iter().cloned());
        for (name, value) in &options.environment {
            launch = launch.env(name, value);
        }
        if let Some(file) = &options.log {
            launch = launch.log_to(file);
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self {
            process: launch.spawn()?,
            metrics_port,
            health_port,
            http,
        })
    }

    /// Waits until `/readyz` answers 200.
    pub async fn wait_ready(&self) -> Result<()> {
        let deadline = Instant::now() + READY;
        while self.health("readyz").await != Some(200) {
            ensure!(
                self.process.try_wait()?.is_none(),
                "the operator ended:\n{}",
                self.process.tail()
            );
            ensure!(
                Instant::now() < deadline,
                "the operator is not ready:\n{}",
                self.process.tail()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The status of a health endpoint (`readyz`, `livez`), if it answers at all.
    pub async fn health(&self, endpoint: &str) -> Option<u16> {
        let url = format!("http://127.0.0.1:{}/{endpoint}", self.health_port);
        self.http
            .get(url)
            .send()
            .await
            .ok()
            .map(|answer| answer.status().as_u16())
    }

    /// The text of `/metrics`.
    pub async fn metrics(&self) -> Result<String> {
        let url = format!("http://127.0.0.1:{}/metrics", self.metrics_port);
        Ok(self
            .http
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?)
    }

    /// The value of one sample, written as in the text: `name` or `name{label="value"}`.
    pub async fn metric(&self, sample: &str) -> Result<Option<f64>> {
        let text = self.metrics().await?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        Ok(value
            .and_then(|value| value.split(' ').next())
            .map(str::parse)
            .transpose()?)
    }

    /// Kills it without a chance to clean up.
    pub fn kill_9(&self) -> Result<ExitStatus> {
        self.process.kill_9()
    }

    /// Asks it to stop (SIGTERM) and waits for its exit status.
    pub fn terminate(&self, timeout: Duration) -> Result<ExitStatus> {
        self.process.terminate(timeout)
    }

    /// Everything it wrote to standard output and standard error so far.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// The file with that output.
    pub fn log(&self) -> &Path {
        self.process.log()
    }

    /// The process, to wait for lines or for its end.
    pub fn process(&self) -> &Supervised {
        &self.process
    }

    pub fn health_port(&self) -> u16 {
        self.health_port
    }

    pub fn metrics_port(&self) -> u16 {
        self.metrics_port
    }
}
