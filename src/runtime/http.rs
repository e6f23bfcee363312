//! The HTTP port of the providers: the only place that knows the HTTP library.
//!
//! One request is one attempt: no redirect, no retry, no cookie, no proxy from the environment, no decompression. The
//! answer is read to its end, within a time and a size. Certificates are checked against the system's roots and the
//! resource's bundle; neither must exist for the operator to start. A resource may name a proxy, and a certificate to
//! show to servers.

mod dns;
mod fault;
mod identity;
mod tls;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use zeroize::Zeroizing;

use crate::{
    provider::{
        Refusal, host_and_port,
        http::{BODY_LIMIT, ConnectionSettings, Connections, Http, Request, Response},
    },
    reason::Reason,
    sensitive::SecretBytes,
};
use fault::Route;
use tls::Roots;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_PER_HOST: usize = 8;
/// Serves bursts. Longer, and more servers have closed the connection by the time it is used again.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Ports that are kept; beyond, the one that was not used for longest goes.
const PORTS: usize = 256;

/// Ports by their settings, over one set of roots.
#[derive(Debug)]
pub struct HttpConnections {
    operator_allows_http: bool,
    roots: Roots,
    ports: Mutex<Ports>,
}

#[derive(Debug, Default)]
struct Ports {
    /// Counts uses; stands for time.
    uses: u64,
    by_settings: HashMap<ConnectionSettings, (u64, Arc<Port>)>,
}

/// One client of the HTTP library, and what it must not do.
#[derive(Debug)]
struct Port {
    client: reqwest::Client,
    allows_http: bool,
    route: Route,
}

// === impl HttpConnections ===

impl HttpConnections {
    /// Reads the system's roots once. `operator_allows_http`: resources may ask for http.
    pub fn new(operator_allows_http: bool) -> Self {
        Self {
            operator_allows_http,
            roots: Roots::of_system(),
            ports: Mutex::default(),
        }
    }

    fn port(&self, settings: &ConnectionSettings) -> Result<Port, Refusal> {
        let timeout = settings
            .timeout_milliseconds
            .map_or(DEFAULT_TIMEOUT, Duration::from_millis);
        let certificate = settings.client_certificate.as_ref();
        let tls = self
            .roots
            .client(settings.ca_bundle.as_deref(), certificate)?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(dns::System)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            // Half of a short timeout, so that a failure to connect is known as one.
            .connect_timeout(CONNECT_TIMEOUT.min(timeout / 2))
            .timeout(timeout)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("authkeeper/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(|_| no_client())?);
        }
        Ok(Port {
            client: builder.build().map_err(|_| no_client())?,
            allows_http: self.operator_allows_http && settings.allow_http,
            route: Route {
                proxy: settings.proxy.as_ref().and_then(host_and_port),
                shows_certificate: certificate.is_some(),
            },
        })
    }
}

impl Connections for HttpConnections {
    fn open(&self, settings: &ConnectionSettings) -> Result<Arc<dyn Http>, Refusal> {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(port) = ports.find(settings) {
            return Ok(port);
        }
        let port = Arc::new(self.port(settings)?);
        ports.keep(settings.clone(), Arc::clone(&port));
        Ok(port)
    }
}

// === impl Ports ===

impl Ports {
    fn find(&mut self, settings: &ConnectionSettings) -> Option<Arc<Port>> {
        self.uses += 1;
        let (used, port) = self.by_settings.get_mut(settings)?;
        *used = self.uses;
        Some(Arc::clone(port))
    }

    fn keep(&mut self, settings: ConnectionSettings, port: Arc<Port>) {
        if self.by_settings.len() >= PORTS {
            let oldest = self.by_settings.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(settings, _)| settings.clone()) {
                self.by_settings.remove(&oldest);
            }
        }
        self.by_settings.insert(settings, (self.uses, port));
    }
}

// === impl Port ===

impl Port {
    async fn exchange(&self, request: Request) -> Result<Response, Refusal> {
        let url = request.url.clone();
        self.check_scheme(&url)?;
        let mut sent = self
            .client
            .request(request.method, request.url)
            .headers(request.headers);
        if let Some(body) = request.body {
            sent = sent.body(body.expose().to_vec());
        }
        let classified = |error| self.route.classify(&error, &url);
        let answer = sent.send().await.map_err(classified)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        if let Some(refusal) = self.route.refused_by_proxy(status, &url) {
            return Err(refusal);
        }
        let body = read(answer, classified).await.map_err(|refusal| Refusal {
            http_status: Some(status),
            ..refusal.at(&url)
        })?;
        Ok(Response {
            status,
            headers,
            body,
        })
    }

    fn check_scheme(&self, url: &url::Url) -> Result<(), Refusal> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.allows_http => Ok(()),
            _ => Err(Refusal::new(
                Reason::EndpointNotAllowed,
                "only https is allowed; http needs connection.allowHttp and the consent of the operator",
            )
            .at(url)),
        }
    }
}

/// The whole body, or a refusal as soon as it is known to be too large.
async fn read(
    mut answer: reqwest::Response,
    classified: impl Fn(reqwest::Error) -> Refusal,
) -> Result<SecretBytes, Refusal> {
    let announced = answer.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |length| length > BODY_LIMIT) {
        return Err(too_large());
    }
    let mut body = Zeroizing::new(Vec::new());
    while let Some(part) = answer.chunk().await.map_err(&classified)? {
        if body.len() + part.len() > BODY_LIMIT {
            return Err(too_large());
        }
        body.extend_from_slice(&part);
    }
    Ok(SecretBytes::new(std::mem::take(&mut *body)))
}

fn no_client() -> Refusal {
    Refusal::new(Reason::InternalError, "the HTTP client could not be built")
}

fn too_large() -> Refusal {
    Refusal::new(
        Reason::ResponseTooLarge,
        format!("the answer has more than {BODY_LIMIT} bytes"),
    )
}

impl Http for Port {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Refusal>> {
        Box::pin(self.exchange(request))
    }
}
