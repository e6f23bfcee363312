//! Counters of the shell. Labels come from closed vocabularies: no host, no object name, no text.

use std::{sync::atomic::AtomicI64, time::Duration};

use jiff::Timestamp;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use super::Error;
use crate::reason::{Class, Reason};

/// Everything that is counted as it happens.
#[derive(Clone, Debug)]
pub struct Metrics {
    reconciles: Family<ResultLabel, Counter>,
    workers_busy: Gauge<i64, AtomicI64>,
    lateness: Histogram,
    refreshes: Family<RefreshLabel, Counter>,
    requests: Family<RequestLabel, Counter>,
    request_seconds: Family<ProviderLabel, Histogram, fn() -> Histogram>,
    secret_writes: Family<ResultLabel, Counter>,
    watch_errors: Family<KindLabel, Counter>,
    reconcile_seconds: Histogram,
    kube_requests: Family<CallLabel, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefreshLabel {
    provider: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabel {
    provider: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabel {
    provider: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabel {
    verb: &'static str,
    class: &'static str,
}

/// A worker at work; counted until dropped.
#[derive(Debug)]
pub(super) struct Working(Gauge<i64, AtomicI64>);

// === impl Metrics ===

impl Metrics {
    /// Registers everything under the prefix `authkeeper`.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            reconciles: Family::default(),
            workers_busy: Gauge::default(),
            lateness: Histogram::new(exponential_buckets(0.001, 4.0, 10)),
            refreshes: Family::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.005, 2.0, 12))
            }),
            secret_writes: Family::default(),
            watch_errors: Family::default(),
            reconcile_seconds: Histogram::new(exponential_buckets(0.001, 4.0, 10)),
            kube_requests: Family::default(),
        };
        registry.register("reconcile", "Rounds by result", metrics.reconciles.clone());
        registry.register(
            "workers_busy",
            "Rounds under way",
            metrics.workers_busy.clone(),
        );
        registry.register(
            "refresh_lateness_seconds",
            "Start of a scheduled refresh minus its planned time",
            metrics.lateness.clone(),
        );
        registry.register(
            "refresh",
            "Attempts to obtain a credential",
            metrics.refreshes.clone(),
        );
        registry.register(
            "provider_requests",
            "Attempts at identity providers by outcome",
            metrics.requests.clone(),
        );
        registry.register(
            "provider_request_duration_seconds",
            "Length of an attempt at an identity provider",
            metrics.request_seconds.clone(),
        );
        registry.register(
            "secret_writes",
            "Writes of managed Secrets by result",
            metrics.secret_writes.clone(),
        );
        registry.register(
            "watch_errors",
            "Failures of watches by kind",
            metrics.watch_errors.clone(),
        );
        registry.register(
            "reconcile_duration_seconds",
            "Length of a round",
            metrics.reconcile_seconds.clone(),
        );
        registry.register(
            "kube_requests",
            "Requests to the API server by verb and class of the answer, watches aside",
            metrics.kube_requests.clone(),
        );
        metrics.begin_at_zero();
        metrics
    }

    /// What never happened yet is shown as zero, not left out: a rule cannot tell absent from well.
    fn begin_at_zero(&self) {
        for result in ["success", "error", "panic"] {
            let _ = self.reconciles.get_or_create(&ResultLabel { result });
        }
        for result in ["created", "updated", "error"] {
            let _ = self.secret_writes.get_or_create(&ResultLabel { result });
        }
        for kind in ["AuthenticationConfiguration", "Secret", "ConfigMap"] {
            let _ = self.watch_errors.get_or_create(&KindLabel { kind });
        }
    }

    pub(super) fn working(&self) -> Working {
        self.workers_busy.inc();
        Working(self.workers_busy.clone())
    }

    pub(super) fn reconciled(&self, error: Option<&Error>, took: Duration) {
        let result = if error.is_none() { "success" } else { "error" };
        self.reconciles.get_or_create(&ResultLabel { result }).inc();
        self.reconcile_seconds.observe(took.as_secs_f64());
    }

    pub(super) fn panicked(&self) {
        let result = "panic";
        self.reconciles.get_or_create(&ResultLabel { result }).inc();
    }

    /// A request to the API server ended.
    pub(super) fn called(&self, verb: &'static str, error: Option<&Error>) {
        let class = error.map_or("success", Error::class);
        self.kube_requests
            .get_or_create(&CallLabel { verb, class })
            .inc();
    }

    pub(super) fn late(&self, due: Timestamp, now: Timestamp) {
        self.lateness.observe(due.duration_until(now).as_secs_f64());
    }

    pub(super) fn asked(&self, provider: &'static str, refused: Option<Reason>, took: Duration) {
        let result = if refused.is_none() {
            "success"
        } else {
            "failure"
        };
        self.refreshes
            .get_or_create(&RefreshLabel { provider, result })
            .inc();
        let outcome = outcome(refused);
        self.requests
            .get_or_create(&RequestLabel { provider, outcome })
            .inc();
        self.request_seconds
            .get_or_create(&ProviderLabel { provider })
            .observe(took.as_secs_f64());
    }

    pub(super) fn wrote(&self, created: bool, succeeded: bool) {
        let result = match (created, succeeded) {
            (true, true) => "created",
            (false, true) => "updated",
            (_, false) => "error",
        };
        self.secret_writes
            .get_or_create(&ResultLabel { result })
            .inc();
    }

    pub(super) fn watch_failed(&self, kind: &'static str) {
        self.watch_errors.get_or_create(&KindLabel { kind }).inc();
    }
}

/// Reasons that are counted under a name of their own.
const NAMED: [(Reason, &str); 5] = [
    (Reason::DNSFailure, "dns"),
    (Reason::ConnectFailed, "connect"),
    (Reason::TLSFailure, "tls"),
    (Reason::ResponseLost, "timeout"),
    (Reason::ProviderUnavailable, "server_error"),
];

fn outcome(refused: Option<Reason>) -> &'static str {
    let Some(reason) = refused else {
        return "success";
    };
    match NAMED.iter().find(|(named, _)| *named == reason) {
        Some((_, outcome)) => outcome,
        None => match reason.class() {
            Class::Throttled => "rate_limited",
            Class::Malformed => "malformed",
            Class::Healthy
            | Class::Warning
            | Class::Waiting
            | Class::Author
            | Class::Rejected
            | Class::Refused
            | Class::Transient
            | Class::Kubernetes
            | Class::Internal => "rejected",
        },
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.dec();
    }
}
