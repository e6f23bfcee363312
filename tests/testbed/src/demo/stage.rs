//! Identity provider, operator and sample, set up on the cluster.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;

use super::cluster::Cluster;
use super::options::Options;
use super::{install, say};
use crate::idp::demo::TOKEN_PATH;
use crate::idp::{Answer, DemoIdp, DemoOptions};
use crate::operator::Operator;
use crate::random::letters;

/// How long a token of the demo lives.
pub(super) const LIFETIME: Duration = Duration::from_secs(30);

/// Everything the demo shows.
pub(super) struct Stage {
    pub(super) client: Client,
    pub(super) namespace: &'static str,
    pub(super) idp: DemoIdp,
    operator: Operator,
    log: PathBuf,
    broken: AtomicBool,
}

// === impl Stage ===

impl Stage {
    pub(super) async fn set(cluster: &Cluster, options: &Options) -> Result<Self> {
        let (client, namespace) = (cluster.client().await?, cluster.namespace());
        cluster.enter(&client).await?;
        install::definitions(&client).await?;
        if let Cluster::Own { .. } = cluster {
            install::namespace(&client, "authkeeper").await?;
            install::role(&client).await?;
        }
        say(&format!("✔ cluster            {}", cluster.describe()))?;
        let idp = DemoIdp::start(DemoOptions {
            client_id: format!("orders-{}", letters(6)?),
            client_secret: letters(32)?,
            lifetime: LIFETIME,
            jwt: true,
        })?;
        let seconds = LIFETIME.as_secs();
        let token_url = idp.token_url();
        say(&format!(
            "✔ identity provider  {token_url}, its tokens live {seconds} s"
        ))?;
        let log = options.folder.join("operator.log");
        let arguments = cluster
            .operator(&options.operator)?
            .arg("--allow-http")
            .env("NO_COLOR", "1")
            .log_to(&log);
        let operator = Operator::start(&arguments)?;
        operator.wait_ready().await?;
        say(&format!(
            "✔ operator           its log is {}",
            log.display()
        ))?;
        let (id, secret) = idp.client();
        install::source(&client, namespace, id, secret).await?;
        let sample = options.folder.join("sample.yaml");
        install::sample(&client, namespace, &token_url, &sample).await?;
        say(&format!(
            "✔ sample             {} applied to namespace {namespace}",
            sample.display()
        ))?;
        invite(cluster)?;
        Ok(Self {
            client,
            namespace,
            idp,
            operator,
            log,
            broken: AtomicBool::new(false),
        })
    }

    /// Fails when the operator has ended.
    pub(super) fn check(&self) -> Result<()> {
        let ended = self.operator.process().try_wait()?;
        ensure!(ended.is_none(), "the operator ended:\n{}", self.tail());
        Ok(())
    }

    /// The last lines of the operator's log.
    pub(super) fn tail(&self) -> String {
        format!(
            "last lines of {}:\n{}",
            self.log.display(),
            self.operator.process().tail()
        )
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Lets the identity provider answer 503, or work again.
    pub(super) fn break_or_repair(&self) {
        if self.broken.fetch_xor(true, Ordering::Relaxed) {
            self.idp.server().forget(TOKEN_PATH);
        } else {
            self.idp.server().respond(TOKEN_PATH, Answer::status(503));
        }
    }

    /// Asks for a refresh as a user would.
    pub(super) async fn refresh(&self) -> Result<()> {
        let request = json!({ "metadata": { "annotations": {
            "authkeeper.dev/refresh-requested": Timestamp::now().to_string(),
        } } });
        let configurations = install::configurations(&self.client, self.namespace);
        configurations
            .patch(
                "orders-api",
                &PatchParams::default(),
                &Patch::Merge(&request),
            )
            .await?;
        Ok(())
    }

    pub(super) fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), self.namespace)
    }
}

/// What can be tried beside it.
fn invite(cluster: &Cluster) -> Result<()> {
    let (kubectl, export) = cluster.kubectl();
    let namespace = cluster.namespace();
    say("\nIn a second terminal, in this folder:")?;
    if let Some(export) = export {
        say(&format!("  {export}"))?;
    }
    say(&format!("  {kubectl} get authcfg -n {namespace} -w"))?;
    say(&format!(
        "  {kubectl} get secret orders-token -n {namespace} -o jsonpath='{{.data.access_token}}' | base64 -d"
    ))?;
    say(&format!(
        "  {kubectl} annotate authcfg orders-api -n {namespace} authkeeper.dev/refresh-requested=\"$(date)\" --overwrite\n"
    ))
}
