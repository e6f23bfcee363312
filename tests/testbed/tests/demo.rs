//! `make run` as a user sees it: lines without a terminal, a table in one, a named cluster left as it was.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use authkeeper_testbed::shared_control_plane;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::rbac::v1::ClusterRole;
use kube::Api;

const TESTBED: &str = env!("CARGO_BIN_EXE_testbed");
const PATIENCE: Duration = Duration::from_secs(60);

/// The operator's binary, which is another package's: built beside ours or not at all.
fn operator() -> Option<PathBuf> {
    let binary = Path::new(TESTBED).with_file_name("authkeeper");
    binary.is_file().then_some(binary)
}

/// Says that a test did not run; a failure where nothing may be skipped.
fn skip(why: &str) {
    let strict = std::env::var("STRICT").is_ok_and(|strict| strict == "1");
    assert!(!strict, "STRICT=1 and {why}");
    drop(writeln!(std::io::stderr(), "SKIPPED: the demo: {why}"));
}

/// A folder in which everything of one run is, its temporary files included.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("demo")
    }

    fn command(&self, program: &str) -> Command {
        let temporary = self.0.path().join("tmp");
        fs::create_dir_all(&temporary).unwrap();
        let mut command = Command::new(program);
        command
            .env("TMPDIR", temporary)
            // A cluster that somebody works with: the demo must not even look.
            .env("KUBECONFIG", "/nonexistent")
            .stdin(Stdio::null());
        command
    }

    fn demo(&self, operator: &Path) -> Command {
        let mut command = self.command(TESTBED);
        command
            .arg("demo")
            .arg("--operator")
            .arg(operator)
            .arg("--folder")
            .arg(self.folder());
        command
    }

    /// Waits until no process works in here and the temporary files are gone.
    fn assert_nothing_is_left(&self) {
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            let running = processes_about(self.0.path());
            let files = fs::read_dir(self.0.path().join("tmp")).unwrap().count();
            if running.is_empty() && files == 0 {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{files} files and {running:?} are left"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Command lines of processes that name the folder.
fn processes_about(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(folder)).collect()
}

fn text(output: &Output) -> String {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    format!("{out}{err}")
}

#[test]
fn without_a_terminal_it_ends_with_success_after_three_refreshes() {
    let Some(operator) = operator() else {
        return skip("the operator is not built; run cargo build --bin authkeeper");
    };
    let place = Place::new();
    let output = place.demo(&operator).output().unwrap();
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    for wanted in [
        "get authcfg -n demo -w",
        "KUBECONFIG=",
        "0 refreshes",
        "3 refreshes, and no token expired",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in:\n{text}");
    }
    assert!(!text.contains('\x1b'), "{text}");
    assert!(place.folder().join("operator.log").is_file());
    assert!(
        !place.folder().join("kubeconfig").exists(),
        "an administrator's key is left"
    );
    place.assert_nothing_is_left();
}

#[test]
fn an_operator_that_ends_is_reported_with_its_last_words() {
    let place = Place::new();
    let output = place.demo(Path::new("/bin/false")).output().unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("the operator ended"), "{text}");
    place.assert_nothing_is_left();
}

/// The demo in a pseudo-terminal, whose other side we hold.
struct Terminal {
    script: Child,
    shown: PathBuf,
}

impl Terminal {
    fn start(place: &Place, operator: &Path) -> Self {
        let shown = place.0.path().join("shown");
        let command = format!(
            "{TESTBED} demo --operator {} --folder {}",
            operator.display(),
            place.folder().display()
        );
        let script = place
            .command("script")
            .args(["--quiet", "--flush", "--return", "--command", &command])
            .arg(&shown)
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { script, shown }
    }

    fn wait_for(&self, wanted: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.text().contains(wanted) {
            assert!(
                Instant::now() < deadline,
                "{wanted} is not shown:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.shown).unwrap_or_default()).into_owned()
    }

    fn press(&mut self, key: &[u8]) {
        self.script.stdin.as_mut().unwrap().write_all(key).unwrap();
    }
}

#[test]
fn a_terminal_shows_a_table_that_ctrl_c_ends_with_success() {
    let Some(operator) = operator() else {
        return skip("the operator is not built; run cargo build --bin authkeeper");
    };
    if Command::new("script").arg("--version").output().is_err() {
        return skip("the program `script` of util-linux is missing");
    }
    let place = Place::new();
    let mut terminal = Terminal::start(&place, &operator);
    terminal.wait_for("NEXT REFRESH");
    terminal.wait_for("TokenValid");
    terminal.press(b"r");
    terminal.wait_for("identity provider: 2 tokens issued, 0 refused");
    terminal.press(b"b");
    terminal.wait_for("answers 503");
    terminal.press(b"r");
    terminal.wait_for("TokenValidRefreshFailing");
    terminal.press(b"\x03");
    let status = terminal.script.wait().unwrap();
    let text = terminal.text();
    assert!(status.success(), "{status}\n{text}");
    assert!(
        text.trim_end().contains("\x1b[?25h"),
        "the cursor is still hidden:\n{text}"
    );
    place.assert_nothing_is_left();
}

#[test]
fn interrupted_while_it_starts_it_leaves_nothing() {
    let Some(operator) = operator() else {
        return skip("the operator is not built; run cargo build --bin authkeeper");
    };
    let place = Place::new();
    let mut demo = place.demo(&operator).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let pid = demo.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    demo.wait().unwrap();
    place.assert_nothing_is_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_cluster_loses_its_namespace_at_the_end_and_gets_no_role() {
    let Some(operator) = operator() else {
        return skip("the operator is not built; run cargo build --bin authkeeper");
    };
    let control_plane = tokio::task::spawn_blocking(shared_control_plane)
        .await
        .unwrap();
    let place = Place::new();
    let mut demo = place.demo(&operator);
    demo.args(["--context", "testbed"])
        .env("KUBECONFIG", control_plane.kubeconfig_path());
    let output = tokio::task::spawn_blocking(move || demo.output().unwrap())
        .await
        .unwrap();
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("--context testbed get authcfg -n authkeeper-demo -w"),
        "{text}"
    );
    let client = control_plane.client().await.unwrap();
    let namespaces: Api<Namespace> = Api::all(client.clone());
    assert!(
        namespaces
            .get_opt("authkeeper-demo")
            .await
            .unwrap()
            .is_none()
    );
    let roles: Api<ClusterRole> = Api::all(client);
    assert!(roles.get_opt("authkeeper").await.unwrap().is_none());
    place.assert_nothing_is_left();
}

#[test]
fn a_context_that_does_not_exist_is_named() {
    let place = Place::new();
    let output = place
        .demo(Path::new("/bin/true"))
        .args(["--context", "nowhere"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("context nowhere"),
        "{}",
        text(&output)
    );
}
