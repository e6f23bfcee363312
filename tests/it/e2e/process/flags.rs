//! The command line, and what keeps the operator from starting.

use std::{net::TcpListener, process::Output, time::Duration};

use authkeeper::runtime::RunArgs;
use clap::{Args as _, Command};

/// Runs the binary to its end, with nothing in its environment but this.
async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_authkeeper"));
    command.args(arguments).env_clear().kill_on_drop(true);
    command.envs(environment.iter().copied());
    tokio::time::timeout(Duration::from_secs(10), command.output())
        .await
        .expect("it ends by itself")
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn every_flag_has_its_twin_in_the_environment() {
    let command = RunArgs::augment_args(Command::new("run"));
    let flags: Vec<_> = command.get_arguments().collect();
    assert!(flags.len() >= 10);
    for flag in flags {
        let long = flag.get_long().expect("every option has a long flag");
        let twin = format!("AUTHKEEPER_{}", long.replace('-', "_").to_uppercase());
        let found = flag.get_env().and_then(std::ffi::OsStr::to_str);
        assert_eq!(found, Some(twin.as_str()), "--{long}");
        assert!(flag.get_help().is_some(), "--{long} is described");
    }
}

#[tokio::test]
async fn the_environment_is_read_and_a_flag_goes_before_it() {
    let environment = [("AUTHKEEPER_LOG_LEVEL", "in=valid=level")];
    let output = run(&["run"], &environment).await;
    assert!(text(&output.stderr).contains("in=valid=level"));
    let output = run(&["run", "--log-level", "info"], &environment).await;
    assert!(text(&output.stderr).contains("no cluster"));
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_said_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let content = r#"{"apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{"name": "x", "cluster": {"server": "https://127.0.0.1:1"}}], "users": [{"name": "x", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}]}"#;
    std::fs::write(&kubeconfig, content).unwrap();
    let kubeconfig = kubeconfig.to_str().unwrap();
    let free = "127.0.0.1:0";
    let cases: [(&[&str], &str); 6] = [
        (&[], "name one with --kubeconfig or --context"),
        (&["--log-level", "loud=louder"], "--log-level loud=louder"),
        (
            &["--kubeconfig", "/nowhere"],
            "the kubeconfig cannot be used",
        ),
        (
            &["--kubeconfig", kubeconfig, "--context", "other"],
            "the kubeconfig cannot be used",
        ),
        (
            &["--kubeconfig", kubeconfig, "--metrics-addr", &taken],
            "--metrics-addr",
        ),
        (
            &[
                "--kubeconfig",
                kubeconfig,
                "--metrics-addr",
                free,
                "--health-addr",
                &taken,
            ],
            "--health-addr",
        ),
    ];
    for (arguments, says) in cases {
        let output = run(&[&["run"], arguments].concat(), &[]).await;
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        let lines: Vec<_> = error
            .lines()
            .filter(|line| line.contains("error: "))
            .collect();
        assert!(
            lines.len() == 1 && lines[0].contains(says),
            "{arguments:?}: {error}"
        );
    }
}

#[tokio::test]
async fn wrong_usage_ends_with_two_and_names_the_flag() {
    let cases: [(&[&str], &str); 5] = [
        (&["run", "--concurrency", "0"], "--concurrency"),
        (&["run", "--metrics-addr", "here"], "--metrics-addr"),
        (&["run", "--no-such-flag"], "--no-such-flag"),
        (&["crds", "--format", "toml"], "--format"),
        (&[], "Usage"),
    ];
    for (arguments, says) in cases {
        let output = run(arguments, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(says), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[tokio::test]
async fn version_and_kinds_are_printed() {
    let output = run(&["version"], &[]).await;
    assert!(output.status.success());
    let version = format!("authkeeper {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(text(&output.stdout), version);
    assert_eq!(text(&run(&["--version"], &[]).await.stdout), version);

    let yaml = run(&["crds"], &[]).await;
    let same = run(&["crds", "--format", "yaml"], &[]).await;
    assert!(yaml.status.success());
    assert_eq!(yaml.stdout, same.stdout);
    let from_yaml: serde_json::Value = serde_saphyr::from_str(&text(&yaml.stdout)).unwrap();
    let json = run(&["crds", "--format", "json"], &[]).await;
    let list: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(list["kind"], "List");
    assert_eq!(list["items"][0], from_yaml);
    assert_eq!(
        list["items"][0]["metadata"]["name"],
        "authenticationconfigurations.authkeeper.dev"
    );
}
