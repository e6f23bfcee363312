//! Every mistake in `tests/cases/crd/bad` is refused by the API server, with one message at the place of the mistake.
//!
//! The first line of a case says which: `# expect: spec.refresh.before: must be a duration …`.

use std::collections::BTreeSet;

use authkeeper_testbed::shared_control_plane;
use kube::{Client, core::response::StatusCause};
use serde_json::Value;

use super::{files, install, schema};

const CASES: &str = "tests/cases/crd/bad";
/// What the API server adds after an error of type, whatever the schema says.
const ADDED: &str = "some validation rules were not checked";

struct Case {
    name: String,
    expected: String,
    manifest: Value,
}

fn cases() -> Vec<Case> {
    let read = |(name, text): (String, String)| {
        let (first, _) = text.split_once('\n').unwrap();
        let expected = first.strip_prefix("# expect: ").expect(&name).to_owned();
        let manifest = serde_saphyr::from_str(&text).expect(&name);
        Case {
            name,
            expected,
            manifest,
        }
    };
    files(CASES, ".yaml").into_iter().map(read).collect()
}

#[tokio::test]
async fn every_mistake_is_refused_with_one_message_at_its_place() {
    let client = shared_control_plane().client().await.unwrap();
    install(&client).await;
    let mut wrong = Vec::new();
    for case in cases() {
        let refusals = create(&client, &case.manifest).await;
        let [refusal] = refusals.as_slice() else {
            wrong.push(format!(
                "{}: {} messages: {refusals:#?}",
                case.name,
                refusals.len()
            ));
            continue;
        };
        if *refusal != case.expected {
            wrong.push(format!("{}:\n  {refusal}\n  {}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The messages of the refusal that are ours or name the mistake; none when the manifest is accepted.
async fn create(client: &Client, manifest: &Value) -> Vec<String> {
    let address = "/apis/authkeeper.dev/v1alpha1/namespaces/default/authenticationconfigurations";
    let request = http::Request::post(format!("{address}?dryRun=All&fieldValidation=Strict"))
        .header("content-type", "application/json")
        .body(serde_json::to_vec(manifest).unwrap())
        .unwrap();
    let status = match client.request::<Value>(request).await {
        Ok(_) => return Vec::new(),
        Err(kube::Error::Api(status)) => status,
        Err(other) => panic!("{other}"),
    };
    let causes = status
        .details
        .map(|details| details.causes)
        .unwrap_or_default();
    if causes.is_empty() {
        let (_, strict) = status.message.split_once(": ").unwrap();
        return vec![strict.to_owned()];
    }
    causes
        .iter()
        .filter(|cause| !cause.message.contains(ADDED))
        .map(spoken)
        .collect()
}

/// Path and message, without the refused value, which the API server puts before a message of ours.
fn spoken(cause: &StatusCause) -> String {
    let message = match cause.message.strip_prefix("Invalid value: ") {
        Some(message) => without_value(message).unwrap_or(message),
        None => &cause.message,
    };
    format!("{}: {message}", cause.field)
}

fn without_value(message: &str) -> Option<&str> {
    let mut values = serde_json::Deserializer::from_str(message).into_iter::<Value>();
    values.next()?.ok()?;
    message[values.byte_offset()..].strip_prefix(": ")
}

/// One case per rule: the path and the message of a rule are those of a case.
#[test]
fn every_rule_of_the_schema_has_a_case() {
    let cases = cases();
    let shown: BTreeSet<_> = cases
        .iter()
        .map(|case| place_and_words(&case.expected))
        .collect();
    for node in schema::all() {
        for rule in node.schema.x_kubernetes_validations.iter().flatten() {
            let path = format!(
                "{}{}",
                node.path,
                rule.field_path.as_deref().unwrap_or_default()
            );
            let path = if path.is_empty() { "<nil>" } else { &path };
            let place = place(path);
            let words = rule.message.as_deref().unwrap();
            assert!(
                shown
                    .iter()
                    .any(|(at, said)| *at == place && said.ends_with(words)),
                "no case for {place}: {words}"
            );
        }
    }
}

fn place_and_words(expected: &str) -> (String, &str) {
    let (path, words) = expected.split_once(": ").unwrap();
    (place(path), words)
}

/// A path without indices and keys; one method is like one of several.
fn place(path: &str) -> String {
    let mut depth = 0;
    let plain = path.chars().filter(|character| {
        let bracket = matches!(character, '[' | ']' | '{' | '}');
        match character {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            _ => {}
        }
        depth == 0 && !bracket
    });
    plain.collect::<String>().replace("methods", "method")
}
