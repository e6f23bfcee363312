//! The only I/O that matters. Runs a plan and reports what came of it; makes no choice of policy.

mod issue;
mod probe;
mod publish;
mod repair;
mod restart;

use super::{Error, round::Round};
use crate::plan::{Outcome, Plan};

/// Runs the plan.
pub(super) async fn act(round: &mut Round<'_>, plan: &Plan) -> Result<Outcome, Error> {
    match plan {
        Plan::Ignore | Plan::Rest | Plan::Refuse(_) | Plan::Hold(_) | Plan::Keep => {
            Ok(Outcome::Nothing)
        }
        Plan::Issue(issue) => Box::pin(issue::issue(round, issue)).await,
        Plan::Publish => Box::pin(publish::publish(round)).await,
        Plan::Repair(repairs) => Box::pin(repair::repair(round, repairs)).await,
        Plan::Prune(names) => repair::prune(round, names).await,
        Plan::Restart(workloads) => Ok(restart::restart(round, workloads).await),
        Plan::Probe => Box::pin(probe::watchdog(round)).await,
    }
}
