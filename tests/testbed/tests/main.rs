//! The testbed's own tests.

mod assets;
mod control_plane;
mod demo;
mod fault_proxy;
mod oidc_provider;
mod scripted_idp;
