//! Sources: at which version they are, and what is in them. Reading happens once a round, and only when it must.

use std::collections::BTreeMap;

use kube::api::ObjectMeta;

use super::{
    Error,
    context::Context,
    mirror::{Key, Kind, Known},
};
use crate::{
    api::v1alpha1::{Origin, Source, Target},
    provider::Refusal,
    reason::Reason,
    selection::{SourceData, SourceKind},
    sensitive::SecretBytes,
    target::SourceVersion,
};

/// The version of literal values: they change with the spec only.
const VALUES: &str = "values";

/// The version of every source, by metadata alone.
pub(super) async fn versions(
    context: &Context,
    namespace: &str,
    sources: &[Source],
) -> Result<Vec<SourceVersion>, Error> {
    let mut versions = Vec::with_capacity(sources.len());
    for source in sources {
        let version = match source.origin() {
            Some(Origin::Secret(name)) => {
                object_version(context, Kind::Secret, namespace, name).await?
            }
            Some(Origin::ConfigMap(name)) => {
                object_version(context, Kind::ConfigMap, namespace, name).await?
            }
            Some(Origin::Values(_)) | None => Some(VALUES.to_owned()),
        };
        versions.push(SourceVersion {
            name: source.display_name().to_owned(),
            version,
        });
    }
    Ok(versions)
}

/// The versions of the `ConfigMap`s that templates of a target are kept in, by key of the managed Secret.
pub(super) async fn template_versions(
    context: &Context,
    namespace: &str,
    target: &Target,
) -> Result<BTreeMap<String, String>, Error> {
    let mut versions = BTreeMap::new();
    for from in &target.template_from {
        let version = object_version(context, Kind::ConfigMap, namespace, &from.config_map).await?;
        let version = version.unwrap_or_else(|| "absent".to_owned());
        versions.insert(from.to.clone().unwrap_or_else(|| from.key.clone()), version);
    }
    Ok(versions)
}

async fn object_version(
    context: &Context,
    kind: Kind,
    namespace: &str,
    name: &str,
) -> Result<Option<String>, Error> {
    let key = Key {
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    Ok(match known(context, &key).await?.0 {
        Known::Present(facts) => Some(format!("{}/{}", facts.uid, facts.resource_version)),
        Known::Absent | Known::Unknown => None,
    })
}

/// What is known of an object; asks the API server when nothing was heard, and says whether it did.
pub(super) async fn known(context: &Context, key: &Key) -> Result<(Known, bool), Error> {
    let known = context.known().mirror.get(key);
    match known {
        Known::Present(_) | Known::Absent => Ok((known, false)),
        Known::Unknown => Ok((asked(context, key).await?, true)),
    }
}

/// What the API server itself says of an object.
pub(super) async fn asked(context: &Context, key: &Key) -> Result<Known, Error> {
    let since = context.known().mirror.now();
    let meta: Option<ObjectMeta> = match key.kind {
        Kind::Secret => context
            .cluster
            .secret_metadata(&key.namespace, &key.name)
            .await?
            .map(|object| object.metadata),
        Kind::ConfigMap => context
            .cluster
            .config_map_metadata(&key.namespace, &key.name)
            .await?
            .map(|object| object.metadata),
    };
    let mut known = context.known();
    if let Some(meta) = meta {
        known.mirror.apply(key.clone(), &meta);
        return Ok(known.mirror.get(key));
    }
    known.mirror.answered_absent(key, since);
    match known.mirror.get(key) {
        Known::Unknown | Known::Absent => Ok(Known::Absent),
        Known::Present(facts) => Ok(Known::Present(facts)),
    }
}

/// Reads every source: one request each.
pub(super) async fn read(
    context: &Context,
    namespace: &str,
    sources: &[Source],
) -> Result<Vec<SourceData>, Error> {
    let mut data = Vec::with_capacity(sources.len());
    for source in sources {
        let Some(origin) = source.origin() else {
            continue;
        };
        let (kind, object, values) = match origin {
            Origin::Secret(name) => (
                SourceKind::Secret,
                name,
                secret(context, namespace, name).await?,
            ),
            Origin::ConfigMap(name) => (
                SourceKind::ConfigMap,
                name,
                config_map(context, namespace, name).await?,
            ),
            Origin::Values(values) => {
                let literal = |(key, value): (&String, &String)| {
                    (key.clone(), SecretBytes::new(value.as_bytes()))
                };
                (
                    SourceKind::Values,
                    "",
                    Some(values.iter().map(literal).collect()),
                )
            }
        };
        let (name, object) = (source.display_name().to_owned(), object.to_owned());
        data.push(SourceData {
            name,
            kind,
            object,
            values,
            optional: source.is_optional(),
        });
    }
    Ok(data)
}

type Values = BTreeMap<String, SecretBytes>;

async fn secret(context: &Context, namespace: &str, name: &str) -> Result<Option<Values>, Error> {
    let secret = context.cluster.secret(namespace, name).await?;
    Ok(secret.map(|secret| {
        secret
            .data
            .unwrap_or_default()
            .into_iter()
            .map(|(key, value)| (key, SecretBytes::new(value.0)))
            .collect()
    }))
}

async fn config_map(
    context: &Context,
    namespace: &str,
    name: &str,
) -> Result<Option<Values>, Error> {
    let config_map = context.cluster.config_map(namespace, name).await?;
    Ok(config_map.map(|config_map| {
        let text = config_map.data.unwrap_or_default().into_iter();
        let text = text.map(|(key, value)| (key, SecretBytes::new(value)));
        let binary = config_map.binary_data.unwrap_or_default().into_iter();
        text.chain(binary.map(|(key, value)| (key, SecretBytes::new(value.0))))
            .collect()
    }))
}

/// The templates of a target that are kept in `ConfigMap`s, by key of the managed Secret.
pub(super) async fn templates(
    context: &Context,
    namespace: &str,
    target: &Target,
) -> Result<Result<BTreeMap<String, String>, Refusal>, Error> {
    let mut templates = BTreeMap::new();
    for from in &target.template_from {
        let missing = |what: &str| {
            Refusal::new(
                Reason::SourceNotFound,
                format!("ConfigMap {}: {what}", from.config_map),
            )
        };
        let Some(config_map) = context
            .cluster
            .config_map(namespace, &from.config_map)
            .await?
        else {
            return Ok(Err(missing("it does not exist")));
        };
        let Some(text) = config_map.data.unwrap_or_default().remove(&from.key) else {
            return Ok(Err(missing(&format!("it has no key {}", from.key))));
        };
        templates.insert(from.to.clone().unwrap_or_else(|| from.key.clone()), text);
    }
    Ok(Ok(templates))
}
