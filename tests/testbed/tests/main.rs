//! The testbed's own tests.

mod control_plane;
mod oidc_provider;
mod scripted_idp;
