//! Start, stop, audit and what is left behind.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use authkeeper_testbed::{
    ControlPlane, Filter, Namespace, Operator, OperatorOptions, Options, shared_control_plane,
};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{ObjectMeta, PostParams, WatchParams};

/// What another process runs on our behalf.
struct Holder {
    process: Child,
    pids: Vec<u32>,
    folder: PathBuf,
}

impl Holder {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_testbed"))
            .arg("up")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let mut holder = Self {
            process,
            pids: Vec::new(),
            folder: PathBuf::new(),
        };
        for line in lines {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["process", _, pid] => holder.pids.push(pid.parse().unwrap()),
                ["folder", folder] => holder.folder = PathBuf::from(folder),
                _ => break,
            }
        }
        assert_eq!(holder.pids.len(), 3);
        holder
    }

    fn signal(&mut self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        self.process.wait().unwrap();
    }
}

fn runs(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

fn assert_gone(pids: &[u32], folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while pids.iter().any(|pid| runs(*pid)) || folder.exists() {
        assert!(
            Instant::now() < deadline,
            "{pids:?} or {} is left",
            folder.display()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn nothing_is_left_after_kill_9_or_an_interrupt() {
    let tests = ["KILL", "INT"].map(|signal| {
        std::thread::spawn(move || {
            let mut holder = Holder::start();
            assert!(holder.pids.iter().all(|pid| runs(*pid)));
            holder.signal(signal);
            assert_gone(&holder.pids, &holder.folder);
        })
    });
    for test in tests {
        test.join().unwrap();
    }
}

#[test]
fn dropping_a_control_plane_stops_it() {
    let options = Options {
        node: true,
        fsync: true,
        ..Options::default()
    };
    let control_plane = ControlPlane::start(&options).unwrap();
    let pids = control_plane
        .processes()
        .map(authkeeper_testbed::process::Supervised::pid);
    assert!(pids.iter().all(|pid| runs(*pid)));
    drop(control_plane);
    assert!(!pids.iter().any(|pid| runs(*pid)));
}

#[tokio::test]
async fn requests_are_counted_exactly() {
    let control_plane = shared_control_plane();
    let namespace = Namespace::create(control_plane, "audit").await.unwrap();
    let audit = control_plane.audit().from_now();
    let secrets: Api<Secret> =
        Api::namespaced(control_plane.client().await.unwrap(), namespace.name());
    let metadata = ObjectMeta {
        name: Some("one".into()),
        ..ObjectMeta::default()
    };
    secrets
        .create(
            &PostParams::default(),
            &Secret {
                metadata,
                ..Secret::default()
            },
        )
        .await
        .unwrap();
    for _ in 0..20 {
        secrets.get("one").await.unwrap();
    }
    assert!(secrets.get("two").await.is_err());
    let watch = secrets.watch(&WatchParams::default(), "0").await.unwrap();

    let here = Filter::new()
        .resource("secrets")
        .namespace(namespace.name());
    let watches = here.clone().verb("watch");
    audit
        .wait_for(&watches, 1, Duration::from_secs(5))
        .await
        .unwrap();
    drop(watch);
    assert_eq!(
        audit.count(&here.clone().verb("create").code(201)).unwrap(),
        1
    );
    assert_eq!(
        audit
            .count(&here.clone().verb("get").name("one").user("admin"))
            .unwrap(),
        20
    );
    assert_eq!(audit.count(&here.clone().verb("get").code(404)).unwrap(), 1);
    assert_eq!(audit.count(&here.user_agent("somebody-else")).unwrap(), 0);
}

#[tokio::test]
async fn another_user_may_do_only_what_rbac_grants() {
    let control_plane = shared_control_plane();
    let path = control_plane
        .kubeconfig_for("authkeeper-test", None)
        .unwrap();
    let client = authkeeper_testbed::kubeconfig::client(&path).await.unwrap();
    let error = Api::<Secret>::default_namespaced(client)
        .get("any")
        .await
        .unwrap_err();
    assert!(
        matches!(&error, kube::Error::Api(status) if status.code == 403),
        "{error}"
    );
    assert!(error.to_string().contains("authkeeper-test"), "{error}");
}

#[tokio::test]
async fn an_operator_that_ends_too_early_is_reported_with_its_output() {
    // `env` stands in for an operator that cannot start; it knows no command `run`.
    let options =
        OperatorOptions::new("/usr/bin/env", "/nowhere/kubeconfig").arg("--watch-namespaces=x");
    let operator = Operator::start(&options).unwrap();
    let error = operator.wait_ready().await.unwrap_err().to_string();
    assert!(
        error.contains("the operator ended") && error.contains("run"),
        "{error}"
    );
}
