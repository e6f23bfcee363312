//! What the providers that ask nobody share.

use super::{Input, Material, Refusal};
use crate::reason::Reason;

/// The principal; selection has found it unless somebody calls a provider by hand.
pub(super) fn principal<'a>(material: &'a Material, field: &str) -> Result<&'a Input, Refusal> {
    present(material.principal.as_ref(), field)
}

/// An input that must be there and hold more than blanks.
pub(super) fn present<'a>(input: Option<&'a Input>, field: &str) -> Result<&'a Input, Refusal> {
    input
        .filter(|input| !input.value.is_blank())
        .ok_or_else(|| {
            Refusal::new(
                Reason::NoMethodSatisfied,
                format!("no source has the field {field}"),
            )
        })
}

/// Names of header fields (RFC 9110 section 5.6.2).
pub(super) fn check_header_name(name: &str, member: &str) -> Result<(), Refusal> {
    match http::HeaderName::from_bytes(name.as_bytes()) {
        Ok(_) => Ok(()),
        Err(_) => Err(Refusal::new(
            Reason::InvalidSpec,
            format!("{member} is not the name of a header"),
        )),
    }
}
