//! The testbed's own tests.

mod control_plane;
