//! Keyed, versioned digests: `v1:<key id>:<mac>`. They tell whether something changed without saying what it is.
//!
//! A digest of another version or another key means "cannot tell", which is never a reason to ask for a credential.

use std::{collections::BTreeMap, fmt::Write as _};

use aws_lc_rs::hmac;
use k8s_openapi::ByteString;
use serde::Serialize;
use serde_json::Value;

use crate::{
    api::v1alpha1::{AuthenticationConfigurationSpec, Method, Target},
    field::Role,
    provider::{Credential, Input, Material},
    sensitive::SecretBytes,
};

const VERSION: &str = "v1";

/// Bytes of the MAC that are kept: 128 bits, enough against chance, short enough for an annotation.
const KEPT: usize = 16;

/// The key of this installation.
#[derive(Debug)]
pub struct DigestKey {
    /// Public name of the key: at most 16 hexadecimal digits.
    pub id: String,
    pub key: SecretBytes,
}

/// Parts that go into one digest. Each is preceded by its length, so that no two lists of parts look alike.
struct Parts(hmac::Context);

/// What a credential was obtained with: the block of the method and the values it resolved.
pub fn grant(key: &DigestKey, method: &Method, material: &Material) -> String {
    let mut parts = Parts::new(key, "grant");
    parts.json(&method.block);
    let mut input = |role: Role, input: &Input| {
        parts.json(&role);
        parts.text(&input.field);
        parts.text(input.value.expose());
    };
    material
        .principal
        .iter()
        .for_each(|found| input(Role::Principal, found));
    material
        .credential
        .iter()
        .for_each(|found| input(Role::Credential, found));
    material
        .auxiliary
        .values()
        .for_each(|found| input(Role::Auxiliary, found));
    parts.finish(key)
}

/// How a Secret is to look. `templates` are those of `templateFrom`, by key of the Secret.
pub fn publish(key: &DigestKey, target: &Target, templates: &BTreeMap<String, String>) -> String {
    let mut parts = Parts::new(key, "publish");
    // Whom it restarts is no part of its looks.
    parts.json(&Target {
        restart: Vec::new(),
        ..target.clone()
    });
    parts.json(templates);
    parts.finish(key)
}

/// The data of a Secret, as rendered.
pub fn content(key: &DigestKey, data: &BTreeMap<String, SecretBytes>) -> String {
    digest_of_data(
        key,
        data.iter()
            .map(|(name, value)| (name.as_str(), value.expose())),
    )
}

/// The data of a Secret, as stored: only the keys that are ours. Equal to [`content`] of the same bytes.
pub fn stored_content(
    key: &DigestKey,
    data: &BTreeMap<String, ByteString>,
    keys: &[String],
) -> String {
    digest_of_data(
        key,
        data.iter()
            .filter(|(name, _)| keys.contains(name))
            .map(|(name, value)| (name.as_str(), value.0.as_slice())),
    )
}

/// The members of a credential, however and whenever it is rendered: tells whether the same token came back.
pub fn credential(key: &DigestKey, credential: &Credential) -> String {
    let mut parts = Parts::new(key, "credential");
    for (name, value) in &credential.values {
        parts.text(name);
        parts.text(value.expose());
    }
    parts.finish(key)
}

/// Everything in the spec that is judged together with the sources: tells an edit of it without reading a source.
pub fn spec(key: &DigestKey, spec: &AuthenticationConfigurationSpec) -> String {
    let mut parts = Parts::new(key, "spec");
    parts.json(&spec.alternatives());
    parts.json(&spec.sources);
    parts.json(&spec.selection);
    parts.json(&spec.key_matching);
    parts.json(&spec.connection);
    parts.json(&spec.probe);
    parts.finish(key)
}

/// Can a digest be compared with one made now? Only with the same version and the same key.
pub fn comparable(digest: &str, key: &DigestKey) -> bool {
    let mut members = digest.splitn(3, ':');
    members.next() == Some(VERSION) && members.next() == Some(key.id.as_str())
}

fn digest_of_data<'a>(key: &DigestKey, data: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut parts = Parts::new(key, "content");
    for (name, value) in data {
        parts.text(name);
        parts.bytes(value);
    }
    parts.finish(key)
}

// === impl Parts ===

impl Parts {
    fn new(key: &DigestKey, purpose: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.key.expose());
        let mut parts = Self(hmac::Context::with_key(&key));
        parts.text(purpose);
        parts
    }

    fn bytes(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    fn text(&mut self, part: &str) {
        self.bytes(part.as_bytes());
    }

    /// What cannot be serialised counts as absent; none of our types can fail.
    fn json(&mut self, part: &impl Serialize) {
        let mut text = String::new();
        canonical(
            &serde_json::to_value(part).unwrap_or(Value::Null),
            &mut text,
        );
        self.text(&text);
    }

    fn finish(self, key: &DigestKey) -> String {
        let mac = self.0.sign();
        let kept: String = mac.as_ref().iter().take(KEPT).fold(
            String::with_capacity(2 * KEPT),
            |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            },
        );
        format!("{VERSION}:{}:{kept}", key.id)
    }
}

/// JSON with sorted members and without absent ones, so that neither the order of fields in our types nor a member
/// that a later release adds changes a digest.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members
                .iter()
                .filter(|(_, member)| !member.is_null())
                .collect();
            text.push('{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                canonical(member, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                canonical(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
