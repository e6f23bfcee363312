//! authkeeper keeps short-lived credentials in Kubernetes Secrets, always fresh.
//!
//! | module | what it is | may use |
//! | --- | --- | --- |
//! | [`sensitive`], [`duration`], [`field`], [`reason`], [`rule`] | leaves: secret newtypes, durations, inputs, the vocabulary, rules of the schema | nothing else of the crate |
//! | [`provider`] | how a credential is obtained; one attempt, no Kubernetes, no clock | the leaves |
//! | [`api`] | what users write | the leaves, the configuration of providers |
//! | [`selection`] | which method the sources satisfy, and with which keys; pure | `api`, `provider` |
//! | [`plan`] | what should happen next; pure | `api`, `provider`'s refusals |
//! | [`target`] | the managed Secret as data; pure | `api`, `provider`'s credential |
//! | [`controller`] | the only place that talks to the API server | all of the above |
//! | [`runtime`] | the process: arguments, clock, HTTP, logs, metrics, health | all of the above |
//! | [`cli`] | commands | all of the above |
//!
//! `tests/it/architecture.rs` holds this table.

pub mod api;
pub mod cli;
pub mod controller;
pub mod duration;
pub mod field;
pub mod plan;
pub mod provider;
pub mod reason;
pub mod rule;
pub mod runtime;
pub mod selection;
pub mod sensitive;
pub mod target;
