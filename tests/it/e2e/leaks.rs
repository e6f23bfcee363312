//! No secret where it does not belong: canaries in every place of a run that succeeds and fails in every way, and a search
//! for them in everything that others may read.

mod answers;
mod search;

use std::time::Duration;

use authkeeper_testbed::{Operator, idp::ScriptedIdp};
use kube::api::ListParams;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::stage::{Stage, eventually};
use answers::{Canaries, FAILURES, script};
use search::Search;

async fn sources(stage: &Stage, canaries: &Canaries, tls: &ScriptedIdp) {
    let client = [
        ("client_id", "example-client"),
        ("client_secret", canaries.get("client secret")),
    ];
    stage.secret("client", &client).await;
    let fixed = [
        ("username", "alice"),
        ("password", canaries.get("password")),
    ];
    stage.secret("login", &fixed).await;
    let key = [("api_key", canaries.get("api key"))];
    stage.secret("key", &key).await;
    let token = [("access_token", canaries.get("fixed bearer token"))];
    stage.secret("token", &token).await;
    let bundle = [("ca.crt", tls.ca_pem().unwrap())];
    stage.secret("trust", &bundle).await;
}

fn oauth(canaries: &Canaries, url: &str) -> Value {
    json!({
        "sources": [{ "secretRef": { "name": "client" } }],
        "method": { "oauth2": {
            "tokenEndpoint": format!("{url}?key={}", canaries.get("query")),
            "headers": { "X-Custom": canaries.get("custom header") },
            "parameters": { "custom": canaries.get("custom parameter") },
        } },
        "connection": { "allowHttp": true },
        "refresh": { "minInterval": "1s", "retry": { "initial": "2s" } },
    })
}

/// Every format, a template that works and a probe.
fn targets() -> Value {
    let named = |format: &str| json!({ "name": format!("good-{}", format.to_lowercase()), "format": format });
    let mut targets: Vec<Value> = ["Env", "HttpHeader", "Dotenv", "Json"]
        .into_iter()
        .map(named)
        .collect();
    targets.push(json!({ "name": "good" }));
    targets.push(json!({
        "name": "good-template", "format": "Template",
        "template": { "config": "token = {{ credential.access_token }}" },
    }));
    json!(targets)
}

async fn configurations(stage: &Stage, canaries: &Canaries, idp: &ScriptedIdp, tls: &ScriptedIdp) {
    let mut good = oauth(canaries, &idp.url("/good"));
    good["targets"] = targets();
    good["probe"] = json!({ "url": idp.url("/probe"), "headers": { "X-Token": "{{ credential.access_token }}" } });
    stage.configure("good", good).await;
    let mut over_tls = oauth(canaries, &tls.url("/good"));
    over_tls["sources"] =
        json!([{ "secretRef": { "name": "client" } }, { "secretRef": { "name": "trust" } }]);
    over_tls["connection"] = json!({ "caBundle": { "source": "trust", "key": "ca.crt" } });
    stage.configure("over-tls", over_tls).await;
    stage
        .configure("unknown-issuer", oauth(canaries, &tls.url("/good")))
        .await;
    for path in FAILURES {
        let url = idp.url(&format!("/{path}"));
        stage.configure(path, oauth(canaries, &url)).await;
    }
    let mut failing = oauth(canaries, &idp.url("/good"));
    // The placeholder that templates are tried with passes; the real token does not.
    let template = r#"{% if credential.access_token == "e30.e30.e30" %}tried{% else %}{{ credential.access_token + 1 }}{% endif %}"#;
    failing["targets"] =
        json!([{ "name": "template", "format": "Template", "template": { "config": template } }]);
    stage.configure("template", failing).await;
    for (name, source, method) in [
        ("login-copy", "login", json!({ "basic": {} })),
        ("key-copy", "key", json!({ "apiKey": {} })),
        ("token-copy", "token", json!({ "bearer": {} })),
    ] {
        let spec = json!({ "sources": [{ "secretRef": { "name": source } }], "method": method });
        stage.configure(name, spec).await;
    }
}

