//! Every example, as a reader applies it: the static ones are served at once, and those whose server does not exist
//! say so.

use authkeeper_testbed::shared_control_plane;
use kube::{ResourceExt, api::ListParams};

use crate::{
    crds::{files, kubectl, repository},
    stage::{Play, condition},
};

/// Objects that need no server; and whether their probe cannot be asked.
const SERVED: [(&str, bool); 5] = [
    ("forge", false),
    ("inventory", true),
    ("mailer", false),
    ("mirror", false),
    ("sms", true),
];
/// Objects whose server does not exist, and its name.
const UNREACHABLE: [(&str, &str); 3] = [
    ("metrics", "login.example.com"),
    ("orders-api", "login.example.com"),
    ("report", "login.example.com"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_served_or_says_which_server_is_not_reached() {
    let play = Play::new("examples").await;
    for (file, _) in files("examples", ".yaml") {
        let path = repository("examples").join(&file);
        let namespace = play.stage.namespace().to_owned();
        let path = path.to_str().unwrap();
        let apply = ["apply", "--namespace", &namespace, "-f", path];
        let (said, succeeded) = kubectl(shared_control_plane(), &apply);
        assert!(succeeded, "{file}: {said}");
    }
    let api = play.stage.configurations();
    let objects = api.list(&ListParams::default()).await.unwrap();
    let names: Vec<_> = objects.iter().map(ResourceExt::name_any).collect();
    let mut expected: Vec<_> = SERVED
        .map(|(name, _)| name)
        .into_iter()
        .chain(UNREACHABLE.map(|(name, _)| name))
        .collect();
    expected.sort_unstable();
    assert_eq!(names, expected, "an example that this test does not know");

    for (name, unprobed) in SERVED {
        play.stage
            .condition(name, "Ready", "True", "TokenValid")
            .await;
        if unprobed {
            play.says(name, "Degraded", "True", "ProbeFailed", &["could not tell"])
                .await;
        }
        for target in play.stage.status(name).await.targets {
            assert!(target.ready, "{name}: {}", target.name);
            assert!(!play.stage.keys(&target.name).await.is_empty());
        }
    }
    for (name, host) in UNREACHABLE {
        let what = "not reached, and says so";
        let status = play
            .stage
            .status_when(name, what, |status| status.last_error.is_some())
            .await;
        let ready = condition(&status, "Ready").unwrap();
        let reasons = ["DNSFailure", "ConnectFailed", "ResponseLost"];
        assert!(
            reasons.contains(&ready.reason.as_str()),
            "{name}: {ready:?}"
        );
        assert!(ready.message.contains(host), "{name}: {ready:?}");
        assert_eq!(
            condition(&status, "Reconciling").unwrap().reason,
            "ProgressingWithRetry"
        );
    }
    play.never_panicked().await;

    let header = play.stage.value("mailer-auth", "headers").await;
    assert_eq!(
        header.as_deref(),
        Some("Authorization: Bearer not-a-real-key\n")
    );
    let scheme = play.stage.value("mirror-auth", "scheme").await;
    assert_eq!(scheme.as_deref(), Some("None"));
    assert_eq!(
        play.stage.status("sms").await.method.unwrap().name,
        "account"
    );
}
