//! The truth table of satisfied methods, every row.

use serde_json::json;

use super::{BASIC, absent, method, pairs, resolved, secret, select_by_default, select_one};
use crate::{
    api::v1alpha1::{KeyMatching, Method},
    field::{DefaultField, Role},
    reason::Reason,
    selection::select,
};

/// Role, name, required.
type Declared = (Role, &'static str, bool);

/// What is declared, which keys are there, and is the method satisfied?
type Row<'a> = (&'a str, &'a [Declared], &'a [&'a str], bool);

const P: Declared = (Role::Principal, "P", true);
const P2: Declared = (Role::Principal, "Second", true);
const C: Declared = (Role::Credential, "C", true);
const C2: Declared = (Role::Credential, "Other", true);
const A: Declared = (Role::Auxiliary, "A", true);
const A2: Declared = (Role::Auxiliary, "Extra", true);
const OPTIONAL_A: Declared = (Role::Auxiliary, "A", false);

fn declared(fields: &[Declared]) -> Method {
    let fields: Vec<_> = fields
        .iter()
        .map(|(role, name, required)| json!({"name": name, "role": role, "required": required}))
        .collect();
    method(json!({"basic": {}, "fields": fields}))
}

#[test]
fn every_row_of_the_truth_table_holds() {
    let rows: &[Row<'_>] = &[
        ("P", &[P], &["P"], true),
        ("P, nothing there", &[P], &[], false),
        ("P and C, both", &[P, C], &["P", "C"], true),
        ("P and C, only P", &[P, C], &["P"], false),
        ("P and C, only C", &[P, C], &["C"], false),
        ("two P, one C", &[P, P2, C], &["Second", "C"], true),
        ("P and A, A missing", &[P, A], &["P"], false),
        (
            "P and optional A, A missing",
            &[P, OPTIONAL_A],
            &["P"],
            true,
        ),
        ("only A, all there", &[A, A2], &["A", "Extra"], true),
        ("only A, one missing", &[A, A2], &["A"], false),
        ("only C, any of them", &[C, C2], &["Other"], true),
        ("only C, none of them", &[C, C2], &[], false),
    ];
    for (row, fields, present, satisfied) in rows {
        let values: Vec<(&str, &str)> = present.iter().map(|key| (*key, "x")).collect();
        let method = declared(fields);
        let sources = [secret("s", &values)];
        let result = select_one(&method, &sources);
        assert_eq!(result.is_ok(), *satisfied, "{row}");
        if let Err(refusal) = result {
            assert_eq!(refusal.reason, Reason::NoMethodSatisfied, "{row}");
        }
    }
}

#[test]
fn no_fields_are_always_satisfied() {
    for block in [json!({"none": {}}), json!({"apiKey": {}})] {
        let method = method(block);
        let candidate = select_by_default(&method, &[], &[]).unwrap();
        assert!(candidate.fields.is_empty());
    }
    let none = method(json!({"none": {}}));
    assert!(select_one(&none, &[]).is_ok());
}

#[test]
fn white_space_counts_as_missing() {
    for blank in ["", " ", "\n", " \t\r\n"] {
        let refusal = select_one(&declared(&[P]), &[secret("s", &[("P", blank)])]).unwrap_err();
        assert_eq!(refusal.reason, Reason::NoMethodSatisfied);
    }
    let method = declared(&[P]);
    let sources = [
        secret("s", &[("P", " "), ("p", "x")]),
        secret("t", &[("P", "y")]),
    ];
    assert_eq!(
        resolved(&select_one(&method, &sources).unwrap()),
        pairs(&[("P", "y")]),
        "a blank exact key hides nothing, and an exact key goes before a normalised one"
    );
}

#[test]
fn two_spellings_of_a_key_are_ambiguous() {
    let refusal = select_one(
        &declared(&[(Role::Principal, "ApiKey", true)]),
        &[secret("s", &[("api-key", "x"), ("api_key", "y")])],
    )
    .unwrap_err();
    assert_eq!(refusal.reason, Reason::AmbiguousKey);
    assert_eq!(
        refusal.detail,
        "Secret s has the keys api-key and api_key, which both mean field ApiKey: remove one, or pin it with \
         fields[].from"
    );
}

#[test]
fn a_role_counts_only_with_a_required_member() {
    let fields = [
        DefaultField::principal("Certificate"),
        DefaultField::credential("PfxPassword").optional(),
    ];
    let method = method(json!({"basic": {}}));
    let sources = [secret("s", &[("certificate", "x")])];
    let candidate = select_by_default(&method, &fields, &sources).unwrap();
    assert_eq!(resolved(&candidate), pairs(&[("Certificate", "x")]));
}

#[test]
fn pairs_at_the_same_place_go_before_the_cross_product() {
    let method = method(json!({"basic": {}}));
    let all = [
        ("username", "user"),
        ("account-sid", "sid"),
        ("password", "pass"),
        ("auth-token", "token"),
    ];
    for (present, principal, credential) in [
        (&[0, 1, 2, 3][..], "user", "pass"),
        (&[1, 2, 3][..], "sid", "token"),
        (&[0, 1, 3][..], "sid", "token"),
        (&[0, 3][..], "user", "token"),
        (&[1, 2][..], "sid", "pass"),
    ] {
        let values: Vec<_> = present.iter().map(|place| all[*place]).collect();
        let sources = [secret("s", &values)];
        let candidate = select_by_default(&method, BASIC, &sources).unwrap();
        assert_eq!(candidate.material.principal(), Some(principal));
        assert_eq!(candidate.material.credential(), Some(credential));
    }
}

#[test]
fn satisfied_methods_come_in_order_and_others_are_left_out() {
    let [first, second, third] = ["One", "Two", "Three"].map(|name| {
        method(json!({"name": name, "apiKey": {}, "fields": [{"name": name, "role": "principal"}]}))
    });
    let sources = [secret("s", &[("three", "3"), ("one", "1")])];
    let candidates = select(
        &[&first, &second, &third],
        &sources,
        KeyMatching::Normalized,
    )
    .unwrap();
    let names: Vec<_> = candidates
        .iter()
        .map(|candidate| candidate.method.display_name())
        .collect();
    assert_eq!(names, ["One", "Three"]);
}

#[test]
fn a_bad_value_stops_selection_unless_an_earlier_method_is_satisfied() {
    let good = declared(&[P]);
    let bad = declared(&[C]);
    let sources = [secret("s", &[("P", "x"), ("C", "a\u{200b}")])];
    let reason = |methods: &[&Method]| {
        select(methods, &sources, KeyMatching::Normalized)
            .map(|candidates| candidates.len())
            .map_err(|refusal| refusal.reason)
    };
    assert_eq!(reason(&[&good, &bad]), Ok(1));
    assert_eq!(reason(&[&bad, &good]), Err(Reason::SourceSecretInvalid));
}

#[test]
fn a_missing_source_stops_selection_unless_it_is_optional() {
    let method = declared(&[P]);
    let refusal = select_one(&method, &[secret("s", &[("P", "x")]), absent("gone")]).unwrap_err();
    assert_eq!(refusal.reason, Reason::SourceNotFound);
    assert_eq!(refusal.detail, "Secret gone does not exist");
    let mut optional = absent("gone");
    optional.optional = true;
    assert!(select_one(&method, &[secret("s", &[("P", "x")]), optional]).is_ok());
}
