//! What the API server was asked, from its audit log.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// A view of the audit log from some moment on.
///
/// The log is written before the server ends its answer, so a request whose answer was read to the end
/// is in it. Left out are the control plane's own reads, events and leases.
#[derive(Clone, Debug)]
pub struct Audit {
    path: PathBuf,
    from: u64,
}

/// One request. A watch is there as soon as it was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When the server received it (RFC 3339).
    pub received: String,
    pub user: String,
    pub user_agent: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// The plural name, with the subresource: `secrets`, `authenticationconfigurations/status`.
    pub resource: String,
    pub namespace: String,
    pub name: String,
    pub uri: String,
    /// The HTTP status of the answer.
    pub code: u16,
}

/// Which requests to count; what is not set matches everything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    user: Option<String>,
    user_agent: Option<String>,
    verb: Option<String>,
    resource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    code: Option<u16>,
}

// === impl Audit ===

impl Audit {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, from: 0 }
    }

    /// The same log, but only what is asked from now on.
    #[must_use]
    pub fn from_now(&self) -> Self {
        let from = fs::metadata(&self.path).map_or(0, |file| file.len());
        Self {
            path: self.path.clone(),
            from,
        }
    }

    /// All requests, in the order in which they were answered.
    pub fn requests(&self) -> Result<Vec<Request>> {
        let mut file = fs::File::open(&self.path).context("the audit log")?;
        file.seek(SeekFrom::Start(self.from))?;
        let mut content = String::new();
        file.read_to_string(&mut content)?;
        let mut seen = std::collections::HashSet::new();
        let complete = content.rfind('\n').map_or("", |end| &content[..end]);
        let mut requests = Vec::new();
        for line in complete.lines() {
            let event: Value = serde_json::from_str(line)?;
            // A watch is logged when it starts and again when it ends.
            if seen.insert(text(&event, "/auditID")) {
                requests.push(Request::from(&event));
            }
        }
        Ok(requests)
    }

    /// The requests that the filter matches.
    pub fn matching(&self, filter: &Filter) -> Result<Vec<Request>> {
        Ok(self
            .requests()?
            .into_iter()
            .filter(|request| filter.matches(request))
            .collect())
    }

    /// How many requests the filter matches.
    pub fn count(&self, filter: &Filter) -> Result<usize> {
        Ok(self.matching(filter)?.len())
    }

    /// Waits until at least so many requests match.
    pub async fn wait_for(
        &self,
        filter: &Filter,
        at_least: usize,
        timeout: Duration,
    ) -> Result<Vec<Request>> {
        let deadline = Instant::now() + timeout;
        loop {
            let requests = self.matching(filter)?;
            if requests.len() >= at_least {
                return Ok(requests);
            }
            if Instant::now() >= deadline {
                bail!(
                    "only {} of {at_least} requests matched {filter:?} in {timeout:?}",
                    requests.len()
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

// === impl Request ===

impl From<&Value> for Request {
    fn from(event: &Value) -> Self {
        let subresource = text(event, "/objectRef/subresource");
        let mut resource = text(event, "/objectRef/resource");
        if !subresource.is_empty() {
            resource = format!("{resource}/{subresource}");
        }
        let code = event
            .pointer("/responseStatus/code")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        Self {
            received: text(event, "/requestReceivedTimestamp"),
            user: text(event, "/user/username"),
            user_agent: text(event, "/userAgent"),
            verb: text(event, "/verb"),
            resource,
            namespace: text(event, "/objectRef/namespace"),
            name: text(event, "/objectRef/name"),
            uri: text(event, "/requestURI"),
            code: u16::try_from(code).unwrap_or_default(),
        }
    }
}

fn text(event: &Value, pointer: &str) -> String {
    event
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

// === impl Filter ===

impl Filter {
    pub fn new() -> Self {
        Self::default()
    }

    /// Only that user name.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Only user agents that start so.
    #[must_use]
    pub fn user_agent(mut self, prefix: impl Into<String>) -> Self {
        self.user_agent = Some(prefix.into());
        self
    }

    #[must_use]
    pub fn verb(mut self, verb: impl Into<String>) -> Self {
        self.verb = Some(verb.into());
        self
    }

    /// Only that resource, `resource/subresource` for a subresource.
    #[must_use]
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Only answers with that status.
    #[must_use]
    pub fn code(mut self, code: u16) -> Self {
        self.code = Some(code);
        self
    }

    pub fn matches(&self, request: &Request) -> bool {
        let same = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        same(&self.user, &request.user)
            && self
                .user_agent
                .as_deref()
                .is_none_or(|prefix| request.user_agent.starts_with(prefix))
            && same(&self.verb, &request.verb)
            && same(&self.resource, &request.resource)
            && same(&self.namespace, &request.namespace)
            && same(&self.name, &request.name)
            && self.code.is_none_or(|code| code == request.code)
    }
}
