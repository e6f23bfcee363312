//! The shell: the only place that talks to the API server.
//!
//! [`run`] watches, and for each object runs rounds of observe, decide, act, settle, record.

mod act;
mod cluster;
mod connection;
mod context;
mod error;
mod fleet;
mod hosts;
mod index;
mod key;
mod memory;
mod metrics;
mod mirror;
mod observe;
mod reconcile;
mod record;
mod resolve;
mod round;
mod sources;
mod suspension;
mod watch;
mod workload;

use std::{collections::BTreeSet, convert::Infallible, future::Future, sync::Arc};

use futures::{StreamExt as _, channel::mpsc};
use kube::runtime::{
    applier, controller,
    events::{Recorder, Reporter},
    reflector::{self, ObjectRef, Store},
};
use tokio::{sync::watch as signal, task::JoinSet};

pub use cluster::Cluster;
pub use context::Clock;
pub use error::Error;
pub use fleet::{Fleet, Member};
pub use key::SECRET as FINGERPRINT_KEY_SECRET;
pub use metrics::Metrics;

use crate::{api::v1alpha1::annotation, provider::http::Connections, target::DigestKey};
use context::{Context, Ports};
use reconcile::{Guarded, error_policy, reconcile};

/// What the shell is given.
pub struct Settings {
    pub cluster: Cluster,
    pub connections: Arc<dyn Connections>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
    /// Namespace of the operator itself, which keeps the key of the digests.
    pub namespace: String,
    /// Name of this process in events.
    pub instance: String,
    /// Namespaces to watch; empty: all.
    pub watch_namespaces: Vec<String>,
    /// Rounds at once, for each watched namespace or for all.
    pub concurrency: u16,
    /// False: the status write of a routine refresh is left out.
    pub routine_status_writes: bool,
}

/// One scope of watching: a namespace, or all of them.
struct Scope {
    context: Arc<Context>,
    namespace: Option<String>,
    concurrency: u16,
    reader: Store<Guarded>,
    triggered: mpsc::UnboundedReceiver<ObjectRef<Guarded>>,
}

/// Runs until `stop` completes, then lets rounds in flight finish. `ready` turns true when every cache is filled.
pub async fn run(
    settings: Settings,
    fleet: Fleet,
    ready: signal::Sender<bool>,
    stop: impl Future<Output = ()> + Clone + Send + Sync + 'static,
) -> Result<(), Error> {
    let scopes = scopes(&settings.watch_namespaces);
    let concurrency = settings.concurrency;
    let cluster = settings.cluster.counted(settings.metrics.clone());
    let digest_key = tokio::select! {
        key = key::wait_for(&cluster, &settings.namespace) => key,
        () = stop.clone() => return Ok(()),
    };
    let context = Arc::new(context(settings, cluster, fleet.clone(), digest_key));
    let (mut watches, mut shells, mut filled) = (JoinSet::new(), JoinSet::new(), Vec::new());
    for namespace in scopes {
        let (reader, writer) = reflector::store::<Guarded>();
        let (triggers, triggered) = mpsc::unbounded();
        fleet.add(reader.clone());
        let feed = watch::Scope {
            context: context.clone(),
            namespace: namespace.clone(),
            triggers,
        };
        let (all_filled, is_filled) = signal::channel(false);
        watches.spawn(watch::run(feed, writer, all_filled));
        let scope = Scope {
            context: context.clone(),
            namespace,
            concurrency,
            reader,
            triggered,
        };
        shells.spawn(scope.run(is_filled.clone(), stop.clone()));
        filled.push(is_filled);
    }
    let announce = async {
        for cache in &mut filled {
            let _ = cache.wait_for(|filled| *filled).await;
        }
        ready.send_replace(true);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = async { while shells.join_next().await.is_some() {} } => Ok(()),
        // Without its watch a shell would go on, blind and for ever.
        _ = watches.join_next() => Err(Error::WatchEnded),
        () = announce => Ok(()),
    }
}

/// One scope for each namespace, however often it is named: two would serve the same objects at once.
fn scopes(namespaces: &[String]) -> Vec<Option<String>> {
    let named: BTreeSet<_> = namespaces
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty())
        .collect();
    if named.is_empty() {
        return vec![None];
    }
    named
        .into_iter()
        .map(|name| Some(name.to_owned()))
        .collect()
}

fn context(settings: Settings, cluster: Cluster, fleet: Fleet, digest_key: DigestKey) -> Context {
    let reporter = Reporter {
        controller: annotation::AUTHKEEPER.to_owned(),
        instance: Some(settings.instance),
    };
    let recorder = Recorder::new(cluster.client().clone(), reporter);
    let ports = Ports {
        cluster,
        connections: settings.connections,
        clock: settings.clock,
        recorder,
        metrics: settings.metrics,
        fleet,
    };
    Context::new(ports, digest_key, settings.routine_status_writes)
}

// === impl Scope ===

impl Scope {
    /// Begins when the caches are filled: a round on half of the facts could mint what is already there.
    async fn run(
        self,
        mut filled: signal::Receiver<bool>,
        stop: impl Future<Output = ()> + Clone + Send + 'static,
    ) {
        tokio::select! {
            _ = filled.wait_for(|filled| *filled) => {}
            () = stop.clone() => return,
        }
        tracing::info!(
            namespace = self.namespace,
            objects = self.reader.len(),
            "caches are filled; rounds begin"
        );
        let queue = self.triggered.map(Ok::<_, Infallible>).take_until(stop);
        let config = controller::Config::default().concurrency(self.concurrency);
        // Each round is a task of its own: a panic ends that round alone.
        let round = |object, context| {
            let task = tokio::spawn(reconcile(object, context));
            Box::pin(async move { task.await.unwrap_or(Err(Error::Panicked)) })
        };
        applier(
            round,
            error_policy,
            self.context,
            self.reader,
            queue,
            config,
        )
        .for_each(|_| std::future::ready(()))
        .await;
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("watch_namespaces", &self.watch_namespaces)
            .finish_non_exhaustive()
    }
}
