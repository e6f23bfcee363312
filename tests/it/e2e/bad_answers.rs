//! Bad answers of an identity provider: each is told by its reason, the last good token stays, and nobody is asked
//! in a loop.

use authkeeper_testbed::idp::Answer;
use serde_json::json;

use crate::stage::{Play, condition};

/// What is answered to a refresh by hand, and what is said of it.
struct Bad {
    name: &'static str,
    answer: Answer,
    reason: &'static str,
    /// In the message of Ready or of what stands in the way.
    culprits: &'static [&'static str],
    /// Requests of this one attempt: Auto tries its second style after `invalid_client`.
    calls: usize,
}

fn bad(
    name: &'static str,
    answer: Answer,
    reason: &'static str,
    culprits: &'static [&'static str],
) -> Bad {
    Bad {
        name,
        answer,
        reason,
        culprits,
        calls: 1,
    }
}

const PAGE: &str = "<!DOCTYPE html><html><body>Sign in with sneaky-words</body></html>";

fn bodies() -> Vec<Bad> {
    let page = Answer::status(200)
        .header("content-type", "text/html")
        .body(PAGE);
    let token = |token: &str| Answer::token(token, 3600);
    let jwt = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDB9.e30";
    vec![
        bad("page", page, "MalformedResponse", &["HTTP 200"]),
        bad(
            "oversized",
            Answer::status(200).body(vec![b' '; 2 << 20]),
            "ResponseTooLarge",
            &["1048576 bytes"],
        ),
        bad(
            "endless",
            Answer::status(200).body(vec![b' '; 1 << 16]).endless(),
            "ResponseTooLarge",
            &["1048576 bytes"],
        ),
        bad("nothing", Answer::status(200), "MalformedResponse", &[]),
        bad(
            "expired",
            Answer::json(200, &json!({ "access_token": "t2", "expires_in": -5 })),
            "InvalidLifetime",
            &["already expired"],
        ),
        bad(
            "expired-jwt",
            Answer::json(200, &json!({ "access_token": jwt })),
            "InvalidLifetime",
            &["already expired"],
        ),
        bad(
            "split",
            token("t2\r\nX-Other: 1"),
            "InvalidToken",
            &["unsafe in a header"],
        ),
        bad(
            "unseen",
            token("t2\u{200b}"),
            "InvalidToken",
            &["unsafe in a header"],
        ),
        bad(
            "long",
            token(&"a".repeat(70_000)),
            "TokenTooLarge",
            &["64 KiB"],
        ),
        bad(
            "mac",
            Answer::json(200, &json!({ "access_token": "t2", "token_type": "mac" })),
            "UnsupportedTokenType",
            &["not bearer"],
        ),
        bad(
            "moved",
            Answer::status(302).header("location", "https://login.example.com/"),
            "RedirectRefused",
            &["HTTP 302"],
        ),
    ]
}

fn words() -> Vec<Bad> {
    let said = |status, body| Answer::json(status, &body);
    vec![
        bad(
            "k05-wrong-secret",
            said(200, json!({ "error": "incorrect_client_credentials" })),
            "ClientAuthFailed",
            &["HTTP 200"],
        ),
        bad(
            "k05-refresh-token",
            said(200, json!({ "error": "bad_refresh_token" })),
            "RefreshTokenRejected",
            &["HTTP 200"],
        ),
        bad(
            "k05-no-error-member",
            said(
                200,
                json!({ "status": "error", "msg": "invalid client_secret" }),
            ),
            "MalformedResponse",
            &["msg", "status"],
        ),
        bad(
            "k09-no-scopes",
            said(400, json!({ "error": "invalid_scope" })),
            "ScopeRejected",
            &["set oauth2.scopes"],
        ),
        bad(
            "k09-id-token",
            said(200, json!({ "id_token": "e30.e30.e30" })),
            "MalformedResponse",
            &["id_token"],
        ),
        bad(
            "k47-throttled",
            said(403, json!({ "error": "throttled" })),
            "Throttled",
            &["HTTP 403"],
        ),
        bad(
            "k47-exception",
            said(400, json!({ "__type": "ThrottlingException" })),
            "Throttled",
            &["HTTP 400"],
        ),
        bad(
            "k47-wrapped",
            said(500, json!({ "errors": ["quota: rateLimitExceeded"] })),
            "Throttled",
            &["HTTP 500"],
        ),
        bad(
            "k47-slow-down",
            said(400, json!({ "error": "slow_down" })),
            "Throttled",
            &["HTTP 400"],
        ),
        bad(
            "k47-too-many",
            Answer::status(429),
            "Throttled",
            &["HTTP 429"],
        ),
    ]
    .into_iter()
    .map(|mut one| {
        one.calls += usize::from(one.reason == "ClientAuthFailed");
        one
    })
    .collect()
}

