//! Which method is used, which keys, and what is said when none will do.

use std::time::Duration;

use authkeeper_testbed::idp::Answer;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::stage::{Play, condition};

/// Reads which key was used for which field: `ClientId <- source/key`.
async fn fields(play: &Play, name: &str) -> Vec<String> {
    let method = play.stage.status(name).await.method.unwrap();
    let fields = method.fields.iter();
    fields
        .map(|field| format!("{} <- {}/{}", field.name, field.source, field.key))
        .collect()
}

async fn method(play: &Play, name: &str, method: &str) {
    let what = format!("method {method}");
    let is = |known: &str| known == method;
    play.stage
        .status_when(name, &what, |status| {
            status.method.as_ref().is_some_and(|one| is(&one.name))
        })
        .await;
}

fn alternatives() -> Value {
    json!({
        "sources": [{ "secretRef": { "name": "live" }, "optional": true }, { "secretRef": { "name": "spare" } }],
        "methods": [
            { "name": "account", "basic": {}, "fields": [
                { "name": "AccountSid", "role": "principal", "sensitive": false },
                { "name": "AuthToken", "role": "credential" },
            ] },
            { "name": "key", "apiKey": {}, "fields": [
                { "name": "ApiKey", "role": "principal", "from": { "source": "spare", "key": "SK" } },
            ] },
        ],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_satisfied_alternative_is_used_and_an_optional_source_that_appears_switches_it() {
    let play = Play::new("alternatives").await;
    play.stage
        .secret(
            "spare",
            &[("SK", "example-spare-key"), ("api-key", "never-this-one")],
        )
        .await;
    play.stage.configure("sms", alternatives()).await;
    play.stage
        .value_when("sms", "api_key", "the spare key", |key| {
            key == "example-spare-key"
        })
        .await;
    method(&play, "sms", "key").await;
    assert_eq!(fields(&play, "sms").await, ["ApiKey <- spare/SK"]);

    // Half of a pair satisfies nothing.
    play.stage
        .secret("live", &[("account-sid", "AC0000")])
        .await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(play.stage.status("sms").await.method.unwrap().name, "key");
    let live = [("account-sid", "AC0000"), ("auth_token", "example-auth")];
    play.stage.secret("live", &live).await;
    play.stage
        .value_when("sms", "password", "the account", |word| {
            word == "example-auth"
        })
        .await;
    method(&play, "sms", "account").await;
    let expected = [
        "AccountSid <- live/account-sid",
        "AuthToken <- live/auth_token",
    ];
    assert_eq!(fields(&play, "sms").await, expected);
    assert!(!play.stage.keys("sms").await.contains(&"api_key".to_owned()));

    play.stage.delete_secret("live").await;
    play.stage
        .value_when("sms", "api_key", "the spare key again", |key| {
            key == "example-spare-key"
        })
        .await;
    method(&play, "sms", "key").await;
    play.ends_quietly().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_satisfied_method_each_says_which_key_to_add_to_which_secret() {
    let play = Play::new("unsatisfied").await;
    play.stage.secret("spare", &[("unrelated", "x")]).await;
    play.stage
        .secret("live", &[("account-sid", "AC0000")])
        .await;
    play.stage.configure("sms", alternatives()).await;
    let culprits = [
        "method account: add key auth-token (field AuthToken, credential) to Secret live",
        "method key: add key SK (field ApiKey, principal) to Secret spare",
    ];
    let said = play
        .says(
            "sms",
            "SourcesResolved",
            "False",
            "NoMethodSatisfied",
            &culprits,
        )
        .await;
    assert!(!said.message.contains("AC0000"));
    let status = play.stage.status("sms").await;
    assert_eq!(
        condition(&status, "Reconciling").unwrap().reason,
        "WaitingForSource"
    );
    assert!(play.stage.secrets().get_opt("sms").await.unwrap().is_none());

    // A required source that is missing stops every alternative, the satisfied one as well.
    play.stage
        .secret("spare", &[("SK", "example-spare-key")])
        .await;
    play.stage
        .condition("sms", "Ready", "True", "TokenValid")
        .await;
    play.stage.delete_secret("spare").await;
    play.says(
        "sms",
        "SourcesResolved",
        "False",
        "SourceNotFound",
        &["Secret spare"],
    )
    .await;
    let live = [("account-sid", "AC0000"), ("auth-token", "example-auth")];
    play.stage.secret("live", &live).await;
    play.ends_quietly().await;
    assert_eq!(
        play.stage.value("sms", "api_key").await.as_deref(),
        Some("example-spare-key")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn first_successful_goes_on_after_a_refusal_and_stays_with_what_worked() {
    let play = Play::new("successful").await;
    play.good_source("orders").await;
    let spec = |selection: &str| {
        let oauth2 = |name: &str, path: &str| json!({ "name": name, "oauth2": { "tokenEndpoint": play.idp.url(path), "clientAuth": "ClientSecretPost" } });
        json!({
            "sources": [{ "secretRef": { "name": "orders-source" } }], "connection": { "allowHttp": true }, "selection": selection,
            "methods": [oauth2("old", "/old"), oauth2("new", "/new")],
        })
    };
    play.answer("old", Answer::error(401, "invalid_client", "unknown here"));
    play.stage
        .configure("orders", spec("FirstSuccessful"))
        .await;
    play.served("orders", "t1").await;
    method(&play, "orders", "new").await;
    assert_eq!((play.calls("old"), play.calls("new")), (1, 1));

    // Asked again, it begins with the first: that is what "ordered" means; the schedule repeats what worked.
    play.refresh("orders", "now").await;
    play.stage
        .value_when("orders", "access_token", "t2", |token| token == "t2")
        .await;
    assert_eq!((play.calls("old"), play.calls("new")), (2, 2));

    // A passing failure is no reason to go on: the second must not be used because the first is slow.
    play.answer("old", Answer::status(503));
    play.refresh("orders", "again").await;
    play.stage
        .condition("orders", "Ready", "True", "TokenValidRefreshFailing")
        .await;
    assert_eq!((play.calls("old"), play.calls("new")), (3, 2));

    // FirstSatisfied never goes on.
    play.answer("old", Answer::error(401, "invalid_client", "unknown here"));
    let mut only = spec("FirstSatisfied");
    only["targets"] = json!([{ "name": "only" }]);
    play.stage.configure("only", only).await;
    play.says(
        "only",
        "Ready",
        "False",
        "ClientAuthFailed",
        &["invalid_client"],
    )
    .await;
    play.ends_quietly().await;
    assert_eq!((play.calls("old"), play.calls("new")), (4, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_config_maps_and_values_are_read() {
    let play = Play::new("places").await;
    let data = [
        ("ID.OF.ORDERS", "example-client"),
        ("other", "example-secret-value"),
    ];
    play.stage.secret("odd", &data).await;
    play.stage
        .config_map("settings", &[("scope", "orders.read orders.write")])
        .await;
    let spec = json!({
        "sources": [
            { "secretRef": { "name": "odd" } }, { "configMapRef": { "name": "settings" } },
            { "name": "fixed", "values": { "Audience": "https://orders.example.com" } },
        ],
        "method": {
            "oauth2": { "tokenEndpoint": play.idp.url("/orders"), "clientAuth": "ClientSecretPost" },
            "fields": [
                { "name": "ClientId", "role": "principal", "from": { "key": "ID.OF.ORDERS" } },
                { "name": "ClientSecret", "role": "credential", "from": { "source": "odd", "key": "other" } },
                { "name": "Scope", "sensitive": false }, { "name": "Audience", "sensitive": false },
            ],
        },
        "connection": { "allowHttp": true },
    });
    play.stage.configure("orders", spec.clone()).await;
    play.served("orders", "t1").await;
    let sent = &play.requests("orders")[0];
    assert_eq!(sent.field("client_id").as_deref(), Some("example-client"));
    assert_eq!(
        sent.field("client_secret").as_deref(),
        Some("example-secret-value")
    );
    assert_eq!(
        sent.field("scope").as_deref(),
        Some("orders.read orders.write")
    );
    assert_eq!(
        sent.field("audience").as_deref(),
        Some("https://orders.example.com")
    );
    let expected = [
        "ClientId <- odd/ID.OF.ORDERS",
        "ClientSecret <- odd/other",
        "Audience <- fixed/Audience",
        "Scope <- settings/scope",
    ];
    assert_eq!(fields(&play, "orders").await, expected);
    play.stage
        .config_map("settings", &[("scope", "orders.read")])
        .await;
    play.served("orders", "t2").await;
    assert_eq!(
        play.requests("orders")[1].field("scope").as_deref(),
        Some("orders.read")
    );

    play.ends_quietly().await;
    assert_eq!(play.calls("orders"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_and_the_address_that_it_is_sent_to_must_come_from_a_secret() {
    let play = Play::new("insecure").await;
    play.stage
        .config_map(
            "careless",
            &[
                ("client-secret", "example-secret-value"),
                ("token-endpoint", &play.idp.url("/elsewhere")),
            ],
        )
        .await;
    play.stage
        .secret("half", &[("client-id", "example-client")])
        .await;
    let sources =
        json!([{ "secretRef": { "name": "half" } }, { "configMapRef": { "name": "careless" } }]);
    play.client("secret", json!({ "sources": sources })).await;
    play.says(
        "secret",
        "SourcesResolved",
        "False",
        "InsecureSource",
        &["ClientSecret", "ConfigMap careless", "client-secret"],
    )
    .await;
    play.good_source("address").await;
    let spec = json!({
        "sources": [{ "secretRef": { "name": "address-source" } }, { "configMapRef": { "name": "careless" } }],
        "method": { "oauth2": {} }, "connection": { "allowHttp": true },
    });
    play.stage.configure("address", spec).await;
    play.says(
        "address",
        "SourcesResolved",
        "False",
        "InsecureSource",
        &[
            "TokenEndpoint",
            "ConfigMap careless",
            "Secret address-source",
        ],
    )
    .await;
    play.ends_quietly().await;
    assert_eq!((play.calls("secret"), play.calls("elsewhere")), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_credential_follows_its_source_and_its_stated_end() {
    let play = Play::new("static").await;
    let bearer =
        json!({ "sources": [{ "secretRef": { "name": "seed" } }], "method": { "bearer": {} } });
    play.stage.secret("seed", &[("token", "example-1")]).await;
    play.stage.configure("orders", bearer).await;
    play.served("orders", "example-1").await;
    assert_eq!(
        play.stage.keys("orders").await,
        ["access_token", "authorization", "scheme", "token_type"]
    );
    play.stage.secret("seed", &[("token", "example-2")]).await;
    play.served("orders", "example-2").await;
    let version = play.stage.stored("orders").await.metadata.resource_version;
    let unrelated = [("token", "example-2"), ("comment", "nothing of ours")];
    play.stage.secret("seed", &unrelated).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        play.stage.stored("orders").await.metadata.resource_version,
        version,
        "the same value"
    );

    let in_a_week = (jiff::Timestamp::now() + Duration::from_secs(7 * 86400)).to_string();
    play.stage
        .secret(
            "seed",
            &[("token", "example-3"), ("expires-at", &in_a_week)],
        )
        .await;
    play.served("orders", "example-3").await;
    play.says(
        "orders",
        "Degraded",
        "True",
        "ExpiringSoon",
        &[&in_a_week[..10]],
    )
    .await;

    let soon = (jiff::Timestamp::now() + Duration::from_secs(4)).to_string();
    play.stage
        .secret("seed", &[("token", "example-4"), ("expires-at", &soon)])
        .await;
    play.served("orders", "example-4").await;
    play.says("orders", "Ready", "False", "TokenExpired", &[&soon[..19]])
        .await;
    assert_eq!(
        play.stage.value("orders", "access_token").await.as_deref(),
        Some("example-4"),
        "it is not taken away"
    );
    play.stage.told_once("orders", "TokenExpired").await;

    // One that has ended already is not written over a good one.
    play.stage.secret("seed", &[("token", "example-5")]).await;
    play.served("orders", "example-5").await;
    play.stage
        .secret(
            "seed",
            &[
                ("token", "example-6"),
                ("expires-at", "2020-01-01T00:00:00Z"),
            ],
        )
        .await;
    play.says(
        "orders",
        "Ready",
        "True",
        "TokenValidRefreshFailing",
        &["TokenExpired"],
    )
    .await;
    play.unharmed("orders", "example-5").await;
    play.stage.secret("seed", &[("token", "example-7")]).await;
    play.served("orders", "example-7").await;
    play.ends_quietly().await;
}
