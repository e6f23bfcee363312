//! Why no answer came, in the words of the one vocabulary. Texts of the HTTP library show addresses with their query and
//! are never used.

use std::{error::Error, io};

use url::Url;

use super::{dns::NotResolved, identity, tls};
use crate::{provider::Refusal, reason::Reason};

/// What lies between us and a server: decides who is to blame.
#[derive(Debug)]
pub(super) struct Route {
    /// Host and port of the proxy.
    pub(super) proxy: Option<String>,
    /// We show a certificate to servers that ask for one.
    pub(super) shows_certificate: bool,
}

// === impl Route ===

impl Route {
    pub(super) fn classify(&self, error: &reqwest::Error, url: &Url) -> Refusal {
        self.at_proxy(error, url)
            .unwrap_or_else(|| self.at_server(error))
            .at(url)
    }

    /// A proxy answers requests for http targets itself; this is its own "no".
    pub(super) fn refused_by_proxy(&self, status: u16, url: &Url) -> Option<Refusal> {
        let proxy = self.proxy.as_deref()?;
        (status == 407 && url.scheme() == "http").then(|| {
            Refusal {
                http_status: Some(status),
                ..no_connection(&format!("the proxy {proxy} {ASKS_FOR_CREDENTIALS}"))
            }
            .at(url)
        })
    }

    /// Faults of the proxy, and on the way to it. Behind a tunnel, everything else is between us and the server.
    fn at_proxy(&self, error: &reqwest::Error, url: &Url) -> Option<Refusal> {
        let proxy = self.proxy.as_deref()?;
        let detail = match Tunnel::of(error) {
            Some(Tunnel::AsksForCredentials) => format!("the proxy {proxy} {ASKS_FOR_CREDENTIALS}"),
            Some(Tunnel::Refused) => format!(
                "the proxy {proxy} refused to connect to this host: it answered CONNECT with an error status, 403 if it \
                 does not allow the host, 502 to 504 if it cannot reach it"
            ),
            Some(Tunnel::Broken) => format!(
                "the proxy {proxy} ended the connection without an answer to CONNECT; it may not be a proxy"
            ),
            Some(Tunnel::NotReached) => unreached(proxy, error),
            None if url.scheme() == "http" && error.is_connect() => unreached(proxy, error),
            None => return None,
        };
        Some(no_connection(&detail))
    }

    fn at_server(&self, error: &reqwest::Error) -> Refusal {
        if let Some(words) = identity::judged(causes(error), self.shows_certificate) {
            return Refusal::new(Reason::ClientCertificateInvalid, words);
        }
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
            let detail = connecting(error);
            return no_connection(&match &self.proxy {
                Some(proxy) => format!("{detail}, through the proxy {proxy}"),
                None => detail.to_owned(),
            });
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
}

const ASKS_FOR_CREDENTIALS: &str =
    "refused with status 407: it asks for a user name and password, which are not supported";

fn no_connection(detail: &str) -> Refusal {
    Refusal::new(Reason::ConnectFailed, detail)
}

/// Why the proxy itself was not reached.
fn unreached(proxy: &str, error: &reqwest::Error) -> String {
    let why = if cause::<NotResolved>(error).is_some() {
        "its name has no address, or the DNS server does not answer".to_owned()
    } else if let Some(fault) = cause::<rustls::Error>(error) {
        tls::explain(fault)
    } else {
        connecting(error).to_owned()
    };
    format!("the proxy {proxy} cannot be reached: {why}")
}

fn connecting(error: &reqwest::Error) -> &'static str {
    match cause::<io::Error>(error).map(io::Error::kind) {
        _ if error.is_timeout() => "no connection within the time allowed",
        Some(io::ErrorKind::ConnectionRefused) => "the connection was refused",
        Some(io::ErrorKind::TimedOut) => "the host does not answer",
        Some(_) | None => "no connection to the host",
    }
}

/// What went wrong before a proxy had opened a tunnel.
#[derive(Clone, Copy)]
enum Tunnel {
    NotReached,
    AsksForCredentials,
    Refused,
    Broken,
}

// === impl Tunnel ===

impl Tunnel {
    /// The library's error has no type that can be named here, and keeps no status but 407; its texts are constants.
    fn of(error: &reqwest::Error) -> Option<Self> {
        let text = causes(error).map(ToString::to_string);
        let mut words =
            text.filter_map(|text| text.strip_prefix("tunnel error: ").map(str::to_owned));
        Some(match words.next()?.as_str() {
            "failed to create underlying connection" => Self::NotReached,
            "proxy authorization required" => Self::AsksForCredentials,
            "unsuccessful" => Self::Refused,
            _ => Self::Broken,
        })
    }
}

/// The error, and what caused it. I/O errors hide what they wrap from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error = *error;
        error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn Error + 'static))
            .or_else(|| error.source())
    })
}

/// The first cause of this type.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|error| error.downcast_ref())
}
