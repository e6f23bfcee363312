//! Builds the binaries from Go modules, through the wrapper modules in `gomod/`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::download::temporary;
use super::{KUBERNETES, Tool};
use crate::process::{Launch, Supervised};
use crate::supervisor::Supervisor;

const ETCD_MODULE: [(&str, &str); 2] = [
    ("go.mod", include_str!("../../gomod/etcd/go.mod")),
    ("go.sum", include_str!("../../gomod/etcd/go.sum")),
];
const KUBE_MODULE: [(&str, &str); 2] = [
    ("go.mod", include_str!("../../gomod/kube/go.mod")),
    ("go.sum", include_str!("../../gomod/kube/go.sum")),
];
/// The packages that carry the version; without it clients cannot parse what the server reports.
const STAMPED: [&str; 2] = [
    "k8s.io/component-base/version",
    "k8s.io/client-go/pkg/version",
];
const LONGEST_BUILD: Duration = Duration::from_secs(45 * 60);
const REPORT_EVERY: Duration = Duration::from_secs(10);
const NO_GO: &str = "Go is needed once to build the control plane and was not found. Install Go 1.21 or newer \
    (https://go.dev/dl, or run tests/testbed/setup.sh on Debian), or set KUBEBUILDER_ASSETS to a folder with \
    etcd, kube-apiserver, kube-controller-manager and kubectl";

/// Builds one tool into the folder.
pub(super) fn build(folder: &Path, tool: Tool, progress: &mut dyn FnMut(&str)) -> Result<()> {
    let go = go()?;
    let module = Supervisor::global().new_folder("gomod")?;
    let (files, package) = match tool {
        Tool::Etcd => (ETCD_MODULE, "go.etcd.io/etcd/server/v3".to_owned()),
        Tool::KubeApiserver | Tool::KubeControllerManager | Tool::Kubectl => (
            KUBE_MODULE,
            format!("k8s.io/kubernetes/cmd/{}", tool.name()),
        ),
    };
    for (name, content) in files {
        fs::write(module.join(name), content)?;
    }
    let output = temporary(folder, tool);
    let compiler = Launch::new(go)
        .args([
            "build",
            "-v",
            "-mod=readonly",
            "-trimpath",
            "-tags",
            "selinux,notest,grpcnotrace",
            "-ldflags",
        ])
        .arg(linker_flags(tool))
        .arg("-o")
        .arg(output.as_os_str())
        .arg(package)
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "")
        .env("GOWORK", "off")
        .in_folder(module)
        .spawn()?;
    watch(&compiler, tool, progress)?;
    Ok(fs::rename(output, folder.join(tool.name()))?)
}

fn linker_flags(tool: Tool) -> String {
    let mut flags = String::from("-s -w");
    if tool == Tool::Etcd {
        return flags;
    }
    let mut parts = KUBERNETES.split('.');
    let (major, minor) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    for package in STAMPED {
        for (name, value) in [
            ("gitVersion", format!("v{KUBERNETES}").as_str()),
            ("gitMajor", major),
            ("gitMinor", minor),
            ("gitCommit", "unknown"),
            ("gitTreeState", "clean"),
            ("buildDate", "2026-01-01T00:00:00Z"),
        ] {
            let _ = write!(flags, " -X {package}.{name}={value}");
        }
    }
    flags
}

/// Reports how far the build is until it has ended.
fn watch(compiler: &Supervised, tool: Tool, progress: &mut dyn FnMut(&str)) -> Result<()> {
    let (name, started) = (tool.name(), Instant::now());
    progress(&format!(
        "building {name} from Go modules (all four take about 7 minutes on two cores)"
    ));
    let mut reported = started;
    let status = loop {
        if let Some(status) = compiler.try_wait()? {
            break status;
        }
        let elapsed = started.elapsed();
        ensure!(elapsed < LONGEST_BUILD, "building {name} took too long");
        if reported.elapsed() >= REPORT_EVERY {
            reported = Instant::now();
            let packages = packages_compiled(compiler);
            progress(&format!(
                "building {name}: {packages} packages compiled, {} s",
                elapsed.as_secs()
            ));
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    ensure!(
        status.success(),
        "building {name} failed:\n{}",
        compiler.tail()
    );
    progress(&format!(
        "built {name} in {} s",
        started.elapsed().as_secs()
    ));
    Ok(())
}

/// `go build -v` prints a line per package; its other lines are about downloads.
fn packages_compiled(compiler: &Supervised) -> usize {
    compiler
        .output()
        .lines()
        .filter(|line| !line.starts_with("go: "))
        .count()
}

/// The `go` on the PATH, or in the place where its own installer puts it.
fn go() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/local/go/bin")])
        .map(|folder| folder.join("go"))
        .find(|candidate| candidate.is_file())
        .context(NO_GO)
}
