//! Many objects on one stage, each with a source and a path at the identity provider of its own: they do not disturb
//! each other, and what was asked for one is counted for it alone.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use authkeeper_testbed::{
    Operator,
    idp::{Answer, Recorded, ScriptedIdp},
};
use k8s_openapi::{
    ByteString,
    api::{core::v1::Secret, events::v1::Event},
    apimachinery::pkg::apis::meta::v1::Condition,
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, ObjectMeta, PostParams},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{PATIENCE, Stage, condition, merge};

/// Long enough for a loop of calls to show.
const QUIET: Duration = Duration::from_secs(2);

/// A stage with an operator and an identity provider that hands out `t1`, `t2`, … per path.
pub(crate) struct Play {
    pub(crate) stage: Stage,
    pub(crate) idp: ScriptedIdp,
    pub(crate) operator: Operator,
}

// === impl Play ===

impl Play {
    pub(crate) async fn new(name: &str) -> Self {
        let stage = Stage::new(name).await;
        let operator = stage.operator().await;
        Self {
            stage,
            idp: counting_by_path(3600),
            operator,
        }
    }

    /// A valid spec for client credentials from the Secret `<name>-source`, and more.
    pub(crate) fn spec(&self, name: &str, more: Value) -> Value {
        let mut spec = json!({
            "sources": [{ "secretRef": { "name": source(name) } }],
            "method": { "oauth2": { "tokenEndpoint": self.idp.url(&path(name)) } },
            "connection": { "allowHttp": true },
        });
        merge(&mut spec, more);
        spec
    }

    /// Source and object.
    pub(crate) async fn client(&self, name: &str, more: Value) {
        self.good_source(name).await;
        let spec = self.spec(name, more);
        self.stage.configure(name, spec).await;
    }

    pub(crate) async fn good_source(&self, name: &str) {
        let data = [
            ("client_id", "example-client"),
            ("client_secret", "example-secret-value"),
        ];
        self.stage.secret(&source(name), &data).await;
    }

    pub(crate) fn answer(&self, name: &str, answer: Answer) {
        self.idp.respond(&path(name), answer);
    }

    pub(crate) fn answers(&self, name: &str, answers: impl IntoIterator<Item = Answer>) {
        self.idp.respond_sequence(&path(name), answers);
    }

    /// How often a token was asked for on behalf of the object.
    pub(crate) fn calls(&self, name: &str) -> usize {
        self.idp.count(&path(name))
    }

    pub(crate) fn requests(&self, name: &str) -> Vec<Recorded> {
        self.idp.requests_to(&path(name))
    }

    /// Waits until the Secret of the object holds the token and the object says so.
    pub(crate) async fn served(&self, name: &str, token: &str) {
        let is = |value: &str| value == token;
        self.stage.value_when(name, "access_token", token, is).await;
        self.stage
            .condition(name, "Ready", "True", "TokenValid")
            .await;
    }

    /// Waits until the object serves its newest generation.
    pub(crate) async fn settled(&self, name: &str, generation: i64) {
        let what = format!("ready for generation {generation}");
        let serves = |one: &Condition| {
            one.type_ == "Ready"
                && one.status == "True"
                && one.observed_generation == Some(generation)
        };
        self.stage
            .status_when(name, &what, |status| status.conditions.iter().any(serves))
            .await;
    }

    /// Asks for a refresh by hand, and waits until it was tried.
    pub(crate) async fn refresh(&self, name: &str, request: &str) {
        let annotation = "authkeeper.dev/refresh-requested";
        self.stage.annotate(name, annotation, request).await;
        let echoed = |status: &authkeeper::api::v1alpha1::AuthenticationConfigurationStatus| {
            status.last_handled_refresh_request.as_deref() == Some(request)
        };
        self.stage.status_when(name, "echoed", echoed).await;
    }

    /// Waits for the condition; its message names every culprit.
    pub(crate) async fn says(
        &self,
        name: &str,
        kind: &str,
        status: &str,
        reason: &str,
        culprits: &[&str],
    ) -> Condition {
        let found = self.stage.condition(name, kind, status, reason).await;
        for culprit in culprits {
            let message = &found.message;
            assert!(
                message.contains(culprit),
                "{name}: {kind} does not name {culprit:?}: {message}"
            );
        }
        found
    }

