//! What every round shares.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use kube::runtime::events::Recorder;

use super::{Cluster, Fleet, Metrics, hosts::Hosts, index::Index, memory::Memory, mirror::Mirror};
use crate::{provider::http::Connections, target::DigestKey};

/// The clock of the process. Tests bring their own.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The ways out of the shell.
pub(super) struct Ports {
    pub(super) cluster: Cluster,
    pub(super) connections: Arc<dyn Connections>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) recorder: Recorder,
    pub(super) metrics: Metrics,
    pub(super) fleet: Fleet,
}

/// Ports, memory and limits of one process.
pub(super) struct Context {
    pub(super) ports: Ports,
    pub(super) digest_key: DigestKey,
    pub(super) routine_status_writes: bool,
    pub(super) hosts: Hosts,
    known: Mutex<Known>,
}

/// What the watches and our own writes told.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) mirror: Mirror,
    pub(super) index: Index,
    /// By uid of the configuration.
    pub(super) memory: HashMap<String, Memory>,
}

// === impl Context ===

impl Context {
    pub(super) fn new(ports: Ports, digest_key: DigestKey, routine_status_writes: bool) -> Self {
        Self {
            ports,
            digest_key,
            routine_status_writes,
            hosts: Hosts::default(),
            known: Mutex::default(),
        }
    }

    /// Held for look-ups only, never across an `await`.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }
}

impl std::ops::Deref for Context {
    type Target = Ports;

    fn deref(&self) -> &Ports {
        &self.ports
    }
}