async fn answer_badly(play: &Play, cases: Vec<Bad>) {
    for case in &cases {
        play.client(case.name, json!({})).await;
    }
    for case in &cases {
        play.served(case.name, "t1").await;
        play.answer(case.name, case.answer.clone());
    }
    for case in &cases {
        play.refresh(case.name, "now").await;
        let status = play.stage.status(case.name).await;
        let error = status.last_error.as_ref().unwrap();
        assert_eq!(error.reason, case.reason, "{}: {error:?}", case.name);
        assert_eq!(
            error.endpoint.as_deref(),
            Some(play.idp.address().to_string().as_str())
        );
        let ready = condition(&status, "Ready").unwrap();
        assert_eq!(ready.reason, "TokenValidRefreshFailing", "{}", case.name);
        let trouble = ["Stalled", "Reconciling"]
            .into_iter()
            .find_map(|kind| condition(&status, kind));
        let said = format!("{}\n{}", ready.message, trouble.unwrap().message);
        for culprit in case.culprits {
            assert!(
                said.contains(culprit),
                "{}: {culprit} not in {said}",
                case.name
            );
        }
        for forbidden in ["sneaky-words", "X-Other", "invalid client_secret", "t2"] {
            let status = serde_json::to_string(&status).unwrap();
            assert!(!status.contains(forbidden), "{}: {status}", case.name);
        }
    }
    play.ends_quietly().await;
    for case in &cases {
        play.unharmed(case.name, "t1").await;
        assert_eq!(play.calls(case.name), 1 + case.calls, "{}", case.name);
    }
    let output = play.operator.output();
    assert!(!output.contains("sneaky-words") && !output.contains("example-secret-value"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_token_is_told_by_its_reason_and_the_old_token_stays() {
    let play = Play::new("bad-body").await;
    answer_badly(&play, bodies()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_in_the_words_of_vendors_are_told_apart_and_the_old_token_stays() {
    let play = Play::new("bad-words").await;
    answer_badly(&play, words()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_token_that_is_refused_leaves_no_secret_behind_and_is_not_asked_for_in_a_loop() {
    let play = Play::new("bad-first").await;
    play.answer(
        "refused",
        Answer::error(401, "invalid_client", "no such client"),
    );
    play.answer(
        "expired",
        Answer::json(200, &json!({ "access_token": "t1", "expires_in": -5 })),
    );
    play.answer(
        "page",
        Answer::status(200)
            .header("content-type", "text/html")
            .body(PAGE),
    );
    for (name, reason, kind) in [
        ("refused", "ClientAuthFailed", "Stalled"),
        ("expired", "InvalidLifetime", "Reconciling"),
        ("page", "MalformedResponse", "Reconciling"),
    ] {
        play.client(name, json!({})).await;
        let address = play.idp.address().to_string();
        play.says(name, "Ready", "False", reason, &[&address]).await;
        let status = play.stage.status(name).await;
        assert!(condition(&status, kind).is_some(), "{name}: {status:?}");
        assert!(status.next_attempt_at.is_some());
        assert!(
            play.stage.secrets().get_opt(name).await.unwrap().is_none(),
            "{name}"
        );
    }
    play.ends_quietly().await;
    assert_eq!(
        [
            play.calls("refused"),
            play.calls("expired"),
            play.calls("page")
        ],
        [2, 1, 1]
    );
}