    /// The good token is still there and served, whatever else was said.
    pub(crate) async fn unharmed(&self, name: &str, token: &str) {
        let value = self.stage.value(name, "access_token").await;
        assert_eq!(value.as_deref(), Some(token), "{name}");
        let status = self.stage.status(name).await;
        let ready = condition(&status, "Ready").unwrap();
        assert_eq!(ready.status, "True", "{name}: {ready:?}");
    }

    /// Nobody is asked any more, and no round panicked.
    pub(crate) async fn ends_quietly(&self) {
        let calls = self.idp.requests().len();
        sleep(QUIET).await;
        assert_eq!(self.idp.requests().len(), calls, "calls at the end");
        self.never_panicked().await;
    }

    pub(crate) async fn never_panicked(&self) {
        let sample = r#"authkeeper_reconcile_total{result="panic"}"#;
        let panics = self.operator.metric(sample).await.unwrap();
        assert!(
            panics.unwrap_or(0.0) == 0.0,
            "{panics:?} rounds panicked:\n{}",
            self.operator.output()
        );
        let sample = r#"authkeeper_reconcile_total{result="success"}"#;
        let rounds = self.operator.metric(sample).await.unwrap();
        assert!(rounds.unwrap_or(0.0) > 0.0, "the counter has another name");
    }
}

fn path(name: &str) -> String {
    format!("/{name}")
}

/// A value of a Secret as text.
pub(crate) fn text(secret: &Secret, key: &str) -> String {
    let value = secret.data.as_ref().and_then(|data| data.get(key));
    let value = value.unwrap_or_else(|| panic!("no key {key} in {:?}", secret.metadata.name));
    String::from_utf8(value.0.clone()).unwrap()
}

/// Name of the source of an object.
pub(crate) fn source(name: &str) -> String {
    format!("{name}-source")
}

/// A server that hands out `t1`, `t2`, … on each path, each living this long.
pub(crate) fn counting_by_path(seconds: u64) -> ScriptedIdp {
    let idp = ScriptedIdp::http().unwrap();
    let counts = Mutex::new(HashMap::<String, u64>::new());
    idp.otherwise(move |request| {
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(request.path.clone()).or_default();
        *count += 1;
        Answer::token(&format!("t{count}"), seconds)
    });
    idp
}

// === impl Stage ===

impl Stage {
    /// Creates or replaces a Secret with these bytes.
    pub(crate) async fn secret_of_bytes(&self, name: &str, data: &[(&str, &[u8])]) {
        let _ = self.secrets().delete(name, &DeleteParams::default()).await;
        let data = data
            .iter()
            .map(|(key, value)| ((*key).to_owned(), ByteString(value.to_vec())));
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                ..ObjectMeta::default()
            },
            data: Some(data.collect()),
            ..Secret::default()
        };
        self.secrets()
            .create(&PostParams::default(), &secret)
            .await
            .unwrap();
    }

    /// The Secret, which must be there.
    pub(crate) async fn stored(&self, name: &str) -> Secret {
        self.secrets().get(name).await.unwrap()
    }

    pub(crate) async fn gone(&self, secret: &str) {
        let begin = Instant::now();
        while self.secrets().get_opt(secret).await.unwrap().is_some() {
            assert!(begin.elapsed() < PATIENCE, "Secret {secret} is still there");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Keys of a Secret, in order.
    pub(crate) async fn keys(&self, secret: &str) -> Vec<String> {
        let data = self.stored(secret).await.data.unwrap_or_default();
        data.into_keys().collect()
    }

    /// Waits for the event about an object, which comes after the status, and sees that it was told once.
    pub(crate) async fn told_once(&self, name: &str, reason: &str) {
        let begin = Instant::now();
        loop {
            let times = self.times_told(name, reason).await;
            assert!(times < 2, "{name}: {reason} was told {times} times");
            if times == 1 {
                return;
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "{name}: {reason} was never told"
            );
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn times_told(&self, name: &str, reason: &str) -> i32 {
        let api: Api<Event> = Api::namespaced(self.client.clone(), self.namespace());
        let events = api.list(&ListParams::default()).await.unwrap();
        let about = |event: &&Event| {
            let name_of = event.regarding.as_ref().and_then(|one| one.name.as_deref());
            name_of == Some(name) && event.reason.as_deref() == Some(reason)
        };
        let times = |event: &Event| event.series.as_ref().map_or(1, |series| series.count);
        events.iter().filter(about).map(times).sum()
    }
}
