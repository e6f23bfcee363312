//! Names, resolved as the system does it, with an error that can be told from others.

use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Below the time for connecting, so that a silent DNS server is known as the culprit.
const TIMEOUT: Duration = Duration::from_secs(4);

/// The system's resolver.
#[derive(Debug)]
pub(super) struct System;

/// The name has no address, or nobody could be asked.
#[derive(Debug, thiserror::Error)]
#[error("the name could not be resolved")]
pub(super) struct NotResolved;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let lookup = tokio::net::lookup_host((name.as_str(), 0));
            let found = tokio::time::timeout(TIMEOUT, lookup)
                .await
                .map_err(|_| NotResolved)?
                .map_err(|_| NotResolved)?;
            let addresses: Vec<_> = found.collect();
            if addresses.is_empty() {
                return Err(NotResolved.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