async fn everything_happened(stage: &Stage, idp: &ScriptedIdp) {
    for name in ["good", "over-tls", "login-copy", "key-copy", "token-copy"] {
        stage
            .status_when(name, "ready", |status| {
                crate::stage::condition(status, "Ready").is_some_and(|ready| ready.status == "True")
            })
            .await;
    }
    for name in FAILURES.into_iter().chain(["template", "unknown-issuer"]) {
        stage
            .status_when(name, "failed", |status| status.last_error.is_some())
            .await;
    }
    eventually("three tokens", async || idp.count("/good") >= 4).await;
    assert!(idp.count("/probe") >= 1, "the probe was asked");
    assert_eq!(idp.count("/stolen"), 0);
    // A denied one is asked for once more by hand, so that both styles of authentication were used.
    stage
        .annotate("denied", "authkeeper.dev/refresh-requested", "again")
        .await;
    sleep(Duration::from_secs(1)).await;
}

/// Everything that somebody may read who may not read Secrets.
async fn readable(stage: &Stage, operator: &Operator) -> Vec<(String, String)> {
    let mut all = vec![
        ("the log".to_owned(), operator.output()),
        ("the metrics".to_owned(), operator.metrics().await.unwrap()),
    ];
    for event in stage.all_events().await {
        all.push(("an event".to_owned(), json!(event).to_string()));
    }
    for object in stage
        .configurations()
        .list(&ListParams::default())
        .await
        .unwrap()
    {
        let name = object.metadata.name.clone().unwrap();
        all.push((
            format!("status of {name}"),
            json!(object.status).to_string(),
        ));
        all.push((
            format!("metadata of {name}"),
            json!(object.metadata.annotations).to_string(),
        ));
    }
    for secret in stage.secrets().list(&ListParams::default()).await.unwrap() {
        let name = secret.metadata.name.clone().unwrap();
        all.push((
            format!("metadata of Secret {name}"),
            json!(secret.metadata).to_string(),
        ));
    }
    all
}

/// Were the chatty libraries really heard at their most chatty?
fn is_traced(log: &str, format: &str, library: &str) -> bool {
    log.lines().any(|line| match format {
        "json" => {
            line.contains("\"level\":\"TRACE\"")
                && line.contains(&format!("\"target\":\"{library}"))
        }
        _ => line.contains("TRACE") && line.contains(library),
    })
}

async fn leaks(format: &str) {
    let stage = Stage::new(&format!("leaks-{format}")).await;
    let canaries = Canaries::new();
    let (idp, tls) = (ScriptedIdp::http().unwrap(), ScriptedIdp::https().unwrap());
    script(&idp, &canaries);
    script(&tls, &canaries);
    sources(&stage, &canaries, &tls).await;
    let operator = stage.start(&stage.options_in(format)).await;
    configurations(&stage, &canaries, &idp, &tls).await;
    everything_happened(&stage, &idp).await;

    let search = Search::new(canaries.iter());
    let found: Vec<_> = readable(&stage, &operator)
        .await
        .iter()
        .flat_map(|(place, text)| {
            let found = search.in_text(text);
            found.into_iter().map(move |one| format!("{place}: {one}"))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));

    let log = operator.output();
    for library in ["kube_", "hyper", "reqwest", "rustls"] {
        assert!(is_traced(&log, format, library), "{library} is not traced");
    }
    let served = stage.value("good", "access_token").await.unwrap();
    let control = search.in_text(&format!("{log}\nleaked {served}\n"));
    assert!(
        !control.is_empty(),
        "a leak in this very log would be found"
    );
    let template = stage.value("good-template", "config").await.unwrap();
    assert_eq!(
        template,
        format!("token = {}", canaries.get("access token"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_found_where_others_may_read_with_a_log_for_machines() {
    leaks("json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_found_where_others_may_read_with_a_log_for_people() {
    leaks("text").await;
}
