//! cli
pub mod crds;
