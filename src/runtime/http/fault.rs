//! Why no answer came, in the words of the one vocabulary. Texts of the HTTP library show addresses with their query and
//! are never used.

use std::error::Error;

use super::{dns::NotResolved, tls};
use crate::{provider::Refusal, reason::Reason};

pub(super) fn classify(error: &reqwest::Error) -> Refusal {
    if cause::<NotResolved>(error).is_some() {
        return Refusal::new(
            Reason::DNSFailure,
            "the host name has no address, or the DNS server does not answer",
        );
    }
    if let Some(fault) = cause::<rustls::Error>(error) {
        return Refusal::new(Reason::TLSFailure, tls::explain(fault));
    }
    if error.is_connect() {
        let detail = match cause::<std::io::Error>(error).map(std::io::Error::kind) {
            _ if error.is_timeout() => "no connection within the time allowed",
            Some(std::io::ErrorKind::ConnectionRefused) => "the connection was refused",
            Some(std::io::ErrorKind::TimedOut) => "the host does not answer",
            Some(_) | None => "no connection to the host",
        };
        return Refusal::new(Reason::ConnectFailed, detail);
    }
    if error.is_builder() {
        return Refusal::new(Reason::InternalError, "the request could not be built");
    }
    let detail = if error.is_timeout() {
        "the answer was not complete within the time allowed"
    } else {
        "the connection ended before the answer was complete"
    };
    Refusal::new(Reason::ResponseLost, detail)
}

/// The first cause of this type. I/O errors hide what they wrap from `source`.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<std::io::Error>() {
            Some(io) => io
                .get_ref()
                .map(|inner| inner as &(dyn Error + 'static))
                .or_else(|| error.source()),
            None => error.source(),
        };
    }
    None
}
