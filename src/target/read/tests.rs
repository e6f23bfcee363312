use serde_json::json;

use super::*;

fn meta(changes: &Value) -> ObjectMeta {
    let mut meta = json!({
        "name": "m",
        "namespace": "shop",
        "uid": "u",
        "resourceVersion": "7",
        "labels": {"app.kubernetes.io/managed-by": "authkeeper"},
        "annotations": {"authkeeper.dev/owner": "shop/orders", "authkeeper.dev/keys": "a,b"},
    });
    for (name, value) in changes.as_object().unwrap() {
        meta[name] = value.clone();
    }
    serde_json::from_value(meta).unwrap()
}

fn facts(changes: &Value) -> Facts {
    read(&meta(changes)).unwrap()
}

fn seen(changes: &Value) -> Ownership {
    ownership(&facts(changes), "shop", "orders", "uid-of-orders")
}

fn applied(manager: &str, operation: &str, keys: &[&str]) -> Value {
    let data: serde_json::Map<String, Value> = keys
        .iter()
        .map(|key| (format!("f:{key}"), json!({})))
        .collect();
    json!({
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": data, "f:type": {}},
    })
}

fn owner(kind: &str, name: &str, uid: &str) -> Value {
    let group = if kind == "AuthenticationConfiguration" {
        "authkeeper.dev"
    } else {
        "example.com"
    };
    json!([{"apiVersion": format!("{group}/v1alpha1"), "kind": kind, "name": name, "uid": uid, "controller": true}])
}

#[test]
fn what_was_never_stored_has_no_facts() {
    assert_eq!(read(&ObjectMeta::default()), None);
    let facts = facts(&json!({"deletionTimestamp": "2030-01-01T00:00:00Z"}));
    assert!(facts.deleting && facts.managed && facts.intact);
    assert_eq!(
        (facts.uid.as_str(), facts.resource_version.as_str()),
        ("u", "7")
    );
    assert_eq!(facts.marks.keys, ["a", "b"]);
}

#[test]
fn intact_means_that_our_apply_owns_every_key() {
    let ours = || applied("authkeeper", "Apply", &["a", "b"]);
    let intact = |entries: &[Value]| facts(&json!({"managedFields": entries})).intact;
    assert!(intact(&[ours()]));
    assert!(
        intact(&[applied("vault", "Update", &["verifier"]), ours()]),
        "others may add keys"
    );
    assert!(!intact(&[
        applied("authkeeper", "Apply", &["a"]),
        applied("kubectl-edit", "Update", &["b"])
    ]));
    assert!(!intact(&[applied("authkeeper", "Update", &["a", "b"])]));
    assert!(!intact(&[applied("velero", "Update", &["a", "b"])]));
    assert!(
        intact(&[]),
        "dropped before it was stored, after it was looked at"
    );
    let without_keys = json!({
        "annotations": {"authkeeper.dev/owner": "shop/orders"},
        "managedFields": [ours()],
    });
    assert!(!facts(&without_keys).intact, "a mark was removed");
}

#[test]
fn label_and_owner_annotation_decide() {
    assert_eq!(seen(&json!({})), Ownership::Ours);
    assert_eq!(
        seen(&json!({"labels": {}})),
        Ownership::Foreign { owner: None }
    );
    assert_eq!(
        seen(&json!({"annotations": {}})),
        Ownership::Foreign { owner: None }
    );
    assert_eq!(
        seen(&json!({"annotations": {"authkeeper.dev/owner": "shop/other"}})),
        Ownership::Foreign {
            owner: Some("shop/other".into())
        }
    );
    assert_eq!(
        seen(&json!({"annotations": {"authkeeper.dev/owner": "elsewhere/orders"}})),
        Ownership::Foreign {
            owner: Some("elsewhere/orders".into())
        }
    );
}

#[test]
fn an_owner_reference_of_an_earlier_life_does_not_matter() {
    let earlier = owner("AuthenticationConfiguration", "orders", "earlier");
    assert_eq!(seen(&json!({"ownerReferences": earlier})), Ownership::Ours);
    assert_eq!(
        facts(&json!({"ownerReferences": earlier})).owner_name,
        Some("orders".into())
    );
}

#[test]
fn a_controller_of_another_kind_keeps_what_it_has() {
    let other = owner("ExternalSecret", "orders", "x");
    let foreign = Ownership::Foreign { owner: None };
    assert_eq!(
        seen(&json!({"ownerReferences": other})),
        foreign,
        "two controllers are refused by the API server"
    );
}
