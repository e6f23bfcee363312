//! From a credential to the data of a Secret.

use std::collections::BTreeMap;

use jiff::Timestamp;
use minijinja::Value;

use super::{
    fault::Fault,
    format::{self, Shape},
    template,
};
use crate::{
    api::v1alpha1::{Target, annotation},
    provider::{Credential, Refusal},
    sensitive::{SecretBytes, SecretText},
};

/// A credential that is to be published.
#[derive(Clone, Copy, Debug)]
pub struct Published<'a> {
    pub credential: &'a Credential,
    /// When it was asked for; none for static credentials.
    pub obtained_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
}

/// What a managed Secret holds, the marks left out.
#[derive(Debug)]
pub struct Rendered {
    pub data: BTreeMap<String, SecretBytes>,
    /// Type of the Secret.
    pub kind: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
}

/// Renders one target. `templates` are those of `templateFrom`, by key of the Secret; `object` is namespace and name
/// of the configuration.
pub fn render(
    target: &Target,
    templates: &BTreeMap<String, String>,
    published: &Published<'_>,
    object: (&str, &str),
) -> Result<Rendered, Refusal> {
    attempt(target, templates, published, object)
        .map_err(|fault| fault.at(&format!("target {}", target.name)))
}

/// Renders templates that are not part of a target, as the headers of a probe. `what` is the member that holds them;
/// empty: each is a member of its own.
pub(super) fn texts(
    what: &str,
    templates: &BTreeMap<String, String>,
    published: &Published<'_>,
    object: (&str, &str),
) -> Result<BTreeMap<String, SecretText>, Fault> {
    let target = Target::default();
    let context = context(&Shape::new(&target, *published), object);
    let render = |(key, template): (&String, &String)| {
        let member = match what {
            "" => key.clone(),
            what => format!("{what}[{key:?}]"),
        };
        let output =
            template::render(template, &context).map_err(|error| Fault::template(member, error))?;
        Ok((key.clone(), SecretText::new(output)))
    };
    templates.iter().map(render).collect()
}

/// Type of the Secret of a target.
pub fn type_of(target: &Target) -> &str {
    target
        .kind
        .as_deref()
        .unwrap_or_else(|| format::kind(target.format.unwrap_or_default()))
}

/// As [`render`], without saying which target it was.
pub(super) fn attempt(
    target: &Target,
    templates: &BTreeMap<String, String>,
    published: &Published<'_>,
    object: (&str, &str),
) -> Result<Rendered, Fault> {
    let shape = Shape::new(target, *published);
    let mut data = format::data(&shape)?;
    let context = context(&shape, object);
    let inline = target.template.iter().map(|named| ("template", named));
    let referred = templates.iter().map(|named| ("templateFrom", named));
    // Templates come last: what a later release adds to a format must not displace a key of the user.
    for (member, (key, template)) in referred.chain(inline) {
        let output = template::render(template, &context)
            .map_err(|error| Fault::template(format!("{member}[{key:?}]"), error))?;
        data.insert(key.clone(), SecretBytes::new(output));
    }
    if data.is_empty() {
        return Err(Fault::spec("template", "there is nothing to write"));
    }
    let (labels, annotations) = appearance(target);
    Ok(Rendered {
        data,
        kind: type_of(target).to_owned(),
        labels,
        annotations,
    })
}

/// Labels and annotations of the Secret of a target, the marks left out. Reloader would restart every consumer at every
/// refresh, unless the target wants that.
pub fn appearance(target: &Target) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let mut annotations = target.annotations.clone();
    annotations
        .entry(annotation::RELOADER_IGNORE.to_owned())
        .or_insert_with(|| "true".to_owned());
    (target.labels.clone(), annotations)
}

fn context(shape: &Shape<'_>, (namespace, name): (&str, &str)) -> Value {
    let members = shape.members.iter();
    let credential =
        Value::from_pairs(members.map(|(name, value)| (*name, Value::from(value.as_ref()))));
    let metadata = Value::from_pairs([("namespace", namespace), ("name", name)]);
    Value::from_pairs([("credential", credential), ("metadata", metadata)])
}

#[cfg(test)]
mod tests;
