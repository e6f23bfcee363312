//! Identity providers: one that says exactly what a test wants, one for the demo, and a certified one.

pub mod answer;
pub mod demo;
pub mod ledger;
pub mod oidc_provider;
pub mod scripted;

pub use answer::Answer;
pub use demo::{DemoIdp, DemoOptions};
pub use ledger::Recorded;
pub use oidc_provider::{Credentials, OidcProvider, Verifier};
pub use scripted::ScriptedIdp;
