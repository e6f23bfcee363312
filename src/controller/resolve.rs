//! From sources to grants: which methods may be tried, as digests.

use super::{
    Error, connection,
    context::Context,
    round::{Read, Subject},
    sources,
};
use crate::{
    api::v1alpha1::{MethodStatus, Selection, Target},
    plan::Grant,
    provider::Refusal,
    selection::{self, Candidate},
    target::{self, digest},
};

/// Reads sources and templates.
pub(super) async fn read(
    context: &Context,
    subject: Subject<'_>,
    targets: &[Target],
) -> Result<Result<Read, Refusal>, Error> {
    let sources = sources::read(context, subject.namespace, &subject.object.spec.sources).await?;
    let mut templates = Vec::with_capacity(targets.len());
    for target in targets {
        match sources::templates(context, subject.namespace, target).await? {
            Ok(found) => templates.push(found),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    Ok(Ok(Read { sources, templates }))
}

/// The satisfied methods that may be tried, in order. Everything that can be wrong without asking anybody is found here.
pub(super) fn candidates<'a>(
    subject: Subject<'a>,
    targets: &[Target],
    read: &Read,
) -> Result<Vec<Candidate<'a>>, Refusal> {
    let spec = &subject.object.spec;
    let methods = spec.alternatives();
    let satisfied = selection::select(
        &methods,
        &read.sources,
        spec.key_matching.unwrap_or_default(),
    )?;
    target::validate(&target::Subject {
        targets,
        templates: &read.templates,
        methods: &methods,
        sources: &spec.sources,
        namespace: subject.namespace,
        name: subject.name,
    })?;
    if let Some(probe) = &spec.probe {
        target::probe::validate(probe, &methods, (subject.namespace, subject.name))?;
    }
    connection::settings(spec.connection.as_ref(), read)?;
    match spec.selection.unwrap_or_default() {
        Selection::FirstSatisfied => {
            let first: Vec<_> = satisfied.into_iter().take(1).collect();
            first.iter().try_for_each(check)?;
            Ok(first)
        }
        Selection::FirstSuccessful => {
            let (fit, unfit): (Vec<_>, Vec<_>) =
                satisfied.into_iter().partition(|one| check(one).is_ok());
            match unfit.first().map(check) {
                Some(Err(refusal)) if fit.is_empty() => Err(refusal),
                Some(_) | None => Ok(fit),
            }
        }
    }
}

fn check(candidate: &Candidate<'_>) -> Result<(), Refusal> {
    candidate.method.block.provider().check(&candidate.material)
}

/// A candidate as the plan sees it.
pub(super) fn grant(context: &Context, candidate: &Candidate<'_>) -> Grant {
    let provider = candidate.method.block.provider();
    Grant {
        digest: digest::grant(&context.digest_key, candidate.method, &candidate.material),
        asks: provider.asks(),
        method: MethodStatus {
            name: candidate.method.display_name().to_owned(),
            scheme: provider.scheme().to_owned(),
            endpoint: provider
                .endpoint(&candidate.material)
                .as_ref()
                .and_then(host),
            fields: candidate.fields.clone(),
            client_auth: None,
        },
    }
}

/// Host and, where it is not the usual one, port.
pub(super) fn host(url: &url::Url) -> Option<String> {
    let host = url.host_str()?;
    Some(
        url.port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
    )
}
