//! Every example is accepted by the API server as it stands, and says the same to us as to the API server.

use authkeeper::api::v1alpha1::AuthenticationConfiguration;
use authkeeper_testbed::{Namespace, shared_control_plane};
use kube::{Api, ResourceExt as _};
use serde_json::Value;

use super::{files, install, kubectl, repository};

const EXAMPLES: &str = "examples";

fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap()
}

#[tokio::test]
async fn every_example_can_be_applied_and_reads_back_as_written() {
    let control_plane = shared_control_plane();
    let client = control_plane.client().await.unwrap();
    install(&client).await;
    let examples = files(EXAMPLES, ".yaml");
    assert!(examples.len() >= 8);
    for (file, text) in examples {
        let namespace = Namespace::create(control_plane, "example").await.unwrap();
        let path = repository(EXAMPLES).join(&file);
        let path = path.to_str().unwrap();
        let apply = [
            "apply",
            "--namespace",
            namespace.name(),
            "--validate=strict",
            "-f",
            path,
        ];
        let (said, succeeded) = kubectl(control_plane, &apply);
        assert!(succeeded && !said.contains("Warning"), "{file}: {said}");

        let api: Api<AuthenticationConfiguration> =
            Api::namespaced(client.clone(), namespace.name());
        let stored = api.list(&kube::api::ListParams::default()).await.unwrap();
        assert!(
            !stored.items.is_empty(),
            "{file} has no AuthenticationConfiguration"
        );
        for object in stored {
            let written = documents(&text).into_iter().find(|document| {
                document["metadata"]["name"] == object.name_any() && !document["spec"].is_null()
            });
            let read = serde_json::to_value(&object.spec).unwrap();
            assert_eq!(read, written.unwrap()["spec"], "{file}");
        }
    }
}

#[test]
fn every_example_brings_what_it_refers_to_and_no_namespace() {
    for (file, text) in files(EXAMPLES, ".yaml") {
        let documents = documents(&text);
        assert!(text.starts_with("# "), "{file} does not say what it shows");
        for document in &documents {
            assert!(
                document["metadata"]["namespace"].is_null(),
                "{file} has a namespace"
            );
        }
        let names = |kind: &str| -> Vec<&str> {
            let of_kind = documents.iter().filter(|document| document["kind"] == kind);
            of_kind
                .filter_map(|document| document["metadata"]["name"].as_str())
                .collect()
        };
        for source in documents
            .iter()
            .filter_map(|document| document["spec"]["sources"].as_array())
            .flatten()
        {
            if let Some(name) = source["secretRef"]["name"].as_str() {
                assert!(
                    names("Secret").contains(&name) || source["optional"] == true,
                    "{file}: {name}"
                );
            }
            if let Some(name) = source["configMapRef"]["name"].as_str() {
                assert!(names("ConfigMap").contains(&name), "{file}: {name}");
            }
        }
    }
}
