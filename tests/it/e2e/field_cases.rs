//! Failure cases from the field, by their number. Where each is covered:
//!
//! | case | what | end to end | on the wire (`tests/cases/providers`), in the plan, and elsewhere |
//! | --- | --- | --- | --- |
//! | K01 | lifetime as text, fraction, under another name | here | `oauth2/life-k01-*`, `oauth2/life-*` |
//! | K02 | lifetime missing on the second answer | here | `oauth2/life-absent`, `oauth2/life-null` |
//! | K04 | lifetime zero or negative | here, `bad_answers` | `oauth2/life-zero*`, `oauth2/life-negative*` |
//! | K05 | HTTP 200 that is a refusal | `bad_answers` | `oauth2/k05-*`, `oauth2/word-*` |
//! | K08 | scope as list, empty, narrower | here | `oauth2/scope-*` |
//! | K09 | no token type, only an id token, `mac` | here, `bad_answers` | `oauth2/type-*`, `oauth2/token-absent-id-token-only` |
//! | K11 | both styles of client authentication (A1, A4) | here | `oauth2/auto-*` |
//! | K12 | line endings and invisible characters | here | `api_key/*`, `src/selection/value.rs` |
//! | K20 | lead longer than the life | `field_cases_schedule` | `src/plan/tests/schedule.rs` |
//! | K21 | the same token until its last second | `field_cases_schedule` | `src/plan/tests/simulation.rs` |
//! | K25 | a fresh token is refused for some seconds | `probe` | |
//! | K26 | death that is not 401 | `probe` | `src/target/probe/tests.rs` |
//! | K37 | every write is undone | `field_cases_targets` | `src/plan/tests/budget.rs` |
//! | K38 | target deleted, server unreachable | `field_cases_targets` | |
//! | K39 | two owners for one Secret, keys of others | `field_cases_targets`, `reactions` | `src/target/read/tests.rs` |
//! | K41 | namespace being deleted | `refused_writes` | |
//! | K44 | tracking labels on the managed Secret | `targets` | `src/target/manifest/tests.rs` |
//! | K47 | throttling that is not 429 | `bad_answers`, `field_cases_schedule` | `oauth2/k47-*`, `src/controller/hosts.rs` |

use authkeeper::api::v1alpha1::AuthenticationConfigurationStatus;
use authkeeper_testbed::idp::{Answer, Recorded};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::stage::{Play, condition, source};

