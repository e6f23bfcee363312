//! Tests that see the crate from outside.

mod http_port;
mod providers;
