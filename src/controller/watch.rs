//! Watches: each feeds the mirror or the index, and says whose round an event is for.

use std::{collections::HashSet, fmt::Debug, pin::pin, sync::Arc};

use futures::{StreamExt as _, TryStreamExt as _, channel::mpsc, future};
use k8s_openapi::{
    NamespaceResourceScope,
    api::core::v1::{ConfigMap, Secret},
};
use kube::{
    Api, Resource,
    api::ObjectMeta,
    core::PartialObjectMeta,
    runtime::{
        WatchStreamExt as _,
        reflector::{ObjectRef, store::Writer},
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use tokio::sync::watch as signal;

use super::{
    context::Context,
    index::{Owner, references},
    mirror::{Key, Kind, Since},
    reconcile::Guarded,
};

/// Whose round is wanted.
pub(super) type Triggers = mpsc::UnboundedSender<ObjectRef<Guarded>>;

/// What one scope watches, and whom it tells.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) context: Arc<Context>,
    /// None: all namespaces.
    pub(super) namespace: Option<String>,
    pub(super) triggers: Triggers,
}

/// Watches for ever. Configurations are listed first: only what they refer to is remembered of the rest.
/// `filled` turns true after the first complete listing of everything.
pub(super) async fn run(scope: Scope, writer: Writer<Guarded>, filled: signal::Sender<bool>) {
    let (listed, mut all_listed) = signal::channel(0_u8);
    let mut configurations_listed = all_listed.clone();
    let count = move || listed.send_modify(|done| *done += 1);
    let configurations = configurations(&scope, writer, count.clone());
    let rest = async {
        let _ = configurations_listed.wait_for(|done| *done >= 1).await;
        let secrets = metadata::<Secret>(scope.clone(), Kind::Secret, count.clone());
        let config_maps = metadata::<ConfigMap>(scope.clone(), Kind::ConfigMap, count.clone());
        future::join(secrets, config_maps).await
    };
    let announce = async {
        let _ = all_listed.wait_for(|done| *done >= 3).await;
        filled.send_replace(true);
    };
    future::join3(configurations, rest, announce).await;
}

/// Watches the metadata of Secrets or `ConfigMap`s.
async fn metadata<K>(scope: Scope, kind: Kind, listed: impl Fn())
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + 'static,
{
    let api: Api<PartialObjectMeta<K>> = scope.api();
    let mut feed = Feed {
        scope,
        kind,
        listing: None,
    };
    let mut first = true;
    let mut events = pin!(watcher(api, watcher::Config::default()).default_backoff());
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                let done = feed.take(event.map_meta());
                if done && std::mem::take(&mut first) {
                    listed();
                }
            }
            Err(error) => failed(&feed.scope.context, kind.as_str(), &error),
        }
    }
}

/// Watches the configurations: keeps store and index in step, and wants a round for each that was applied.
async fn configurations(scope: &Scope, writer: Writer<Guarded>, listed: impl Fn()) {
    let api: Api<Guarded> = scope.api();
    let mut named = HashSet::new();
    let events = watcher(api, watcher::Config::default())
        .modify(slim)
        .default_backoff();
    let mut events = pin!(
        events
            .inspect_ok(|event| keep_index(scope, &mut named, event))
            .reflect(writer)
    );
    let mut first = true;
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Apply(object) | Event::InitApply(object)) => {
                let _ = scope.triggers.unbounded_send(ObjectRef::from_obj(&object));
            }
            Ok(Event::InitDone) if std::mem::take(&mut first) => listed(),
            Ok(Event::Init | Event::InitDone | Event::Delete(_)) => {}
            Err(error) => failed(&scope.context, "AuthenticationConfiguration", &error),
        }
    }
}

/// Drops what is never read before it is stored: it is most of an object's memory.
fn slim(object: &mut Guarded) {
    let meta = object.meta_mut();
    meta.managed_fields = None;
    if let Some(annotations) = &mut meta.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

fn failed(context: &Context, kind: &'static str, error: &watcher::Error) {
    context.metrics.watch_failed(kind);
    tracing::warn!(kind, error = %describe(error), "a watch failed and is begun again");
}

/// A watch event of any kind, reduced to metadata.
enum Heard {
    Init,
    Listed(ObjectMeta),
    InitDone,
    Applied(ObjectMeta),
    Deleted(ObjectMeta),
}

/// Reduces an event to the metadata it carries.
trait MapMeta {
    fn map_meta(self) -> Heard;
}

impl<K> MapMeta for Event<PartialObjectMeta<K>> {
    fn map_meta(self) -> Heard {
        match self {
            Self::Init => Heard::Init,
            Self::InitApply(object) => Heard::Listed(object.metadata),
            Self::InitDone => Heard::InitDone,
            Self::Apply(object) => Heard::Applied(object.metadata),
            Self::Delete(object) => Heard::Deleted(object.metadata),
        }
    }
}

/// Where the events of one watch go.
struct Feed {
    scope: Scope,
    kind: Kind,
    listing: Option<(HashSet<Key>, Since)>,
}

// === impl Scope ===

impl Scope {
    fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let client = self.context.cluster.client().clone();
        match &self.namespace {
            Some(namespace) => Api::namespaced(client, namespace),
            None => Api::all(client),
        }
    }
}

// === impl Feed ===

