//! The page of /metrics: counters of the shell, and series computed from the objects at the moment of scraping.

use std::{fmt, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _, text::encode},
    metrics::{gauge::ConstGauge, info::Info},
    registry::{Registry, Unit},
};

use crate::controller::{Clock, Fleet, Member, Metrics};

/// Everything that is exposed.
pub struct Exposition {
    registry: Registry,
}

/// Computes the series of the fleet at scrape.
struct FleetCollector {
    fleet: Fleet,
    clock: Arc<dyn Clock>,
    limit: usize,
}

// === impl Exposition ===

impl Exposition {
    pub fn new(fleet: Fleet, clock: Arc<dyn Clock>, limit: usize) -> (Self, Metrics) {
        let mut registry = Registry::with_prefix("authkeeper");
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Version of the operator", build);
        let metrics = Metrics::new(&mut registry);
        registry.register_collector(Box::new(FleetCollector {
            fleet,
            clock,
            limit,
        }));
        (Self { registry }, metrics)
    }

    /// The page in the OpenMetrics text format.
    pub fn page(&self) -> Result<String, fmt::Error> {
        let mut page = String::new();
        encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposition").finish_non_exhaustive()
    }
}

impl fmt::Debug for FleetCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetCollector").finish_non_exhaustive()
    }
}

impl Collector for FleetCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let now = self.clock.now();
        let mut members = self.fleet.members();
        counts(&members, &mut encoder)?;
        ends(&members, now, &mut encoder)?;
        members.sort_by_key(|member| {
            (
                member.expires_at.unwrap_or(Timestamp::MAX),
                member.namespace.clone(),
                member.name.clone(),
            )
        });
        let dropped = members.len().saturating_sub(self.limit);
        members.truncate(self.limit);
        per_object(&members, &mut encoder)?;
        single(
            &mut encoder,
            "per_resource_series_dropped",
            "Objects without series of their own",
            dropped,
        )
    }
}

/// How many objects of each scheme are in each state.
fn counts(members: &[Member], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let mut counts = std::collections::BTreeMap::<(String, &str), i64>::new();
    for member in members {
        *counts
            .entry((member.scheme.clone(), state(member)))
            .or_default() += 1;
    }
    let kind = ConstGauge::new(0_i64).metric_type();
    let mut family =
        encoder.encode_descriptor("resources", "Objects by scheme and state", None, kind)?;
    for ((scheme, state), count) in counts {
        let labels = [("provider", scheme.as_str()), ("state", state)];
        ConstGauge::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn state(member: &Member) -> &'static str {
    match member {
        Member {
            suspended: true, ..
        } => "suspended",
        Member {
            stalled: Some(_), ..
        } => "stalled",
        Member { ready: false, .. } => "not_ready",
        Member { failing: true, .. } => "failing",
        Member { .. } => "ready",
    }
}

fn ends(members: &[Member], now: Timestamp, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let left: Vec<SignedDuration> = members
        .iter()
        .filter_map(|member| Some(now.duration_until(member.expires_at?)))
        .collect();
    let expired = left.iter().filter(|left| !left.is_positive()).count();
    single(
        encoder,
        "tokens_expired",
        "Objects whose credential has expired",
        expired,
    )?;
    if let Some(least) = left.iter().min() {
        let gauge = ConstGauge::new(least.as_secs_f64());
        let name = "token_min_remaining";
        gauge.encode(encoder.encode_descriptor(
            name,
            "Life left of the credential that ends first",
            Some(&Unit::Seconds),
            gauge.metric_type(),
        )?)?;
    }
    Ok(())
}

fn single(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    count: usize,
) -> fmt::Result {
    let gauge = ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX));
    gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
}

type Series = (&'static str, &'static str, fn(&Member) -> Option<f64>);

/// Times are constant between two refreshes, so that a rule can compare them with the time of evaluation.
const SERIES: [Series; 5] = [
    (
        "token_expiry_timestamp_seconds",
        "When the credential ends",
        |member| Some(member.expires_at?.as_duration().as_secs_f64()),
    ),
    (
        "token_next_refresh_timestamp_seconds",
        "When the credential is to be replaced",
        |member| Some(member.refresh_at?.as_duration().as_secs_f64()),
    ),
    (
        "token_lifetime_seconds",
        "Length of the credential's life",
        |member| {
            Some(
                member
                    .obtained_at?
                    .duration_until(member.expires_at?)
                    .as_secs_f64(),
            )
        },
    ),
    (
        "resource_ready",
        "Does the managed Secret hold a usable credential",
        |member| Some(f64::from(u8::from(member.ready))),
    ),
    ("resource_suspended", "Is refreshing suspended", |member| {
        Some(f64::from(u8::from(member.suspended)))
    }),
];

fn per_object(members: &[Member], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let kind = ConstGauge::new(0_f64).metric_type();
    for (name, help, value) in SERIES {
        let mut family = encoder.encode_descriptor(name, help, None, kind)?;
        for member in members {
            if let Some(value) = value(member) {
                let labels = [
                    ("namespace", member.namespace.as_str()),
                    ("name", member.name.as_str()),
                ];
                ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    let mut family = encoder.encode_descriptor(
        "resource_stalled",
        "The object waits for somebody, and why",
        None,
        kind,
    )?;
    for member in members {
        if let Some(reason) = &member.stalled {
            let labels = [
                ("namespace", member.namespace.as_str()),
                ("name", member.name.as_str()),
                ("reason", reason.as_str()),
            ];
            ConstGauge::new(1_f64).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}
