//! The refresh policy of a resource with every default filled in.

use jiff::SignedDuration;

use crate::{api::v1alpha1::Refresh, duration::HumanDuration};

/// Below this an interval is a mistake that would ask without a pause.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);

/// When and how often, with the defaults of this release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// Wished lead; none: a third of the life.
    pub before: Option<SignedDuration>,
    pub jitter_percent: u8,
    pub min_interval: SignedDuration,
    pub max_interval: SignedDuration,
    /// The user set `maxInterval`: then even a credential without end is replaced that often.
    pub max_interval_stated: bool,
    pub assumed_lifetime: SignedDuration,
    pub retry_initial: SignedDuration,
    pub retry_max: SignedDuration,
}

// === impl RefreshPolicy ===

impl RefreshPolicy {
    pub fn new(refresh: Option<&Refresh>) -> Self {
        let refresh = refresh.cloned().unwrap_or_default();
        let retry = refresh.retry.unwrap_or_default();
        Self {
            before: refresh.before.as_ref().map(HumanDuration::length),
            jitter_percent: refresh.jitter_percent.unwrap_or(10).min(50),
            min_interval: length(refresh.min_interval.as_ref(), 10),
            max_interval: length(refresh.max_interval.as_ref(), 24 * 3600).max(SHORTEST),
            max_interval_stated: refresh.max_interval.is_some(),
            assumed_lifetime: length(refresh.assumed_lifetime.as_ref(), 300),
            retry_initial: length(retry.initial.as_ref(), 30),
            retry_max: length(retry.max.as_ref(), 15 * 60),
        }
    }
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self::new(None)
    }
}

fn length(stated: Option<&HumanDuration>, default_seconds: i64) -> SignedDuration {
    stated.map_or(
        SignedDuration::from_secs(default_seconds),
        HumanDuration::length,
    )
}
