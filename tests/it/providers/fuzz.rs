//! Whatever a server answers, reading it ends in a credential or a refusal.

use authkeeper::{
    provider::{Ask, Credential, Expiry, Input, Material, Provider, Refusal, oauth2::OAuth2},
    sensitive::SecretText,
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    case::{Answer, Exchange},
    script::Script,
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn ask(status: u16, content_type: &str, body: String) -> Result<Credential, Refusal> {
    let input = |field: &str, value: &str| Input {
        field: field.into(),
        source: "orders-client".into(),
        key: field.into(),
        value: SecretText::new(value),
    };
    let material = Material {
        principal: Some(input("ClientId", "example-client")),
        credential: Some(input("ClientSecret", "example-secret-value")),
        ..Material::default()
    };
    let config = OAuth2 {
        token_endpoint: Some("https://idp.test/token".into()),
        ..OAuth2::default()
    };
    let step = Exchange {
        request: None,
        answer: Some(Answer {
            status,
            headers: [("content-type".into(), content_type.into())].into(),
            body,
            fill_to: None,
            bom: false,
            jwt: None,
        }),
        fault: None,
    };
    let script = Script::new(&[step.clone(), step]);
    let ask = Ask {
        material: &material,
        http: &script,
        now: NOW,
        learned_client_auth: None,
    };
    futures::executor::block_on(config.issue(ask))
}

/// A credential is never handed over when it has ended, and what a refusal shows is ours.
fn is_sound(outcome: &Result<Credential, Refusal>) -> bool {
    match outcome {
        Ok(credential) => match &credential.expiry {
            Expiry::At(end, _) => *end > NOW,
            Expiry::Never | Expiry::Unstated => true,
        },
        Err(refusal) => !refusal.detail.contains('\n') && refusal.detail.len() < 512,
    }
}

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![3 => Just(200), 1 => 100..600_u16]
}

fn content_type() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "application/json",
        "text/plain",
        "text/html; charset=utf-8",
        "application/x-www-form-urlencoded",
        "nonsense",
    ])
}

/// A value of any kind, often one that looks like a time.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|number| format!("{number:e}")),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| format!("\"{number}\"")),
        "\"[0-9TZ:. +-]{0,30}\"",
        "\"P?T?[0-9]{1,20}[a-zA-Z]{0,3}\"",
        "\"[a-z_]{0,20}\"",
        Just("null".to_owned()),
        Just("{\"code\": -1}".to_owned()),
        Just("[1, {\"reason\": \"x\"}]".to_owned()),
        "[0-9]{1,5}e[0-9]{1,5}",
    ]
}

fn member() -> impl Strategy<Value = (String, String)> {
    let name = prop::sample::select(vec![
        "expires_in",
        "expires_at",
        "expires",
        "ttl",
        "error",
        "errors",
        "errcode",
        "ok",
        "scope",
        "token_type",
        "access_token",
        "__type",
        "correlation_id",
    ]);
    (name.prop_map(str::to_owned), value())
}

proptest! {
    #[test]
    fn arbitrary_text_is_read(status in status(), kind in content_type(), body in any::<String>()) {
        prop_assert!(is_sound(&ask(status, kind, body)));
    }

    #[test]
    fn arbitrary_members_are_read(
        status in status(),
        kind in content_type(),
        members in prop::collection::vec(member(), 0..6),
    ) {
        let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        let body = format!("{{\"access_token\": \"example-token\", {}}}", members.join(", "));
        prop_assert!(is_sound(&ask(status, kind, body)));
    }

    #[test]
    fn arbitrary_token_is_read(token in "[a-zA-Z0-9._=-]{0,60}") {
        let body = format!("{{\"access_token\": \"eyJhIjoxfQ.{token}.x\"}}");
        prop_assert!(is_sound(&ask(200, "application/json", body)));
    }
}
