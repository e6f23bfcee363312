//! What users write. One folder per version; `v1alpha1` only ever grows.

pub mod v1alpha1;
