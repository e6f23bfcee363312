//! Limits per host: so many requests at once, shared fairly among namespaces, and pauses that a server asked for.
//!
//! Nobody waits inside a round: who finds no place comes back, so that one slow host cannot fill all workers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// Requests to one host at once.
const PER_HOST: usize = 8;
/// Who has not come back by then no longer counts as waiting.
const WAITING: SignedDuration = SignedDuration::from_secs(2);
/// So many namespaces throttled within the window, and the whole host is paused, at most so long.
const NAMESPACES: usize = 3;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
const HOST_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// Who asks: a client of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Client {
    pub(super) host: String,
    pub(super) namespace: String,
    /// uid of the source that holds the credential.
    pub(super) source: String,
}

/// The limits of one process.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    hosts: HashMap<String, Host>,
    pauses: HashMap<Client, Timestamp>,
}

#[derive(Debug, Default)]
struct Host {
    /// Requests under way, by namespace.
    busy: HashMap<String, usize>,
    /// Namespaces that found no place, and when they last asked.
    waiting: HashMap<String, Timestamp>,
    /// Namespaces that were throttled, and when.
    throttled: HashMap<String, Timestamp>,
    paused_until: Option<Timestamp>,
}

/// A place at a host; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    hosts: Hosts,
    host: String,
    namespace: String,
}

// === impl Hosts ===

impl Hosts {
    /// A place at the host, if there is one and this namespace has not more than its share.
    pub(super) fn enter(&self, host: &str, namespace: &str, now: Timestamp) -> Option<Place> {
        let mut state = self.lock();
        let entry = state.hosts.entry(host.to_owned()).or_default();
        if !entry.admits(namespace, now) {
            entry.waiting.insert(namespace.to_owned(), now);
            return None;
        }
        entry.waiting.remove(namespace);
        *entry.busy.entry(namespace.to_owned()).or_default() += 1;
        Some(Place {
            hosts: self.clone(),
            host: host.to_owned(),
            namespace: namespace.to_owned(),
        })
    }

    /// The server asked this client to wait.
    pub(super) fn pause(&self, client: &Client, until: Timestamp, now: Timestamp) {
        let mut state = self.lock();
        state.pauses.retain(|_, until| *until > now);
        state.pauses.insert(client.clone(), until);
        let host = state.hosts.entry(client.host.clone()).or_default();
        host.throttled
            .retain(|_, at| at.duration_until(now) < WINDOW);
        host.throttled.insert(client.namespace.clone(), now);
        if host.throttled.len() >= NAMESPACES {
            host.paused_until = now.checked_add(HOST_PAUSE).ok().map(|most| until.min(most));
        }
    }

    pub(super) fn paused_until(&self, client: &Client, now: Timestamp) -> Option<Timestamp> {
        let state = self.lock();
        let own = state.pauses.get(client).copied();
        let host = state
            .hosts
            .get(&client.host)
            .and_then(|host| host.paused_until);
        own.max(host).filter(|until| *until > now)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Host ===

impl Host {
    fn admits(&mut self, namespace: &str, now: Timestamp) -> bool {
        self.waiting
            .retain(|_, asked| asked.duration_until(now) < WAITING);
        let total: usize = self.busy.values().sum();
        if total >= PER_HOST {
            return false;
        }
        let others = self
            .waiting
            .keys()
            .filter(|waiting| *waiting != namespace)
            .count();
        let share = PER_HOST.div_ceil(others + 1);
        self.busy.get(namespace).copied().unwrap_or(0) < share
    }

    /// Nothing is known of it that matters later.
    fn is_forgettable(&self) -> bool {
        self.busy.is_empty()
            && self.waiting.is_empty()
            && self.throttled.is_empty()
            && self.paused_until.is_none()
    }

    fn leave(&mut self, namespace: &str) {
        if let Some(count) = self.busy.get_mut(namespace) {
            *count -= 1;
            if *count == 0 {
                self.busy.remove(namespace);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.hosts.lock();
        let Some(host) = state.hosts.get_mut(&self.host) else {
            return;
        };
        host.leave(&self.namespace);
        if host.is_forgettable() {
            state.hosts.remove(&self.host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn client(namespace: &str) -> Client {
        Client {
            host: "idp".into(),
            namespace: namespace.into(),
            source: "s".into(),
        }
    }

    #[test]
    fn a_host_has_eight_places() {
        let hosts = Hosts::default();
        let places: Vec<_> = (0..9).map(|_| hosts.enter("idp", "a", at(0))).collect();
        assert_eq!(places.iter().flatten().count(), 8);
        drop(places);
        assert!(hosts.enter("idp", "a", at(1)).is_some());
    }

    #[test]
    fn a_waiting_namespace_gets_its_share() {
        let hosts = Hosts::default();
        let mut busy: Vec<_> = (0..8)
            .map(|_| hosts.enter("idp", "greedy", at(0)))
            .collect();
        assert!(hosts.enter("idp", "modest", at(0)).is_none());
        busy.truncate(7);
        assert!(hosts.enter("idp", "greedy", at(1)).is_none());
        assert!(hosts.enter("idp", "modest", at(1)).is_some());
    }

    #[test]
    fn a_throttled_neighbour_does_not_stop_me_but_three_do() {
        let hosts = Hosts::default();
        hosts.pause(&client("a"), at(600), at(0));
        assert_eq!(hosts.paused_until(&client("a"), at(1)), Some(at(600)));
        assert_eq!(hosts.paused_until(&client("z"), at(1)), None);
        hosts.pause(&client("b"), at(600), at(1));
        hosts.pause(&client("c"), at(600), at(2));
        assert_eq!(hosts.paused_until(&client("z"), at(3)), Some(at(62)));
        assert_eq!(hosts.paused_until(&client("z"), at(63)), None);
    }
}
