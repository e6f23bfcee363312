//! What users write. One folder per version; `v1alpha1` only ever grows.

mod schema;
#[expect(
    clippy::doc_markdown,
    reason = "comments on fields are the descriptions in the schema, where kubectl shows backticks as they are"
)]
pub mod v1alpha1;

pub use schema::{crds, crds_yaml};
