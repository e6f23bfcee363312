//! What is missing, and where to add it.

use serde_json::json;

use super::{
    BASIC, OAUTH, SourceKind, absent, config_map, method, oauth, secret, select_by_default,
    select_one, source,
};
use crate::{
    api::v1alpha1::{KeyMatching, Method},
    reason::Reason,
    selection::select,
};

#[test]
fn the_message_names_key_field_role_and_secret() {
    let method = oauth();
    let sources = [secret("orders-client", &[("client-id", "id")])];
    let refusal = select_by_default(&method, OAUTH, &sources).unwrap_err();
    assert_eq!(refusal.reason, Reason::NoMethodSatisfied);
    assert_eq!(
        refusal.detail,
        "method OAuthClientCredentials: add key client-secret (field ClientSecret, credential) to Secret orders-client"
    );
}

#[test]
fn alternatives_are_named_and_the_partner_decides_which_goes_first() {
    let basic = method(json!({"basic": {}}));
    let sources = [secret("s", &[("account-sid", "x")])];
    let refusal = select_by_default(&basic, BASIC, &sources).unwrap_err();
    assert_eq!(
        refusal.detail,
        "method Basic: add key auth-token (field AuthToken, credential, or Password) to Secret s"
    );
    let refusal = select_by_default(&basic, BASIC, &[]).unwrap_err();
    assert_eq!(
        refusal.detail,
        "method Basic: add key username (field Username, principal, or AccountSid) to a Secret, and list it in \
         spec.sources and key password (field Password, credential, or AuthToken) to a Secret, and list it in \
         spec.sources"
    );
}

#[test]
fn the_place_is_the_pinned_source_then_the_home_of_the_method_then_the_first_secret() {
    let pinned = method(json!({"basic": {}, "fields": [
        {"name": "User", "role": "principal"},
        {"name": "Pass", "role": "credential", "from": {"source": "third", "key": "pw"}},
    ]}));
    let mut gone = absent("third");
    gone.optional = true;
    let sources = [
        config_map("first", &[]),
        secret("second", &[("user", "x")]),
        gone,
    ];
    let refusal = select_one(&pinned, &sources).unwrap_err();
    assert_eq!(
        refusal.detail,
        "method Basic: add key pw (field Pass, credential) to Secret third, which does not exist"
    );
    let open = method(json!({"apiKey": {}, "fields": [{"name": "Region", "sensitive": false}]}));
    let refusal = select_one(&open, &[source(SourceKind::Values, "values", &[])]).unwrap_err();
    assert_eq!(
        refusal.detail,
        "method ApiKey: add key region (field Region, auxiliary) to the literal values of source values"
    );
}

#[test]
fn messages_are_bounded_and_the_same_each_time() {
    let long = "Field".repeat(12);
    let methods: Vec<Method> = (0..8)
        .map(|index| {
            let fields: Vec<_> = (0..4)
                .map(|field| json!({"name": format!("{long}{field}"), "role": "auxiliary"}))
                .collect();
            method(json!({"name": format!("m{index}"), "apiKey": {}, "fields": fields}))
        })
        .collect();
    let methods: Vec<&Method> = methods.iter().collect();
    let sources = [secret("s", &[])];
    let detail = || {
        select(&methods, &sources, KeyMatching::Normalized)
            .unwrap_err()
            .detail
    };
    assert!(detail().chars().count() <= 900);
    assert!(detail().starts_with("method m0: add key "), "{}", detail());
    assert!(detail().ends_with("; and 7 more methods"), "{}", detail());
    assert_eq!(detail(), detail());
}
