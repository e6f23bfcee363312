//! Tests.

mod crds;
