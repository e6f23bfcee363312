//! Switching refreshing off, by the spec or for a time by annotation.

use jiff::Timestamp;

use super::{observe::annotated, round::Subject};
use crate::{api::v1alpha1::annotation, plan::Suspension, provider::Refusal, reason::Reason};

/// Is refreshing switched off, and until when?
pub(super) fn of(subject: Subject<'_>, now: Timestamp) -> Option<Suspension> {
    if subject.object.spec.suspend == Some(true) {
        return Some(Suspension { until: None });
    }
    let until = annotated(subject, annotation::SUSPEND_UNTIL)?
        .parse::<Timestamp>()
        .ok()?;
    (now < until).then_some(Suspension { until: Some(until) })
}

/// Who wrote this wanted a pause: nothing is asked for until it can be read.
pub(super) fn unreadable(subject: Subject<'_>) -> Option<Refusal> {
    let text = annotated(subject, annotation::SUSPEND_UNTIL).filter(|text| !text.is_empty())?;
    let name = annotation::SUSPEND_UNTIL;
    text.parse::<Timestamp>().is_err().then(|| {
        let detail =
            format!("annotation {name} is not a time; write it as in 2026-12-01T08:00:00Z");
        Refusal::new(Reason::InvalidSpec, detail)
    })
}
