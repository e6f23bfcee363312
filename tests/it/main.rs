//! What authkeeper promises, tried from outside and on the real thing. One binary: kube is linked once, and one
//! control plane serves the whole run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and lives in the real world"
)]

mod architecture;
mod crds;
mod documents;
mod e2e;
mod generated;
mod http_port;
mod providers;
mod stage;
