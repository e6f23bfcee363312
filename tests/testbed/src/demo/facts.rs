//! What can be seen from outside, as data.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::{DynamicObject, ListParams};
use serde_json::Value;

use super::install;
use super::stage::Stage;
use crate::idp::demo::TOKEN_PATH;

/// How long one look may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// One `AuthenticationConfiguration`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) ready: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) expires_at: Option<Timestamp>,
    /// The next refresh; while it fails, the next attempt.
    pub(super) next_at: Option<Timestamp>,
    /// Credentials that took the place of another one while we looked.
    pub(super) refreshes: usize,
}

/// All of them, and the identity provider's side.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts {
    pub(super) rows: Vec<Row>,
    pub(super) issued: usize,
    pub(super) refused: usize,
    /// The identity provider was told to fail.
    pub(super) broken: bool,
    /// Managed Secrets that hold a token that has expired, by the identity provider's books.
    pub(super) expired: Vec<String>,
}

/// Looks again and again, and counts.
pub(super) struct Observer<'a> {
    stage: &'a Stage,
    /// By uid: the credential seen last, and how often it was another one.
    seen: HashMap<String, (String, usize)>,
}

// === impl Observer ===

impl<'a> Observer<'a> {
    pub(super) fn new(stage: &'a Stage) -> Self {
        Self {
            stage,
            seen: HashMap::new(),
        }
    }

    pub(super) async fn look(&mut self) -> Result<Facts> {
        let looked = tokio::time::timeout(PATIENCE, self.look_once()).await;
        looked.context("the API server does not answer")?
    }

    async fn look_once(&mut self) -> Result<Facts> {
        let stage = self.stage;
        let objects = install::configurations(&stage.client, stage.namespace)
            .list(&ListParams::default())
            .await?;
        let mut facts = Facts {
            broken: stage.is_broken(),
            ..Facts::default()
        };
        for object in objects {
            if let Some(target) = object.data["status"]["targets"][0]["name"].as_str()
                && self.is_expired(target).await?
            {
                facts.expired.push(target.to_owned());
            }
            let refreshes = self.count(&object);
            facts.rows.push(Row::read(&object, refreshes));
        }
        facts.issued = stage.idp.issued();
        facts.refused = stage
            .idp
            .server()
            .count(TOKEN_PATH)
            .saturating_sub(facts.issued);
        Ok(facts)
    }

    /// Whether a managed Secret holds a token of our identity provider that lives no more.
    async fn is_expired(&self, secret: &str) -> Result<bool> {
        let secret = self.stage.secrets().get_opt(secret).await?;
        let token = secret.and_then(|secret| secret.data?.remove("access_token"));
        let expiry =
            token.and_then(|token| self.stage.idp.expiry(&String::from_utf8_lossy(&token.0)));
        Ok(expiry.is_some_and(|expiry| expiry <= Timestamp::now()))
    }

    fn count(&mut self, object: &DynamicObject) -> usize {
        let uid = object.uid().unwrap_or_default();
        let obtained = object.data["status"]["obtainedAt"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let (last, refreshes) = self.seen.entry(uid).or_default();
        if *last != obtained && !obtained.is_empty() {
            *refreshes += usize::from(!last.is_empty());
            *last = obtained;
        }
        *refreshes
    }
}

// === impl Row ===

impl Row {
    fn read(object: &DynamicObject, refreshes: usize) -> Self {
        let status = &object.data["status"];
        let time = |member: &str| status[member].as_str().and_then(|text| text.parse().ok());
        let ready = condition(status, "Ready");
        let text = |member: &str| ready[member].as_str().map(str::to_owned);
        Self {
            name: object.name_any(),
            ready: text("status"),
            reason: text("reason"),
            expires_at: time("expiresAt"),
            next_at: time("nextAttemptAt").or_else(|| time("refreshAt")),
            refreshes,
        }
    }
}

fn condition<'a>(status: &'a Value, kind: &str) -> &'a Value {
    let conditions = status["conditions"].as_array();
    let found = conditions.and_then(|all| all.iter().find(|one| one["type"] == kind));
    found.unwrap_or(&Value::Null)
}
