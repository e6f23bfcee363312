//! The testbed's own tests.

mod control_plane;
mod scripted_idp;
