//! What users write. One folder per version; `v1alpha1` only ever grows.

mod schema;
pub mod v1alpha1;

pub use schema::{crds, crds_yaml};
