//! The process: how it begins, what it says of itself, and how it ends.

mod ending;
mod flags;
mod metrics;
