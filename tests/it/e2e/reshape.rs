//! Targets that are to look otherwise: without a new token where the bytes are known.

use serde_json::{Value, json};

use crate::stage::{Play, merge, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_target_changes_shape_type_and_labels_without_a_new_token() {
    let play = Play::new("reshape").await;
    let shaped = |more: Value| {
        let mut target = json!({ "name": "orders" });
        merge(&mut target, more);
        play.spec("orders", json!({ "targets": [target] }))
    };
    play.client("orders", json!({})).await;
    play.served("orders", "t1").await;
    let first = play.stage.stored("orders").await;

    play.stage
        .configure("orders", shaped(json!({ "labels": { "team": "shop" } })))
        .await;
    play.settled("orders", 2).await;
    let labelled = play.stage.stored("orders").await;
    assert_eq!(labelled.metadata.labels.as_ref().unwrap()["team"], "shop");
    assert_eq!(
        (&labelled.metadata.uid, &labelled.data),
        (&first.metadata.uid, &first.data)
    );

    // A template of its own comes and goes.
    let keys = [
        "access_token",
        "authorization",
        "expires_at",
        "obtained_at",
        "scheme",
        "token_type",
    ];
    let template = |template: Value| shaped(json!({ "template": template }));
    play.stage
        .configure("orders", template(json!({ "extra": "x" })))
        .await;
    play.settled("orders", 3).await;
    assert_eq!(
        play.stage.value("orders", "extra").await.as_deref(),
        Some("x")
    );
    play.stage.configure("orders", shaped(json!({}))).await;
    play.settled("orders", 4).await;
    assert_eq!(play.stage.keys("orders").await, keys);
    assert_eq!(play.calls("orders"), 1);

    // One that stood in the place of the token costs a token: what it was made from is never guessed.
    let before = json!({ "access_token": "in front: {{ credential.access_token }}" });
    play.stage.configure("orders", template(before)).await;
    play.settled("orders", 5).await;
    assert_eq!(
        play.stage.value("orders", "access_token").await.as_deref(),
        Some("in front: t1")
    );
    play.stage.configure("orders", shaped(json!({}))).await;
    play.settled("orders", 6).await;
    let bare = play.stage.stored("orders").await;
    assert!(!bare.metadata.labels.as_ref().unwrap().contains_key("team"));
    let token = text(&bare, "access_token");
    assert_eq!((token.as_str(), play.calls("orders")), ("t2", 2));

    let (calls, uid) = (play.calls("orders"), bare.metadata.uid.clone());
    play.stage
        .configure("orders", shaped(json!({ "type": "example.com/token" })))
        .await;
    play.settled("orders", 7).await;
    let retyped = play.stage.stored("orders").await;
    assert_eq!(retyped.type_.as_deref(), Some("example.com/token"));
    assert_ne!(retyped.metadata.uid, uid, "Kubernetes lets no type change");
    assert_eq!(text(&retyped, "access_token"), token);

    play.stage
        .configure("orders", shaped(json!({ "format": "Env" })))
        .await;
    play.settled("orders", 8).await;
    let env = play.stage.stored("orders").await;
    assert_eq!(
        play.stage.keys("orders").await,
        ["ACCESS_TOKEN", "AUTHORIZATION", "EXPIRES_AT"]
    );
    assert_eq!(
        (text(&env, "ACCESS_TOKEN"), env.type_.as_deref()),
        (token, Some("Opaque"))
    );
    play.ends_quietly().await;
    assert_eq!(play.calls("orders"), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_takes_its_new_shape_from_another_one_and_a_new_target_needs_no_token() {
    let play = Play::new("sibling").await;
    let targets = |second: Value| {
        play.spec(
            "orders",
            json!({ "targets": [{ "name": "orders" }, second] }),
        )
    };
    play.client(
        "orders",
        json!({ "targets": [{ "name": "orders" }, { "name": "second", "format": "HttpHeader" }] }),
    )
    .await;
    play.served("orders", "t1").await;
    for (generation, format, key, value) in [
        (
            2,
            json!({ "format": "Netrc", "hosts": ["git.example.com"] }),
            ".netrc",
            "machine git.example.com login oauth2 password t1\n",
        ),
        (3, json!({ "format": "BasicAuth" }), "password", "t1"),
        (
            4,
            json!({ "format": "Template", "template": { "conf": "token={{ credential.access_token }}" } }),
            "conf",
            "token=t1",
        ),
        (
            5,
            json!({ "data": { "TOKEN": "access_token" } }),
            "TOKEN",
            "t1",
        ),
    ] {
        let mut second = json!({ "name": "second" });
        merge(&mut second, format);
        play.stage.configure("orders", targets(second)).await;
        play.settled("orders", generation).await;
        assert_eq!(
            play.stage.value("second", key).await.as_deref(),
            Some(value)
        );
    }
    play.stage
        .configure(
            "orders",
            targets(json!({ "name": "third", "format": "Json" })),
        )
        .await;
    play.settled("orders", 6).await;
    play.stage.gone("second").await;
    assert_eq!(play.stage.keys("third").await, ["credential.json"]);
    play.ends_quietly().await;
    assert_eq!(play.calls("orders"), 1);
}
