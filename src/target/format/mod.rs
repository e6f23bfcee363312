//! Shapes of the data of a managed Secret, one per file.

mod basic_auth;
mod default;
mod docker;
mod dotenv;
mod env;
mod http_header;
mod json;
mod login;
mod netrc;

use std::{borrow::Cow, collections::BTreeMap};

pub(super) use json::KEY as JSON_KEY;

use super::{Published, fault::Fault};
use crate::{
    api::v1alpha1::{Format, Target},
    sensitive::SecretBytes,
};

/// Data of a Secret.
pub(super) type Data = BTreeMap<String, SecretBytes>;

/// What a format renders: a credential, and the target's wishes.
pub(super) struct Shape<'a> {
    pub(super) target: &'a Target,
    pub(super) published: Published<'a>,
    /// Everything that may be published, by its published name.
    pub(super) members: BTreeMap<&'a str, Cow<'a, str>>,
}

/// The data of a format, without templates.
pub(super) fn data(shape: &Shape<'_>) -> Result<Data, Fault> {
    match shape.format() {
        Format::Default => default::data(shape),
        Format::Env => Ok(env::data(shape)),
        Format::HttpHeader => http_header::data(shape),
        Format::BasicAuth => basic_auth::data(shape),
        Format::DockerConfigJson => docker::data(shape),
        Format::Netrc => netrc::data(shape),
        Format::Dotenv => Ok(dotenv::data(shape)),
        Format::Json => Ok(json::data(shape)),
        Format::Template => Ok(Data::new()),
    }
}

/// Type of the Secret that belongs to a format.
pub(super) fn kind(format: Format) -> &'static str {
    match format {
        Format::BasicAuth => "kubernetes.io/basic-auth",
        Format::DockerConfigJson => "kubernetes.io/dockerconfigjson",
        Format::Default
        | Format::Env
        | Format::HttpHeader
        | Format::Netrc
        | Format::Dotenv
        | Format::Json
        | Format::Template => "Opaque",
    }
}

/// Does the format say for whom the credential is?
pub(super) fn needs_hosts(format: Format) -> bool {
    matches!(format, Format::DockerConfigJson | Format::Netrc)
}

// === impl Shape ===

impl<'a> Shape<'a> {
    pub(super) fn new(target: &'a Target, published: Published<'a>) -> Self {
        let credential = published.credential;
        let mut members: BTreeMap<&str, Cow<'_, str>> = credential
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), Cow::Borrowed(value.expose())))
            .collect();
        members.insert("scheme", Cow::Borrowed(credential.scheme));
        if let Some(end) = published.expires_at {
            members.insert("expires_at", Cow::Owned(whole_seconds(end)));
            // A credential without an end has no schedule: this would only make its bytes change.
            if let Some(start) = published.obtained_at {
                members.insert("obtained_at", Cow::Owned(whole_seconds(start)));
            }
        }
        Self {
            target,
            published,
            members,
        }
    }

    fn format(&self) -> Format {
        self.target.format.unwrap_or_default()
    }

    fn member(&self, name: &str) -> Option<&str> {
        self.members.get(name).map(Cow::as_ref)
    }
}

/// RFC 3339 in UTC. Fractions are dropped, which states an end a little early and never late.
fn whole_seconds(time: jiff::Timestamp) -> String {
    jiff::Timestamp::from_second(time.as_second())
        .unwrap_or(time)
        .to_string()
}

fn bytes(text: &str) -> SecretBytes {
    SecretBytes::new(text)
}
