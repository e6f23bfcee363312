use proptest::prelude::*;
use serde_json::json;

use super::{texts as texts_of, *};
use crate::{
    reason::Reason,
    target::fixture::{TOKEN, api_key, basic, bearer, credential, expiring, fixed, target, texts},
};

const NOTHING: BTreeMap<String, String> = BTreeMap::new();

fn rendered(json: serde_json::Value, published: &Published<'_>) -> Rendered {
    render(&target(json), &NOTHING, published, ("shop", "orders")).unwrap()
}

fn refused(json: serde_json::Value, published: &Published<'_>) -> String {
    render(&target(json), &NOTHING, published, ("shop", "orders"))
        .unwrap_err()
        .detail
}

fn pairs(rendered: &Rendered) -> Vec<(&str, &str)> {
    texts(rendered).into_iter().collect()
}

#[test]
fn the_default_format_has_every_member_and_the_times_of_what_ends() {
    assert_eq!(
        pairs(&rendered(json!({}), &expiring(&bearer()))),
        [
            ("access_token", TOKEN),
            ("authorization", "Bearer e30.e30.e30"),
            ("expires_at", "2030-01-01T01:00:00Z"),
            ("obtained_at", "2030-01-01T00:00:00Z"),
            ("scheme", "Bearer"),
            ("scope", "read"),
            ("token_type", "Bearer"),
        ]
    );
    assert_eq!(
        pairs(&rendered(json!({}), &fixed(&api_key()))),
        [("api_key", "k"), ("scheme", "ApiKey")]
    );
    let none = credential("None", &[], None);
    assert_eq!(
        pairs(&rendered(json!({}), &fixed(&none))),
        [("scheme", "None")]
    );
}

#[test]
fn what_has_no_end_has_no_time_that_changes_its_bytes() {
    let key = api_key();
    let published = Published {
        expires_at: None,
        ..expiring(&key)
    };
    assert_eq!(rendered(json!({}), &published).data.len(), 2);
}

#[test]
fn data_means_exactly_these_keys() {
    let json = json!({"data": {"ORDERS_TOKEN": "access_token", "END": "expires_at"}});
    assert_eq!(
        pairs(&rendered(json.clone(), &expiring(&bearer()))),
        [("END", "2030-01-01T01:00:00Z"), ("ORDERS_TOKEN", TOKEN)]
    );
    assert_eq!(
        refused(json, &fixed(&bearer())),
        "target m.data[\"END\"]: the credential has no key expires_at; it has access_token, authorization, scheme, \
         scope, token_type"
    );
}

#[test]
fn env_is_the_least_in_upper_case() {
    let env = json!({"format": "Env"});
    assert_eq!(
        pairs(&rendered(env.clone(), &expiring(&bearer()))),
        [
            ("ACCESS_TOKEN", TOKEN),
            ("AUTHORIZATION", "Bearer e30.e30.e30"),
            ("EXPIRES_AT", "2030-01-01T01:00:00Z"),
        ]
    );
    assert_eq!(
        pairs(&rendered(env.clone(), &fixed(&api_key()))),
        [("API_KEY", "k")]
    );
    let keys: Vec<String> = rendered(env.clone(), &fixed(&basic()))
        .data
        .into_keys()
        .collect();
    assert_eq!(keys, ["AUTHORIZATION", "PASSWORD", "USERNAME"]);
    let none = credential("None", &[], None);
    assert_eq!(pairs(&rendered(env, &fixed(&none))), [("SCHEME", "None")]);
}

#[test]
fn http_header_has_the_line_and_the_name() {
    let header = json!({"format": "HttpHeader"});
    assert_eq!(
        pairs(&rendered(header.clone(), &fixed(&api_key()))),
        [("X-API-Key", "k"), ("headers", "X-API-Key: k\n")]
    );
    let none = credential("None", &[], None);
    assert!(refused(header.clone(), &fixed(&none)).contains("has no header"));
    let split = credential("ApiKey", &[], Some(("X", "a\r\nHost: b")));
    let refusal = render(&target(header), &NOTHING, &fixed(&split), ("a", "b")).unwrap_err();
    assert_eq!(refusal.reason, Reason::InvalidToken);
}

#[test]
fn basic_auth_has_a_pair_whatever_the_credential() {
    let format = json!({"format": "BasicAuth"});
    let pair = rendered(format.clone(), &fixed(&basic()));
    assert_eq!(pair.kind, "kubernetes.io/basic-auth");
    assert_eq!(
        pairs(&pair),
        [("password", "open sesame"), ("username", "Aladdin")]
    );
    let token = rendered(format, &expiring(&bearer()));
    assert_eq!(pairs(&token), [("password", TOKEN), ("username", "oauth2")]);
    let named = json!({"format": "BasicAuth", "username": "x-access-token"});
    assert_eq!(
        texts(&rendered(named, &fixed(&bearer())))["username"],
        "x-access-token"
    );
}

#[test]
fn docker_config_is_exact_and_knows_docker_hub() {
    let format = json!({"format": "DockerConfigJson", "hosts": ["https://ghcr.io/", "docker.io", "r.example:5000/a"]});
    let pair = credential("Basic", &[("username", "u"), ("password", "p\"")], None);
    let secret = rendered(format, &fixed(&pair));
    assert_eq!(secret.kind, "kubernetes.io/dockerconfigjson");
    let auth = r#"{"username":"u","password":"p\"","auth":"dTpwIg=="}"#;
    assert_eq!(
        pairs(&secret),
        [(
            ".dockerconfigjson",
            format!(
                r#"{{"auths":{{"ghcr.io":{auth},"https://index.docker.io/v1/":{auth},"r.example:5000/a":{auth}}}}}"#
            )
            .as_str()
        )]
    );
}

