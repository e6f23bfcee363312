//! What is applied before the operator starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{
    ApiResource, DynamicObject, GroupVersionKind, ListParams, ObjectMeta, Patch, PatchParams,
    PostParams,
};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::cluster::OPERATOR;

const MANAGER: &str = "authkeeper-demo";
const CRD: &str = "CustomResourceDefinition";
const ESTABLISHED: Duration = Duration::from_secs(15);

/// The resources the demo is about.
pub(super) fn configurations(client: &Client, namespace: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("authkeeper.dev", "v1alpha1", "AuthenticationConfiguration");
    Api::namespaced_with(client.clone(), namespace, &ApiResource::from_gvk(&kind))
}

/// The custom resource definitions of this checkout; one that is there already is left as it is.
pub(super) async fn definitions(client: &Client) -> Result<()> {
    let folder = checkout().join("crds");
    for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let definition = parse(&fs::read_to_string(&path)?)?;
            let name = definition["metadata"]["name"].as_str().unwrap_or_default();
            let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", CRD);
            let there: Api<DynamicObject> =
                Api::all_with(client.clone(), &ApiResource::from_gvk(&kind));
            if there.get_opt(name).await?.is_none() {
                apply(client, None, &definition).await?;
            }
        }
    }
    let configurations = configurations(client, "default");
    let served = async {
        while configurations.list(&ListParams::default()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(ESTABLISHED, served)
        .await
        .context("the API server does not serve AuthenticationConfigurations")
}

/// What is somebody else's is not taken over, because the demo removes its namespace at the end.
pub(super) async fn refuse_existing(client: &Client, name: &str) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    ensure!(
        namespaces.get_opt(name).await?.is_none(),
        "there is a namespace {name} already, and the demo removes its namespace at the end: delete it first"
    );
    Ok(())
}

/// A namespace of ours.
pub(super) async fn namespace(client: &Client, name: &str) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let labels = BTreeMap::from([(
        "app.kubernetes.io/created-by".to_owned(),
        MANAGER.to_owned(),
    )]);
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        labels: Some(labels),
        ..ObjectMeta::default()
    };
    let namespace = Namespace {
        metadata,
        ..Namespace::default()
    };
    namespaces
        .create(&PostParams::default(), &namespace)
        .await?;
    Ok(())
}

/// Was it made by [`namespace`]?
pub(super) fn is_ours(namespace: &Namespace) -> bool {
    let labels = namespace.metadata.labels.as_ref();
    labels
        .and_then(|labels| labels.get("app.kubernetes.io/created-by"))
        .is_some_and(|by| by == MANAGER)
}

/// The shipped role, bound to the user that the operator is.
pub(super) async fn role(client: &Client) -> Result<()> {
    let role = parse(&fs::read_to_string(checkout().join("config/rbac.yaml"))?)?;
    apply(client, None, &role).await?;
    let group = "rbac.authorization.k8s.io";
    let binding = json!({
        "apiVersion": format!("{group}/v1"), "kind": "ClusterRoleBinding",
        "metadata": { "name": OPERATOR },
        "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": role["metadata"]["name"] },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": OPERATOR }],
    });
    apply(client, None, &binding).await
}

/// The Secret with the client's id and secret.
pub(super) async fn source(client: &Client, namespace: &str, id: &str, secret: &str) -> Result<()> {
    let source = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "orders-client" },
        "stringData": { "client_id": id, "client_secret": secret },
    });
    apply(client, Some(namespace), &source).await
}

/// Writes the sample for the reader, and applies it.
pub(super) async fn sample(
    client: &Client,
    namespace: &str,
    token_url: &str,
    file: &Path,
) -> Result<()> {
    let text = include_str!("sample.yaml").replace(
        "http://127.0.0.1:1/token # the demo fills in the port of its identity provider",
        token_url,
    );
    fs::write(file, &text).with_context(|| format!("writing {}", file.display()))?;
    apply(client, Some(namespace), &parse(&text)?).await
}

async fn apply(client: &Client, namespace: Option<&str>, object: &Value) -> Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let name = text(&object["metadata"]["name"]);
    let (group, version) = version.split_once('/').unwrap_or(("", &version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind));
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let parameters = PatchParams::apply(MANAGER).force();
    api.patch(&name, &parameters, &Patch::Apply(object))
        .await
        .with_context(|| format!("applying {kind} {name}"))?;
    Ok(())
}

fn parse(text: &str) -> Result<Value> {
    serde_saphyr::from_str(text).context("reading YAML")
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
