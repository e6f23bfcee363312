use std::collections::BTreeMap;

use super::*;
use crate::sensitive::SecretBytes;

fn rendered() -> Rendered {
    Rendered {
        data: BTreeMap::from([("access_token".to_owned(), SecretBytes::new("e30"))]),
        kind: "Opaque".to_owned(),
        labels: BTreeMap::from([
            ("team".to_owned(), "shop".to_owned()),
            (annotation::MANAGED_BY.to_owned(), "helm".to_owned()),
        ]),
        annotations: BTreeMap::from([
            ("note".to_owned(), "mine".to_owned()),
            (annotation::OWNER.to_owned(), "shop/other".to_owned()),
        ]),
    }
}

fn marks() -> Marks {
    Marks {
        owner: "shop/orders".to_owned(),
        keys: vec!["stale".to_owned()],
        ..Marks::default()
    }
}

#[test]
fn a_first_write_can_only_create() {
    let manifest = manifest(
        "m",
        "shop",
        &rendered(),
        &marks(),
        None,
        &Precondition::Create,
    );
    assert_eq!(
        manifest.expose(),
        &json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "m",
                "namespace": "shop",
                "resourceVersion": "1",
                "labels": {"app.kubernetes.io/managed-by": "authkeeper", "team": "shop"},
                "annotations": {
                    "authkeeper.dev/keys": "access_token",
                    "authkeeper.dev/owner": "shop/orders",
                    "note": "mine",
                },
            },
            "type": "Opaque",
            "data": {"access_token": "ZTMw"},
        })
    );
}

#[test]
fn a_later_write_only_touches_the_object_that_was_seen() {
    let owner = OwnerReference {
        api_version: "authkeeper.dev/v1alpha1".to_owned(),
        kind: "AuthenticationConfiguration".to_owned(),
        name: "orders".to_owned(),
        uid: "a".to_owned(),
        controller: Some(true),
        block_owner_deletion: None,
    };
    let precondition = Precondition::Uid("u".to_owned());
    let manifest = manifest(
        "m",
        "shop",
        &rendered(),
        &marks(),
        Some(owner),
        &precondition,
    );
    let metadata = &manifest.expose()["metadata"];
    assert_eq!(metadata["uid"], "u");
    assert_eq!(metadata["resourceVersion"], Value::Null);
    assert_eq!(metadata["ownerReferences"][0]["uid"], "a");
    assert_eq!(
        metadata["ownerReferences"][0].get("blockOwnerDeletion"),
        None
    );
}

#[test]
fn debug_of_a_manifest_is_constant() {
    let manifest = manifest(
        "m",
        "shop",
        &rendered(),
        &marks(),
        None,
        &Precondition::Create,
    );
    assert_eq!(format!("{manifest:?}"), "Manifest(redacted)");
}