#[test]
fn netrc_has_one_line_per_machine_and_refuses_what_it_cannot_hold() {
    let format = json!({"format": "Netrc", "hosts": ["git.example.com", "https://a.example/"]});
    assert_eq!(
        texts(&rendered(format.clone(), &fixed(&bearer())))[".netrc"],
        "machine git.example.com login oauth2 password e30.e30.e30\n\
         machine a.example login oauth2 password e30.e30.e30\n"
    );
    assert!(refused(format, &fixed(&basic())).contains("Netrc cannot hold this password"));
}

#[test]
fn dotenv_survives_a_shell() {
    let pair = credential("Basic", &[("username", "it's"), ("password", "$a")], None);
    assert_eq!(
        texts(&rendered(json!({"format": "Dotenv"}), &fixed(&pair)))[".env"],
        "USERNAME='it'\\''s'\nPASSWORD='$a'\n"
    );
}

#[test]
fn json_is_one_document() {
    assert_eq!(
        texts(&rendered(json!({"format": "Json"}), &fixed(&api_key())))["credential.json"],
        r#"{"api_key":"k","scheme":"ApiKey"}"#
    );
}

#[test]
fn templates_add_keys_and_are_alone_with_format_template() {
    let json = json!({
        "format": "Template",
        "template": {"url": "https://{{ credential.username }}:{{ credential.password | urlenc }}@{{ metadata.name }}.{{ metadata.namespace }}\n"},
    });
    assert_eq!(
        pairs(&rendered(json, &fixed(&basic()))),
        [("url", "https://Aladdin:open%20sesame@orders.shop\n")]
    );
    let added = json!({"template": {"api_key": "<{{ credential.api_key }}>"}});
    let referred = BTreeMap::from([("more".to_owned(), "{{ credential.scheme }}".to_owned())]);
    let secret = render(&target(added), &referred, &fixed(&api_key()), ("a", "b")).unwrap();
    assert_eq!(
        pairs(&secret),
        [("api_key", "<k>"), ("more", "ApiKey"), ("scheme", "ApiKey")]
    );
}

#[test]
fn template_errors_name_target_key_and_line() {
    let json = json!({"template": {"a.conf": "x\n{{ credential.id_token }}"}});
    assert_eq!(
        refused(json, &fixed(&api_key())),
        "target m.template[\"a.conf\"]: line 2: undefined variable credential.id_token"
    );
}

#[test]
fn reloader_is_told_to_wait_unless_the_target_says_otherwise() {
    let annotation = "reloader.stakater.com/ignore";
    let secret = rendered(json!({"labels": {"a": "b"}}), &fixed(&api_key()));
    assert_eq!(secret.annotations[annotation], "true");
    assert_eq!(secret.labels["a"], "b");
    let opted = json!({"annotations": {annotation: "false"}, "type": "example.com/key"});
    let secret = rendered(opted, &fixed(&api_key()));
    assert_eq!(secret.annotations[annotation], "false");
    assert_eq!(secret.kind, "example.com/key");
}

#[test]
fn debug_of_what_is_rendered_shows_no_value() {
    let secret = rendered(json!({}), &fixed(&basic()));
    assert!(!format!("{secret:?}{:?}", basic()).contains("sesame"));
}

#[test]
fn texts_are_templates_without_a_secret() {
    let headers = |template: &str| {
        let templates = BTreeMap::from([("Authorization".to_owned(), template.to_owned())]);
        texts_of(
            "probe.headers",
            &templates,
            &fixed(&api_key()),
            ("shop", "orders"),
        )
        .map(|texts| texts["Authorization"].expose().to_owned())
        .map_err(|fault| fault.at("spec").detail)
    };
    assert_eq!(
        headers("Token {{ credential.api_key }}"),
        Ok("Token k".into())
    );
    assert_eq!(
        headers("{{ credential.access_token }}"),
        Err(
            "spec.probe.headers[\"Authorization\"]: line 1: undefined variable credential.access_token"
                .into()
        )
    );
}

/// Cannot occur in a message by chance.
const MARK: &str = "ZQXJ";

proptest! {
    #[test]
    fn rendering_never_panics_and_no_value_reaches_a_refusal(
        format in proptest::sample::select(vec![
            "Default", "Env", "HttpHeader", "BasicAuth", "DockerConfigJson", "Netrc", "Dotenv", "Json", "Template",
        ]),
        names in proptest::collection::vec("(access_token|username|password|api_key|x)", 0..3),
        value in "[ \r\n\t'\"#\u{200b}a-]{0,4}",
        template in "(\\{\\{ ?|\\}\\}|\\{% if |%\\}|credential|\\.(password|username|x)|\\[0\\]| \\| ?(b64d|ini|json|nope)| ~ | / | == |[a-z0-9'\"()]){0,12}",
    ) {
        let value = format!("{value}{MARK}{value}");
        let values: Vec<(&str, &str)> =
            names.iter().map(|name| (name.as_str(), value.as_str())).collect();
        let credential = credential("Basic", &values, Some(("X", &value)));
        let target = target(json!({"format": format, "hosts": ["a"], "template": {"t": template}}));
        if let Err(refusal) = render(&target, &NOTHING, &expiring(&credential), ("a", "b")) {
            let shown = format!("{refusal:?}");
            prop_assert!(!shown.contains(MARK), "{}", shown);
        }
    }
}
