//! Everything that can be wrong with targets before a credential exists.

use std::collections::BTreeMap;

use super::{
    Rendered,
    fault::Fault,
    format,
    name::{
        allowed_type, is_label_value, is_object_name, is_secret_key, qualified, required_keys,
        reserved_annotation, reserved_label,
    },
    render::{attempt, type_of},
    sample,
};
use crate::{
    api::v1alpha1::{Format, Method, Origin, Source, Target},
    provider::Refusal,
};

/// What is to be validated.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub targets: &'a [Target],
    /// Per target, the templates of `templateFrom` by key of the Secret; shorter than `targets` means none.
    pub templates: &'a [BTreeMap<String, String>],
    /// The alternatives: each must be able to fill each target.
    pub methods: &'a [&'a Method],
    pub sources: &'a [Source],
    pub namespace: &'a str,
    pub name: &'a str,
}

/// Refuses with `InvalidSpec`, naming `targets[i]` and the member.
pub fn validate(subject: &Subject<'_>) -> Result<(), Refusal> {
    let none = BTreeMap::new();
    for (place, target) in subject.targets.iter().enumerate() {
        let templates = subject.templates.get(place).unwrap_or(&none);
        subject
            .name_of(place, target)
            .and_then(|()| labels_and_annotations(target))
            .and_then(|()| kind(target))
            .and_then(|()| shape(target))
            .and_then(|()| keys(target))
            .and_then(|()| subject.trials(target, templates))
            .map_err(|fault| fault.at(&format!("targets[{place}]")))?;
    }
    Ok(())
}

fn labels_and_annotations(target: &Target) -> Result<(), Fault> {
    for (name, value) in &target.labels {
        let member = format!("labels[{name:?}]");
        if reserved_label(name) {
            return Err(Fault::spec(member, "is reserved"));
        }
        if !qualified(name) || !is_label_value(value) {
            return Err(Fault::spec(member, "is not a valid label"));
        }
    }
    for name in target.annotations.keys() {
        let member = format!("annotations[{name:?}]");
        if reserved_annotation(name) {
            return Err(Fault::spec(member, "is reserved"));
        }
        if !qualified(name) {
            return Err(Fault::spec(member, "is not a valid annotation"));
        }
    }
    Ok(())
}

fn kind(target: &Target) -> Result<(), Fault> {
    if allowed_type(type_of(target)) {
        return Ok(());
    }
    Err(Fault::spec(
        "type",
        "must be Opaque, kubernetes.io/basic-auth, kubernetes.io/dockerconfigjson, kubernetes.io/tls, \
         kubernetes.io/ssh-auth, or a name outside the domains of Kubernetes and authkeeper",
    ))
}

fn shape(target: &Target) -> Result<(), Fault> {
    let format = target.format.unwrap_or_default();
    if format != Format::Default && !target.data.is_empty() {
        return Err(Fault::spec("data", "goes with format Default only"));
    }
    if format == Format::Template && target.template.is_empty() && target.template_from.is_empty() {
        return Err(Fault::spec("template", "format Template needs a template"));
    }
    if format::needs_hosts(format) && target.hosts.is_empty() {
        return Err(Fault::spec(
            "hosts",
            format!("format {format:?} needs a host"),
        ));
    }
    let unsuitable = |host: &String| {
        host.is_empty()
            || host.contains(|part: char| part.is_whitespace() || part.is_control())
            || host.contains('@')
    };
    match target.hosts.iter().position(unsuitable) {
        Some(place) => Err(Fault::spec(format!("hosts[{place}]"), "is not a host")),
        None => Ok(()),
    }
}

fn keys(target: &Target) -> Result<(), Fault> {
    let valid = |member: &str, key: &String| {
        if is_secret_key(key) {
            return Ok(());
        }
        Err(Fault::spec(
            format!("{member}[{key:?}]"),
            "is not a valid key of a Secret",
        ))
    };
    target.data.keys().try_for_each(|key| valid("data", key))?;
    target
        .template
        .keys()
        .try_for_each(|key| valid("template", key))?;
    for (place, from) in target.template_from.iter().enumerate() {
        let key = from.to.as_ref().unwrap_or(&from.key);
        valid("templateFrom", key)?;
        if target.template.contains_key(key) {
            return Err(Fault::spec(
                format!("templateFrom[{place}]"),
                format!("key {key} is also in template"),
            ));
        }
    }
    Ok(())
}

/// What a trial rendered, against what the API server will ask.
fn accepted(target: &Target, rendered: &Rendered) -> Result<(), Fault> {
    if let Some(key) = rendered.data.keys().find(|key| !is_secret_key(key)) {
        return Err(Fault::spec(
            "format",
            format!("would write {key}, which is not a valid key of a Secret"),
        ));
    }
    let (any, keys) = required_keys(type_of(target));
    let has = |key: &&str| rendered.data.contains_key(*key);
    let enough = if any {
        keys.iter().any(has)
    } else {
        keys.iter().all(has)
    };
    if enough || keys.is_empty() {
        return Ok(());
    }
    let joined = keys.join(if any { " or " } else { " and " });
    Err(Fault::spec(
        "type",
        format!("{} needs the key {joined}", type_of(target)),
    ))
}

// === impl Subject ===

impl Subject<'_> {
    fn name_of(&self, place: usize, target: &Target) -> Result<(), Fault> {
        let name = &target.name;
        if !is_object_name(name) {
            return Err(Fault::spec("name", "is not a valid name of a Secret"));
        }
        if self
            .targets
            .iter()
            .take(place)
            .any(|other| other.name == *name)
        {
            return Err(Fault::spec(
                "name",
                format!("{name} is the name of another target"),
            ));
        }
        let is_source = |source: &Source| source.origin() == Some(Origin::Secret(name));
        if self.sources.iter().any(is_source) {
            return Err(Fault::spec(
                "name",
                format!("Secret {name} is a source, which is never written: choose another name"),
            ));
        }
        if name.ends_with(".authkeeper-state") {
            return Err(Fault::spec("name", "must not end with .authkeeper-state"));
        }
        Ok(())
    }

    /// Every alternative must fill the target, or the day it is used a credential could not be published.
    fn trials(&self, target: &Target, templates: &BTreeMap<String, String>) -> Result<(), Fault> {
        for method in self.methods {
            let credential = sample::sample(&method.block);
            let published = sample::published(&credential);
            let tried = attempt(target, templates, &published, (self.namespace, self.name))
                .and_then(|rendered| accepted(target, &rendered));
            match tried {
                Err(fault) if !fault.depends_on_value => {
                    let problem = format!("{} (method {})", fault.problem, method.display_name());
                    return Err(Fault { problem, ..fault });
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
