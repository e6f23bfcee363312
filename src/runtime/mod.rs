//! The process: what connects the rest to the world.

pub mod http;
