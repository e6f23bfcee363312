//! The request of a probe, made from a credential, and tried before there is one. Pure.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use regex::bytes::{Regex, RegexBuilder};
use url::Url;

use super::{
    fault::Fault,
    render::{Published, texts},
    sample,
};
use crate::{
    api::v1alpha1::{self, Probe},
    provider::{Refusal, http::Request},
    sensitive::SecretText,
};

/// Most memory for the compiled pattern, in bytes.
const PATTERN_LIMIT: usize = 1024 * 1024;

const WHERE: &str = "probe";

/// Refuses with `InvalidSpec` what no credential of these methods could be probed with.
pub fn validate(
    probe: &Probe,
    methods: &[&v1alpha1::Method],
    object: (&str, &str),
) -> Result<(), Refusal> {
    let refuse = |fault: Fault| fault.at(WHERE);
    pattern(probe).map_err(refuse)?;
    for method in methods {
        let credential = sample::sample(&method.block);
        match attempt(probe, &sample::published(&credential), object) {
            Err(fault) if !fault.depends_on_value => {
                let problem = format!("{} (method {})", fault.problem, method.display_name());
                return Err(refuse(Fault { problem, ..fault }));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// The request for this credential.
pub fn request(
    probe: &Probe,
    published: &Published<'_>,
    object: (&str, &str),
) -> Result<Request, Refusal> {
    attempt(probe, published, object).map_err(|fault| fault.at(WHERE))
}

/// Is the answer one of those that mean death?
pub fn means_death(probe: &Probe, status: u16, body: &[u8]) -> bool {
    let stated = probe.refresh_on.as_ref().map(|on| on.status.as_slice());
    let statuses = stated.filter(|statuses| !statuses.is_empty());
    let body_says = match pattern(probe) {
        Ok(None) => true,
        Ok(Some(pattern)) => pattern.is_match(body),
        Err(_) => false,
    };
    statuses.unwrap_or(&[401]).contains(&status) && body_says
}

fn pattern(probe: &Probe) -> Result<Option<Regex>, Fault> {
    let stated = probe.refresh_on.as_ref().and_then(|on| on.body.as_deref());
    let compile = |pattern: &str| {
        let built = RegexBuilder::new(pattern).size_limit(PATTERN_LIMIT).build();
        built.map_err(|_| Fault::spec("refreshOn.body", "is not a regular expression"))
    };
    stated.map(compile).transpose()
}

fn attempt(
    probe: &Probe,
    published: &Published<'_>,
    object: (&str, &str),
) -> Result<Request, Fault> {
    let method = probe.method.as_deref().unwrap_or("GET");
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| Fault::spec("method", "is not an HTTP method"))?;
    Ok(Request {
        method,
        url: address(probe, published, object)?,
        headers: headers(probe, published, object)?,
        body: None,
    })
}

/// The host is literal: what fills the template in must not decide where a credential is sent.
fn address(probe: &Probe, published: &Published<'_>, object: (&str, &str)) -> Result<Url, Fault> {
    let unusable = || Fault::spec("url", "is not an absolute URL whose host is written out");
    let (literal, _) = probe.url.split_once("{{").unwrap_or((&probe.url, ""));
    let (literal, _) = literal.split_once("{%").unwrap_or((literal, ""));
    let authority = literal.split_once("://").map(|(_, rest)| rest);
    let is_whole = literal.len() == probe.url.len()
        || authority.is_some_and(|rest| rest.contains(['/', '?', '#']));
    if !is_whole {
        return Err(unusable());
    }
    let templates = BTreeMap::from([("url".to_owned(), probe.url.clone())]);
    let rendered = texts("", &templates, published, object)?;
    let text = rendered.get("url").ok_or_else(unusable)?;
    if text
        .expose()
        .contains(|part: char| part.is_whitespace() || part.is_control())
    {
        let blank = Fault::spec("url", "has white space; use the filter urlenc");
        return Err(if is_literal(probe) {
            blank
        } else {
            blank.of_value()
        });
    }
    Url::parse(text.expose())
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
        .ok_or_else(unusable)
}

fn is_literal(probe: &Probe) -> bool {
    !probe.url.contains("{{") && !probe.url.contains("{%")
}

fn headers(
    probe: &Probe,
    published: &Published<'_>,
    object: (&str, &str),
) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    let own = published.credential.header.as_ref();
    let rendered = if probe.headers.is_empty() {
        own.map(|(name, value)| (name.clone(), SecretText::new(value.expose())))
            .into_iter()
            .collect()
    } else {
        texts("headers", &probe.headers, published, object)?
    };
    for (name, value) in rendered {
        let member = format!("headers[{name:?}]");
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Fault::spec(member.clone(), "is not the name of a header"))?;
        let mut value = HeaderValue::from_str(value.expose())
            .map_err(|_| Fault::spec(member, "cannot be sent in a header").of_value())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
