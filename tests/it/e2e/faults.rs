//! Faults of everybody else: slow watches, an API server that is away or says no, identity providers that fail in every
//! way, objects that are broken.

mod api_server;
mod idp;
mod isolation;
mod slow_watch;
mod throttled;