impl Feed {
    /// True: a listing is complete.
    fn take(&mut self, heard: Heard) -> bool {
        match heard {
            Heard::Init => {
                self.listing = Some((HashSet::new(), self.scope.context.known().mirror.now()));
            }
            Heard::Listed(meta) => {
                let key = self.key(&meta);
                let mut began = None;
                if let Some((named, since)) = &mut self.listing {
                    named.insert(key.clone());
                    began = Some(*since);
                }
                self.apply(&key, &meta, began);
            }
            Heard::Applied(meta) => self.apply(&self.key(&meta), &meta, None),
            Heard::Deleted(meta) => {
                let key = self.key(&meta);
                let owner = owner_named(&meta);
                let gone = {
                    let mut known = self.scope.context.known();
                    if owner.is_none() && !known.index.is_referenced(&key) {
                        known.mirror.forget(&key);
                        return false;
                    }
                    known.mirror.delete(&key, meta.resource_version.as_deref())
                };
                if gone {
                    self.trigger(&key, owner);
                }
            }
            Heard::InitDone => {
                if let Some((named, began)) = self.listing.take() {
                    let gone = self.scope.context.known().mirror.listed(
                        self.kind,
                        self.scope.namespace.as_deref(),
                        &named,
                        began,
                    );
                    for key in &gone {
                        self.trigger(key, None);
                    }
                }
                return true;
            }
        }
        false
    }

    /// Keeps what somebody refers to and what is ours; nothing else is remembered.
    fn apply(&self, key: &Key, meta: &ObjectMeta, listing: Option<Since>) {
        let owner = owner_named(meta);
        let news = {
            let mut known = self.scope.context.known();
            if owner.is_none() && !known.index.is_referenced(key) {
                known.mirror.forget(key);
                return;
            }
            match listing {
                Some(began) => known.mirror.apply_listed(key.clone(), meta, began),
                None => known.mirror.apply(key.clone(), meta),
            }
        };
        if news {
            self.trigger(key, owner);
        }
    }

    fn trigger(&self, key: &Key, owner: Option<Owner>) {
        let readers: Vec<Owner> = self
            .scope
            .context
            .known()
            .index
            .readers(key)
            .cloned()
            .collect();
        for (namespace, name) in readers.into_iter().chain(owner) {
            // A closed channel means that the process is ending.
            let _ = self
                .scope
                .triggers
                .unbounded_send(ObjectRef::new(&name).within(&namespace));
        }
    }

    fn key(&self, meta: &ObjectMeta) -> Key {
        let (namespace, name) = (
            meta.namespace.clone().unwrap_or_default(),
            meta.name.clone().unwrap_or_default(),
        );
        Key {
            kind: self.kind,
            namespace,
            name,
        }
    }
}

/// The configuration that a managed Secret names as its owner, if it is one of its own namespace.
fn owner_named(meta: &ObjectMeta) -> Option<Owner> {
    let facts = crate::target::read(meta).filter(|facts| facts.managed)?;
    let (namespace, name) = facts.marks.owner.split_once('/')?;
    (meta.namespace.as_deref() == Some(namespace)).then(|| (namespace.to_owned(), name.to_owned()))
}

/// Keeps in step with the watch; `named` collects what the present listing names.
fn keep_index(scope: &Scope, named: &mut HashSet<Owner>, event: &Event<Guarded>) {
    let context = &scope.context;
    match event {
        Event::Init => named.clear(),
        Event::Apply(guarded) | Event::InitApply(guarded) => {
            let owner = owner(guarded.meta());
            if let Ok(object) = &guarded.0 {
                let references = references(&owner.0, &owner.1, &object.spec);
                let uid = guarded.meta().uid.as_deref().unwrap_or_default();
                context.known().index.set(&owner, uid, references);
            }
            if matches!(event, Event::InitApply(_)) {
                named.insert(owner);
            }
        }
        Event::Delete(object) => forget(context, &owner(object.meta())),
        // Those that were deleted while nobody watched.
        Event::InitDone => {
            let namespace = scope.namespace.as_deref();
            let gone = context.known().index.unnamed(namespace, named);
            for owner in &gone {
                forget(context, owner);
            }
            named.clear();
        }
    }
}

/// Drops everything about a configuration that is gone; its memory may hold a credential.
fn forget(context: &Context, owner: &Owner) {
    let mut known = context.known();
    if let Some(uid) = known.index.remove(owner) {
        known.memory.remove(&uid);
        context.fleet.written(&uid);
    }
}

fn owner(meta: &ObjectMeta) -> Owner {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (text(&meta.namespace), text(&meta.name))
}

/// Which step failed, and the status: never the text of an object that did not decode.
fn describe(error: &watcher::Error) -> String {
    let (step, cause) = match error {
        watcher::Error::InitialListFailed(cause) => ("listing", Some(cause)),
        watcher::Error::WatchStartFailed(cause) => ("starting", Some(cause)),
        watcher::Error::WatchFailed(cause) => ("watching", Some(cause)),
        watcher::Error::WatchError(status) => {
            return format!("watching: HTTP {} {}", status.code, status.reason);
        }
        watcher::Error::NoResourceVersion => ("watching", None),
    };
    if let Some(kube::Error::Api(status)) = cause {
        format!("{step}: HTTP {} {}", status.code, status.reason)
    } else if let Some(kube::Error::SerdeError(_)) = cause {
        format!("{step}: an object cannot be decoded")
    } else {
        format!("{step}: the API server is not reached")
    }
}
