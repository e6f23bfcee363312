//! A proxy between an operator and the API server that delays what watches say and breaks chosen
//! requests.
//!
//! It ends TLS, so a client certificate cannot pass: it has an identity of its own for the API server
//! and accepts every client.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream};
use http::request::Parts;
use http::{HeaderMap, Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::control_plane::ControlPlane;
use crate::http_server::{Body, HttpServer, Reply, streamed, whole};
use crate::kubeconfig;
use crate::pki::Identity;

/// What happens to a chosen request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status at once; the API server never sees the request.
    Status(u16),
    /// The connection is closed; the API server never sees the request.
    CutBefore,
    /// The API server carries the request out, but its answer is lost.
    CutAfter,
    /// The request is held back for a while.
    Delay(Duration),
}

/// The proxy; stops when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    server: HttpServer,
    faults: Arc<Mutex<Faults>>,
    kubeconfig: PathBuf,
}

#[derive(Debug, Default)]
struct Faults {
    watch_delay: Duration,
    rules: Vec<Rule>,
    injected: usize,
}

struct Rule {
    fault: Fault,
    left: usize,
    chosen: Box<dyn Fn(&Parts) -> bool + Send + Sync>,
}

/// The API server as the proxy sees it.
#[derive(Debug)]
struct Upstream {
    url: String,
    client: reqwest::Client,
    faults: Arc<Mutex<Faults>>,
}

// === impl FaultProxy ===

impl FaultProxy {
    /// Starts one that is the given user for the API server ([`ControlPlane::identity_for`]).
    pub fn start(control_plane: &ControlPlane, user: &Identity) -> Result<Self> {
        let authority = control_plane.authority();
        let faults = Arc::new(Mutex::new(Faults::default()));
        let client = upstream_client(&authority.certificate_pem, user)?;
        let url = control_plane.url().to_owned();
        let upstream = Arc::new(Upstream {
            url,
            client,
            faults: Arc::clone(&faults),
        });
        let service = Arc::new(move |request| Arc::clone(&upstream).reply(request).boxed());
        let server = HttpServer::start(Some(&authority.server(&["127.0.0.1"])?), service)?;
        let folder = tempfile::Builder::new()
            .prefix("proxy-")
            .tempdir_in(control_plane.folder())?
            .keep();
        let kubeconfig = folder.join("kubeconfig");
        kubeconfig::write(
            &kubeconfig,
            &format!("https://{}", server.address()),
            &authority.certificate_pem,
            None,
        )?;
        Ok(Self {
            server,
            faults,
            kubeconfig,
        })
    }

    /// The kubeconfig that leads through the proxy.
    pub fn kubeconfig_path(&self) -> &Path {
        &self.kubeconfig
    }

    /// Everything that watches say arrives so much later, from now on.
    pub fn delay_watches(&self, delay: Duration) {
        self.faults().watch_delay = delay;
    }

    /// Breaks the next so many requests that are chosen. Of several rules the first that matches counts.
    pub fn inject(
        &self,
        fault: Fault,
        times: usize,
        chosen: impl Fn(&Parts) -> bool + Send + Sync + 'static,
    ) {
        self.faults().rules.push(Rule {
            fault,
            left: times,
            chosen: Box::new(chosen),
        });
    }

    /// How many requests were broken so far.
    pub fn injected(&self) -> usize {
        self.faults().injected
    }

    /// No faults and no delay from now on.
    pub fn heal(&self) {
        let mut faults = self.faults();
        faults.watch_delay = Duration::ZERO;
        faults.rules.clear();
    }

    /// Closes the port and cuts every connection, or opens the same port again.
    pub fn set_open(&self, open: bool) -> Result<()> {
        self.server.set_open(open)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }
}

fn lock(faults: &Mutex<Faults>) -> MutexGuard<'_, Faults> {
    faults.lock().unwrap_or_else(PoisonError::into_inner)
}

fn upstream_client(authority_pem: &str, user: &Identity) -> Result<reqwest::Client> {
    crate::crypto::install();
    let identity = format!("{}{}", user.certificate_pem, user.key_pem);
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(authority_pem.as_bytes())?])
        .identity(reqwest::Identity::from_pem(identity.as_bytes())?)
        .build()?;
    Ok(client)
}

/// Whether the request is a watch.
pub fn is_watch(head: &Parts) -> bool {
    let query = head.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name == "watch" && (value == "true" || value == "1"))
}

// === impl Faults ===

impl Faults {
    fn next(&mut self, head: &Parts) -> Option<Fault> {
        let rule = self
            .rules
            .iter_mut()
            .find(|rule| rule.left > 0 && (rule.chosen)(head))?;
        rule.left -= 1;
        self.injected += 1;
        Some(rule.fault)
    }
}

// === impl Upstream ===

impl Upstream {
    async fn reply(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return Reply::Drop;
        };
        let fault = lock(&self.faults).next(&head);
        match fault {
            Some(Fault::CutBefore) => return Reply::Drop,
            Some(Fault::Status(status)) => return refusal(status),
            Some(Fault::Delay(delay)) => tokio::time::sleep(delay).await,
            Some(Fault::CutAfter) | None => {}
        }
        let answered = self.forward(&head, body.to_bytes()).await;
        match answered {
            Ok(response) if fault != Some(Fault::CutAfter) => Reply::Answer(response),
            Ok(_) | Err(_) => Reply::Drop,
        }
    }

    async fn forward(&self, head: &Parts, body: Bytes) -> Result<Response<Body>> {
        let url = format!("{}{}", self.url, head.uri);
        let request = self
            .client
            .request(head.method.clone(), url)
            .headers(end_to_end(&head.headers))
            .body(body);
        let answer = request.send().await?;
        let mut response = Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.extend(end_to_end(answer.headers()));
        }
        let body = if is_watch(head) {
            self.watch(answer)
        } else {
            whole(answer.bytes().await?)
        };
        Ok(response.body(body)?)
    }

    /// Passes on what a watch says, each piece after the delay that was set when it came.
    fn watch(&self, answer: reqwest::Response) -> Body {
        let (sender, receiver) = unbounded_channel();
        tokio::spawn(pump(answer, sender, Arc::clone(&self.faults)));
        streamed(stream::unfold(receiver, |mut receiver| async {
            let (due, chunk) = receiver.recv().await?;
            tokio::time::sleep_until(due).await;
            Some((Ok(chunk), receiver))
        }))
    }
}

/// Reads the answer as it comes, until it ends or nobody listens any more.
async fn pump(
    answer: reqwest::Response,
    sender: UnboundedSender<(Instant, Bytes)>,
    faults: Arc<Mutex<Faults>>,
) {
    let mut chunks = answer.bytes_stream();
    loop {
        tokio::select! {
            () = sender.closed() => return,
            chunk = chunks.next() => {
                let Some(Ok(chunk)) = chunk else { return };
                let due = Instant::now() + lock(&faults).watch_delay;
                if sender.send((due, chunk)).is_err() {
                    return;
                }
            }
        }
    }
}

/// The headers that are not about one connection.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ] {
        headers.remove(name);
    }
    headers
}

/// An answer as the API server gives it.
fn refusal(status: u16) -> Reply {
    let body = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "reason": "InjectedFault", "message": "injected by the fault proxy", "code": status,
    });
    let response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json");
    response
        .body(whole(Bytes::from(body.to_string())))
        .map_or(Reply::Drop, Reply::Answer)
}

// === impl Rule ===

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rule")
            .field("fault", &self.fault)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
