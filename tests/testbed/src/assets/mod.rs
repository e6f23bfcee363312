//! The control plane's binaries: found, downloaded or built.
//!
//! In this order: the cache folder; `KUBEBUILDER_ASSETS`; a checksummed download, one short try; a
//! build from Go modules. What was downloaded or built stays in the cache folder.

mod build;
mod download;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub use download::Mirror;

/// The Kubernetes version that is downloaded or built.
pub const KUBERNETES: &str = "1.36.4";
/// The etcd version that is downloaded or built.
pub const ETCD: &str = "3.6.14";

/// Where each binary is.
#[derive(Clone, Debug)]
pub struct Assets {
    pub etcd: PathBuf,
    pub kube_apiserver: PathBuf,
    pub kube_controller_manager: PathBuf,
    pub kubectl: PathBuf,
}

/// One of the binaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Etcd,
    KubeApiserver,
    KubeControllerManager,
    Kubectl,
}

/// Looks for the binaries and gets those that are missing; a first build takes about seven minutes on
/// two cores, and `progress` is told about it.
pub fn ensure(progress: &mut dyn FnMut(&str)) -> Result<Assets> {
    let folder = cache_folder()?
        .join("controlplane")
        .join(format!("v{KUBERNETES}-etcd{ETCD}"));
    let missing = missing(&folder);
    if !missing.is_empty() {
        fs::create_dir_all(&folder)?;
        let lock = lock(&folder, progress)?;
        obtain(&folder, progress)?;
        drop(lock);
    }
    let path = |tool: Tool| {
        find(&folder, tool).with_context(|| format!("{} is still missing", tool.name()))
    };
    Ok(Assets {
        etcd: path(Tool::Etcd)?,
        kube_apiserver: path(Tool::KubeApiserver)?,
        kube_controller_manager: path(Tool::KubeControllerManager)?,
        kubectl: path(Tool::Kubectl)?,
    })
}

/// `${XDG_CACHE_HOME:-$HOME/.cache}/authkeeper`, where everything that is slow to get stays.
pub fn cache_folder() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    Ok(base
        .context("neither XDG_CACHE_HOME nor HOME is set")?
        .join("authkeeper"))
}

/// Held while one process fills a cache folder; the kernel lets go of it when the process dies.
pub(crate) fn lock(folder: &Path, progress: &mut dyn FnMut(&str)) -> Result<File> {
    let mut path = folder.as_os_str().to_owned();
    path.push(".lock");
    let file = File::create(PathBuf::from(path))?;
    if file.try_lock().is_err() {
        progress(&format!(
            "another process is filling {}; waiting for it",
            folder.display()
        ));
        file.lock()?;
    }
    Ok(file)
}

fn obtain(folder: &Path, progress: &mut dyn FnMut(&str)) -> Result<()> {
    let wanted = missing(folder);
    if wanted.is_empty() {
        return Ok(());
    }
    if let Err(error) = Mirror::default().fetch(folder, &wanted, progress) {
        progress(&format!(
            "no download ({error:#}); building from Go modules"
        ));
    }
    for tool in missing(folder) {
        build::build(folder, tool, progress)?;
    }
    Ok(())
}

fn missing(folder: &Path) -> Vec<Tool> {
    Tool::ALL
        .into_iter()
        .filter(|tool| find(folder, *tool).is_none())
        .collect()
}

fn find(folder: &Path, tool: Tool) -> Option<PathBuf> {
    let given = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    [Some(folder.to_owned()), given]
        .into_iter()
        .flatten()
        .map(|place| place.join(tool.name()))
        .find(|it| it.is_file())
}

// === impl Tool ===

impl Tool {
    pub const ALL: [Self; 4] = [
        Self::Etcd,
        Self::KubeApiserver,
        Self::KubeControllerManager,
        Self::Kubectl,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
        }
    }
}
