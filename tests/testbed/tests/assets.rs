//! Binaries are downloaded only when their checksum is right.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use authkeeper_testbed::assets::{ETCD, KUBERNETES, Mirror, Tool};
use authkeeper_testbed::idp::{Answer, ScriptedIdp};

const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    "amd64"
};

/// What `sha256sum` says, which is not the code under test.
fn checksum(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned()
}

fn mirror(site: &ScriptedIdp) -> Mirror {
    Mirror {
        kubernetes: site.url("/kubernetes"),
        etcd: site.url("/etcd"),
    }
}

#[test]
fn a_binary_is_downloaded_and_made_executable() {
    let (site, folder) = (ScriptedIdp::http().unwrap(), tempfile::tempdir().unwrap());
    let source = folder.path().join("source");
    std::fs::write(&source, "the kubectl").unwrap();
    let path = format!("/kubernetes/v{KUBERNETES}/bin/linux/{ARCHITECTURE}/kubectl");
    site.respond(&path, Answer::status(200).body("the kubectl"));
    site.respond(
        &format!("{path}.sha256"),
        Answer::status(200).body(checksum(&source)),
    );
    mirror(&site)
        .fetch(folder.path(), &[Tool::Kubectl], &mut |_| {})
        .unwrap();
    let file = folder.path().join("kubectl");
    assert_eq!(std::fs::read(&file).unwrap(), b"the kubectl");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn etcd_is_taken_out_of_its_archive() {
    let (site, folder) = (ScriptedIdp::http().unwrap(), tempfile::tempdir().unwrap());
    let top = format!("etcd-v{ETCD}-linux-{ARCHITECTURE}");
    std::fs::create_dir(folder.path().join(&top)).unwrap();
    std::fs::write(folder.path().join(&top).join("etcd"), "the etcd").unwrap();
    let archive = folder.path().join("source.tar.gz");
    let tar = Command::new("tar")
        .arg("-czf")
        .arg(&archive)
        .arg("-C")
        .arg(folder.path())
        .arg(&top)
        .status();
    assert!(tar.unwrap().success());
    let sums = format!(
        "{}  other.zip\n{}  {top}.tar.gz\n",
        "0".repeat(64),
        checksum(&archive)
    );
    site.respond(
        &format!("/etcd/v{ETCD}/SHA256SUMS"),
        Answer::status(200).body(sums),
    );
    site.respond(
        &format!("/etcd/v{ETCD}/{top}.tar.gz"),
        Answer::status(200).body(std::fs::read(&archive).unwrap()),
    );
    mirror(&site)
        .fetch(folder.path(), &[Tool::Etcd], &mut |_| {})
        .unwrap();
    assert_eq!(
        std::fs::read(folder.path().join("etcd")).unwrap(),
        b"the etcd"
    );
}

#[test]
fn a_wrong_checksum_or_no_network_leaves_nothing_behind() {
    let (site, folder) = (ScriptedIdp::http().unwrap(), tempfile::tempdir().unwrap());
    let path = format!("/kubernetes/v{KUBERNETES}/bin/linux/{ARCHITECTURE}/kubectl");
    site.respond(&path, Answer::status(200).body("something else"));
    site.respond(
        &format!("{path}.sha256"),
        Answer::status(200).body("0".repeat(64)),
    );
    let fetch = || {
        mirror(&site)
            .fetch(folder.path(), &[Tool::Kubectl], &mut |_| {})
            .unwrap_err()
            .to_string()
    };
    assert!(fetch().contains("checksum"));
    site.set_open(false).unwrap();
    fetch();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
