//! An identity provider that says what the test tells it to and remembers what it was asked.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures::FutureExt as _;
use http::Request;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use jiff::Timestamp;

use super::{Answer, Recorded};
use crate::http_server::{HttpServer, Reply};
use crate::pki::Authority;

type Otherwise = Arc<dyn Fn(&Recorded) -> Answer + Send + Sync>;

/// The provider; stops when dropped.
#[derive(Debug)]
pub struct ScriptedIdp {
    server: HttpServer,
    script: Arc<Mutex<Script>>,
    authority: Option<Authority>,
}

struct Script {
    paths: HashMap<String, Scripted>,
    otherwise: Otherwise,
    ledger: Vec<Recorded>,
}

#[derive(Default)]
struct Scripted {
    once: VecDeque<Answer>,
    always: Option<Answer>,
}

// === impl ScriptedIdp ===

impl ScriptedIdp {
    /// Over plain HTTP.
    pub fn http() -> Result<Self> {
        Self::start(None)
    }

    /// Over TLS, with a certificate for `localhost` and 127.0.0.1 from an authority of its own.
    pub fn https() -> Result<Self> {
        Self::start(Some(Authority::new("scripted identity provider")?))
    }

    fn start(authority: Option<Authority>) -> Result<Self> {
        let identity = authority
            .as_ref()
            .map(|authority| authority.server(&["localhost", "127.0.0.1"]))
            .transpose()?;
        let script = Arc::new(Mutex::new(Script::default()));
        let state = Arc::clone(&script);
        let service = Arc::new(move |request| answer(Arc::clone(&state), request).boxed());
        let server = HttpServer::start(identity.as_ref(), service)?;
        Ok(Self {
            server,
            script,
            authority,
        })
    }

    /// `http(s)://127.0.0.1:<port>` with the path appended.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.authority.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}{path}", self.address())
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The certificate to trust, when this is an HTTPS server.
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority
            .as_ref()
            .map(|authority| authority.certificate_pem.as_str())
    }

    /// Answers every request to the path so, from now on.
    pub fn respond(&self, path: &str, answer: Answer) {
        self.script().paths.insert(
            path.to_owned(),
            Scripted {
                once: VecDeque::new(),
                always: Some(answer),
            },
        );
    }

    /// Answers the next requests to the path so, one after the other, before what was said for it.
    pub fn respond_sequence(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.script()
            .paths
            .entry(path.to_owned())
            .or_default()
            .once
            .extend(answers);
    }

    /// Forgets what was said for the path.
    pub fn forget(&self, path: &str) {
        self.script().paths.remove(path);
    }

    /// Answers requests to all other paths.
    pub fn otherwise(&self, answer: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) {
        self.script().otherwise = Arc::new(answer);
    }

    /// Closes the port and cuts every connection, or opens the same port again.
    pub fn set_open(&self, open: bool) -> Result<()> {
        self.server.set_open(open)
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.script().ledger.clone()
    }

    /// The requests to one path so far.
    pub fn requests_to(&self, path: &str) -> Vec<Recorded> {
        self.script()
            .ledger
            .iter()
            .filter(|request| request.path == path)
            .cloned()
            .collect()
    }

    /// How many requests to the path there were.
    pub fn count(&self, path: &str) -> usize {
        self.requests_to(path).len()
    }

    /// Waits until the path was asked at least so often.
    pub async fn wait_for(
        &self,
        path: &str,
        at_least: usize,
        timeout: Duration,
    ) -> Result<Vec<Recorded>> {
        let deadline = Instant::now() + timeout;
        loop {
            let requests = self.requests_to(path);
            if requests.len() >= at_least {
                return Ok(requests);
            }
            if Instant::now() >= deadline {
                bail!(
                    "{path} was asked {} times, not {at_least}, in {timeout:?}",
                    requests.len()
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        lock(&self.script)
    }
}

async fn answer(script: Arc<Mutex<Script>>, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return Reply::Drop;
    };
    let recorded = Recorded {
        at: Timestamp::now(),
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    };
    let (scripted, otherwise) = lock(&script).record(&recorded);
    // Outside the lock, because the closure may take its time.
    let answer = scripted.unwrap_or_else(|| otherwise(&recorded));
    answer.reply().await
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Script ===

impl Script {
    fn record(&mut self, request: &Recorded) -> (Option<Answer>, Otherwise) {
        self.ledger.push(request.clone());
        let scripted = self.paths.get_mut(&request.path).and_then(|scripted| {
            scripted
                .once
                .pop_front()
                .or_else(|| scripted.always.clone())
        });
        (scripted, Arc::clone(&self.otherwise))
    }
}

impl Default for Script {
    fn default() -> Self {
        let otherwise = Arc::new(|_: &Recorded| Answer::status(404));
        Self {
            paths: HashMap::new(),
            otherwise,
            ledger: Vec::new(),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Script")
            .field("requests", &self.ledger.len())
            .finish_non_exhaustive()
    }
}
