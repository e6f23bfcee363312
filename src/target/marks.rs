//! The annotations of a managed Secret, as facts. They are the truth that a restarted operator reads.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::api::v1alpha1::annotation;

/// What a managed Secret says about its credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// `<namespace>/<name>` of the configuration.
    pub owner: String,
    pub issued_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub expiry_source: Option<String>,
    pub grant: Option<String>,
    /// Digest of everything in the spec that selection depends on.
    pub spec: Option<String>,
    pub publish: Option<String>,
    pub content: Option<String>,
    /// Digest of the credential alone: tells whether the same token came back.
    pub credential: Option<String>,
    /// Names of the data keys that are ours.
    pub keys: Vec<String>,
    pub sources: Vec<SourceVersion>,
    pub method: Option<String>,
    pub generation: Option<i64>,
    pub handled_refresh_request: Option<String>,
    /// How often the same token came back in a row.
    pub repeats: u8,
}

/// A source at a version: what was read when the credential was obtained.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceVersion {
    pub name: String,
    /// uid and resourceVersion; none when the object was absent. Literal values have the version `values`.
    pub version: Option<String>,
}

// === impl Marks ===

impl Marks {
    /// Reads the marks; what is missing or unreadable is absent.
    pub fn read(annotations: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| annotations.get(name).cloned();
        let time = |name: &str| annotations.get(name).and_then(|text| text.parse().ok());
        Self {
            owner: text(annotation::OWNER).unwrap_or_default(),
            issued_at: time(annotation::ISSUED_AT),
            expires_at: time(annotation::EXPIRES_AT),
            expiry_source: text(annotation::EXPIRY_SOURCE),
            grant: text(annotation::GRANT),
            spec: text(annotation::SPEC),
            publish: text(annotation::PUBLISH),
            content: text(annotation::CONTENT),
            credential: text(annotation::CREDENTIAL),
            keys: list(annotations.get(annotation::KEYS))
                .map(str::to_owned)
                .collect(),
            sources: list(annotations.get(annotation::SOURCES))
                .map(SourceVersion::read)
                .collect(),
            method: text(annotation::METHOD),
            generation: annotations
                .get(annotation::GENERATION)
                .and_then(|text| text.parse().ok()),
            handled_refresh_request: text(annotation::HANDLED_REFRESH_REQUEST),
            repeats: annotations
                .get(annotation::REPEATS)
                .and_then(|text| text.parse().ok())
                .unwrap_or(0),
        }
    }

    pub fn write(&self) -> BTreeMap<String, String> {
        let joined = |list: Vec<String>| (!list.is_empty()).then(|| list.join(","));
        [
            (annotation::OWNER, Some(self.owner.clone())),
            (
                annotation::ISSUED_AT,
                self.issued_at.map(|time| time.to_string()),
            ),
            (
                annotation::EXPIRES_AT,
                self.expires_at.map(|time| time.to_string()),
            ),
            (annotation::EXPIRY_SOURCE, self.expiry_source.clone()),
            (annotation::GRANT, self.grant.clone()),
            (annotation::SPEC, self.spec.clone()),
            (annotation::PUBLISH, self.publish.clone()),
            (annotation::CONTENT, self.content.clone()),
            (annotation::CREDENTIAL, self.credential.clone()),
            (annotation::KEYS, joined(self.keys.clone())),
            (
                annotation::SOURCES,
                joined(self.sources.iter().map(SourceVersion::write).collect()),
            ),
            (annotation::METHOD, self.method.clone()),
            (
                annotation::GENERATION,
                self.generation.map(|generation| generation.to_string()),
            ),
            (
                annotation::HANDLED_REFRESH_REQUEST,
                self.handled_refresh_request.clone(),
            ),
            (
                annotation::REPEATS,
                (self.repeats > 0).then(|| self.repeats.to_string()),
            ),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}

fn list(text: Option<&String>) -> impl Iterator<Item = &str> {
    text.map(String::as_str)
        .unwrap_or_default()
        .split(',')
        .filter(|part| !part.is_empty())
}

// === impl SourceVersion ===

impl SourceVersion {
    fn read(text: &str) -> Self {
        match text.split_once('=') {
            Some((name, "absent")) => Self {
                name: name.to_owned(),
                version: None,
            },
            Some((name, version)) => Self {
                name: name.to_owned(),
                version: Some(version.to_owned()),
            },
            None => Self {
                name: text.to_owned(),
                version: None,
            },
        }
    }

    fn write(&self) -> String {
        format!(
            "{}={}",
            self.name,
            self.version.as_deref().unwrap_or("absent")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_read_back_as_written() {
        let marks = Marks {
            owner: "shop/orders".into(),
            issued_at: Some("2026-01-01T00:00:00.25Z".parse().unwrap()),
            expires_at: Some("2026-01-01T01:00:00Z".parse().unwrap()),
            expiry_source: Some("expires_in".into()),
            grant: Some("v1:a:b".into()),
            spec: Some("v1:a:e".into()),
            publish: Some("v1:a:c".into()),
            content: Some("v1:a:d".into()),
            credential: Some("v1:a:f".into()),
            keys: vec!["access_token".into(), "token_type".into()],
            sources: vec![
                SourceVersion {
                    name: "one".into(),
                    version: Some("uid/12".into()),
                },
                SourceVersion {
                    name: "two".into(),
                    version: None,
                },
            ],
            method: Some("OAuthClientCredentials".into()),
            generation: Some(3),
            handled_refresh_request: Some("a, b=c".into()),
            repeats: 2,
        };
        assert_eq!(Marks::read(&marks.write()), marks);
        assert_eq!(Marks::read(&BTreeMap::new()), Marks::default());
    }
}
