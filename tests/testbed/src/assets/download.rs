//! One short try to download the binaries, each checked against the checksum published beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use reqwest::Client;

use super::{ETCD, KUBERNETES, Tool};
use crate::blocking;
use crate::digest::sha256;

/// How long a first answer may take before there is "no network".
const FIRST_ANSWER: Duration = Duration::from_secs(3);
const WHOLE_DOWNLOAD: Duration = Duration::from_secs(300);

/// The two sites that publish the binaries.
#[derive(Clone, Debug)]
pub struct Mirror {
    /// Serves `v1.x.y/bin/linux/<arch>/<tool>` and `<tool>.sha256`.
    pub kubernetes: String,
    /// Serves `v3.x.y/etcd-v3.x.y-linux-<arch>.tar.gz` and `SHA256SUMS`.
    pub etcd: String,
}

impl Default for Mirror {
    fn default() -> Self {
        Self {
            kubernetes: "https://dl.k8s.io".into(),
            etcd: "https://github.com/etcd-io/etcd/releases/download".into(),
        }
    }
}

// === impl Mirror ===

impl Mirror {
    /// Downloads the tools into the folder; stops at the first failure.
    pub fn fetch(
        &self,
        folder: &Path,
        tools: &[Tool],
        progress: &mut dyn FnMut(&str),
    ) -> Result<()> {
        ensure!(
            cfg!(target_os = "linux"),
            "there are no downloads for this system"
        );
        for tool in tools {
            let artefact = self.artefact(*tool);
            // The checksum is small: it tells at once whether the site can be reached.
            let published = blocking::run(text(artefact.checksum.clone()))?;
            let expected = artefact.expected(&published)?;
            progress(&format!("downloading {}", artefact.url));
            let bytes = blocking::run(download(artefact.url.clone()))?;
            ensure!(
                sha256(&bytes) == expected,
                "{} does not match its checksum",
                artefact.url
            );
            store(folder, *tool, &artefact, &bytes)?;
        }
        Ok(())
    }

    fn artefact(&self, tool: Tool) -> Artefact {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        if tool == Tool::Etcd {
            let (site, archive) = (&self.etcd, format!("etcd-v{ETCD}-linux-{architecture}"));
            return Artefact {
                url: format!("{site}/v{ETCD}/{archive}.tar.gz"),
                checksum: format!("{site}/v{ETCD}/SHA256SUMS"),
                archive: Some(archive),
            };
        }
        let url = format!(
            "{}/v{KUBERNETES}/bin/linux/{architecture}/{}",
            self.kubernetes,
            tool.name()
        );
        Artefact {
            checksum: format!("{url}.sha256"),
            url,
            archive: None,
        }
    }
}

struct Artefact {
    url: String,
    checksum: String,
    /// The top folder, when the artefact is an archive.
    archive: Option<String>,
}

// === impl Artefact ===

impl Artefact {
    /// The checksum in the published file: alone, or in a list of `<sum>  <name>` lines.
    fn expected(&self, published: &str) -> Result<String> {
        let name = self.url.rsplit('/').next().unwrap_or_default();
        let line = published
            .lines()
            .find(|line| line.ends_with(name))
            .unwrap_or(published);
        let sum = line
            .split_whitespace()
            .next()
            .context("an empty checksum file")?;
        Ok(sum.to_ascii_lowercase())
    }
}

async fn text(url: String) -> Result<String> {
    let client = client()?;
    let answer = async {
        client
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .text()
            .await
    };
    Ok(tokio::time::timeout(FIRST_ANSWER, answer)
        .await
        .context("no answer in time")??)
}

async fn download(url: String) -> Result<Vec<u8>> {
    let answer = client()?
        .get(url)
        .timeout(WHOLE_DOWNLOAD)
        .send()
        .await?
        .error_for_status()?;
    Ok(answer.bytes().await?.to_vec())
}

fn client() -> Result<Client> {
    crate::crypto::install();
    Ok(Client::builder().connect_timeout(FIRST_ANSWER).build()?)
}

/// Writes under a temporary name and renames, so that a half-written binary is never found.
fn store(folder: &Path, tool: Tool, artefact: &Artefact, bytes: &[u8]) -> Result<()> {
    let temporary = temporary(folder, tool);
    match &artefact.archive {
        None => fs::write(&temporary, bytes)?,
        Some(top) => fs::write(&temporary, unpack(folder, top, tool, bytes)?)?,
    }
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o755))?;
    Ok(fs::rename(temporary, folder.join(tool.name()))?)
}

fn unpack(folder: &Path, top: &str, tool: Tool, bytes: &[u8]) -> Result<Vec<u8>> {
    let scratch = tempfile::Builder::new()
        .prefix("unpack-")
        .tempdir_in(folder)?;
    let archive = scratch.path().join("archive.tar.gz");
    fs::write(&archive, bytes)?;
    let member = format!("{top}/{}", tool.name());
    let status = Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .arg("-C")
        .arg(scratch.path())
        .arg(&member)
        .status()?;
    ensure!(status.success(), "tar could not unpack {member}");
    Ok(fs::read(scratch.path().join(member))?)
}

pub(super) fn temporary(folder: &Path, tool: Tool) -> PathBuf {
    folder.join(format!(".{}.{}", tool.name(), std::process::id()))
}