/// Life of the published token, as status tells it.
fn life(status: &AuthenticationConfigurationStatus) -> Option<SignedDuration> {
    let (from, to) = (status.obtained_at?, status.expires_at?);
    Some(from.duration_until(to))
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn t1(mut more: Value) -> Answer {
    more["access_token"] = json!("t1");
    Answer::json(200, &more)
}

#[tokio::test(flavor = "multi_thread")]
async fn k01_k04_k09_a_lifetime_is_understood_in_every_spelling_and_one_that_is_missing_is_assumed()
{
    let play = Play::new("lifetimes").await;
    let in_half_an_hour = jiff::Timestamp::now().as_second() + 1800;
    let cases = [
        (
            "k01-text",
            json!({ "expires_in": "3599" }),
            seconds(3599),
            "expires_in",
        ),
        (
            "k01-fraction",
            json!({ "expires_in": 3599.98 }),
            seconds(3599),
            "expires_in",
        ),
        (
            "k01-exponent",
            json!({ "expires_in": "3.6e3" }),
            seconds(3600),
            "expires_in",
        ),
        (
            "k04-zero",
            json!({ "expires_in": 0 }),
            seconds(300),
            "Assumed",
        ),
        (
            "k09-no-type",
            json!({ "expires_in": 5_184_000 }),
            seconds(5_184_000),
            "expires_in",
        ),
    ];
    for (name, answer, _, _) in &cases {
        play.answer(name, t1(answer.clone()));
        play.client(name, json!({})).await;
    }
    // Stated twice: the earlier end wins, and the extended one of the vendor is none.
    let twice = json!({ "expires_in": "3599", "ext_expires_in": "7200", "expires_on": in_half_an_hour.to_string() });
    play.answer("k01-twice", t1(twice));
    play.client("k01-twice", json!({})).await;
    play.answer("k04-never", t1(json!({ "expires_in": 0 })));
    play.client(
        "k04-never",
        json!({ "refresh": { "assumedLifetime": "0s" } }),
    )
    .await;

    for (name, _, expected, source) in &cases {
        play.served(name, "t1").await;
        let status = play.stage.status(name).await;
        assert_eq!(life(&status), Some(*expected), "{name}");
        assert_eq!(status.expiry_source.as_deref(), Some(*source), "{name}");
        let kind = play.stage.value(name, "token_type").await;
        assert_eq!(kind.as_deref(), Some("Bearer"), "{name}");
    }
    play.served("k01-twice", "t1").await;
    let status = play.stage.status("k01-twice").await;
    assert_eq!(status.expires_at.unwrap().as_second(), in_half_an_hour);
    play.served("k04-never", "t1").await;
    let status = play.stage.status("k04-never").await;
    assert_eq!((status.expires_at, status.refresh_at), (None, None));
    assert!(
        !play
            .stage
            .keys("k04-never")
            .await
            .contains(&"expires_at".to_owned())
    );
    play.ends_quietly().await;
    assert_eq!(play.idp.requests().len(), cases.len() + 2, "one call each");
}

#[tokio::test(flavor = "multi_thread")]
async fn k02_a_second_answer_without_a_lifetime_does_not_inherit_the_first_one() {
    let play = Play::new("second").await;
    let second = json!({ "access_token": "t2", "token_type": "Bearer" });
    let third = json!({ "access_token": "t3", "token_type": "Bearer", "expires_in": null });
    play.answers(
        "orders",
        [
            Answer::token("t1", 3600),
            Answer::json(200, &second),
            Answer::json(200, &third),
        ],
    );
    play.client("orders", json!({})).await;
    play.served("orders", "t1").await;
    for (request, token) in [("one", "t2"), ("two", "t3")] {
        play.refresh("orders", request).await;
        play.served("orders", token).await;
        let status = play.stage.status("orders").await;
        assert_eq!(life(&status), Some(seconds(300)));
        assert_eq!(status.expiry_source.as_deref(), Some("Assumed"));
        let due = status
            .obtained_at
            .unwrap()
            .duration_until(status.refresh_at.unwrap());
        assert!(due >= SignedDuration::from_secs(190), "{due}");
        let written = play.stage.value("orders", "expires_at").await.unwrap();
        assert_eq!(
            written,
            format!("{:.0}", status.expires_at.unwrap()),
            "rounded down"
        );
    }
    play.ends_quietly().await;
    assert_eq!(play.calls("orders"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn k08_scopes_are_read_in_every_shape_and_the_missing_ones_are_named() {
    let play = Play::new("scopes").await;
    let cases = [
        ("k08-list", json!(["b", "a"]), Some("b a"), None),
        ("k08-empty", json!(""), None, None),
        ("k08-order", json!("b a"), Some("b a"), None),
        ("k08-fewer", json!("a"), Some("a"), Some("b")),
    ];
    for (name, scope, _, _) in &cases {
        play.answer(name, t1(json!({ "expires_in": 3600, "scope": scope })));
        play.client(
            name,
            json!({ "method": { "oauth2": { "scopes": ["a", "b"] } } }),
        )
        .await;
    }
    for (name, _, written, missing) in &cases {
        play.served(name, "t1").await;
        let value = play.stage.value(name, "scope").await;
        if let Some(written) = written {
            assert_eq!(value.as_deref(), Some(*written), "{name}");
        }
        if let Some(missing) = missing {
            let names = format!("Scopes not granted: {missing}.");
            play.says(name, "Degraded", "True", "ScopesReduced", &[&names])
                .await;
        } else {
            let status = play.stage.status(name).await;
            assert!(condition(&status, "Degraded").is_none(), "{name}");
        }
    }
    assert_eq!(play.idp.requests().len(), cases.len());
}

/// Knows one client by Basic and another by fields of the form only.
fn two_clients(request: &Recorded) -> Answer {
    let by_header = request.basic().map(|(id, _)| id);
    let by_form = request.field("client_id").filter(|_| by_header.is_none());
    match (by_header.as_deref(), by_form.as_deref()) {
        (Some("example-basic"), _) | (None, Some("example-post")) => Answer::token("t1", 3600),
        (Some("example-scopes"), _) => Answer::error(400, "invalid_scope", "not for you"),
        _ => Answer::error(401, "invalid_client", "who is this?"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k11_the_style_of_one_client_is_learned_once_and_for_no_other() {
    let play = Play::new("styles").await;
    play.idp.otherwise(two_clients);
    let spec = |id: &str| {
        let mut spec = play.spec("shared", json!({}));
        spec["sources"] = json!([{ "secretRef": { "name": source(id) } }]);
        spec
    };
    for id in ["example-post", "example-basic", "example-scopes"] {
        let data = [("client_id", id), ("client_secret", "example-secret-value")];
        play.stage.secret(&source(id), &data).await;
    }
    let asked = |id: &str| {
        let of = |one: &Recorded| one.basic().map(|(id, _)| id).or(one.field("client_id"));
        let mine = play
            .requests("shared")
            .into_iter()
            .filter(|one| of(one).as_deref() == Some(id));
        mine.map(|one| one.basic().is_some()).collect::<Vec<_>>()
    };
    play.stage
        .configure("example-post", spec("example-post"))
        .await;
    play.served("example-post", "t1").await;
    assert_eq!(asked("example-post"), [true, false]);
    play.refresh("example-post", "now").await;
    assert_eq!(asked("example-post"), [true, false, false], "learned");

    play.stage
        .configure("example-basic", spec("example-basic"))
        .await;
    play.served("example-basic", "t1").await;
    assert_eq!(
        asked("example-basic"),
        [true],
        "its neighbour teaches it nothing"
    );

    play.stage
        .configure("example-scopes", spec("example-scopes"))
        .await;
    play.says(
        "example-scopes",
        "Ready",
        "False",
        "ScopeRejected",
        &["invalid_scope"],
    )
    .await;
    assert_eq!(
        asked("example-scopes"),
        [true],
        "only doubt about the client calls for another style"
    );
    play.never_panicked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_one_line_ending_is_no_part_of_a_value_and_blanks_of_a_password_are() {
    let play = Play::new("endings").await;
    let data: [(&str, &[u8]); 2] = [
        ("client_id", b"example-client\n"),
        ("client_secret", b" example value \r\n"),
    ];
    play.stage.secret_of_bytes("orders-source", &data).await;
    play.stage
        .configure("orders", play.spec("orders", json!({})))
        .await;
    play.served("orders", "t1").await;
    let sent = play.requests("orders")[0].basic().unwrap();
    assert_eq!(
        sent,
        ("example-client".to_owned(), " example value ".to_owned())
    );

    let unseen: [(&str, &[u8]); 1] = [("api_key", "abc\u{200b}".as_bytes())];
    play.stage.secret_of_bytes("key-source", &unseen).await;
    let spec = json!({ "sources": [{ "secretRef": { "name": "key-source" } }], "method": { "apiKey": {} } });
    play.stage.configure("key", spec).await;
    let said = play
        .says(
            "key",
            "SourcesResolved",
            "False",
            "SourceSecretInvalid",
            &["key-source", "api_key", "U+200B", "byte 3"],
        )
        .await;
    assert!(!said.message.contains("abc"));
    assert!(play.stage.secrets().get_opt("key").await.unwrap().is_none());
}
