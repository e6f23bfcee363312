//! Machinery that tests, demo and benchmarks share.
//!
//! | module | what |
//! | --- | --- |
//! | [`assets`] | finds, downloads or builds the control plane's binaries |
//! | [`control_plane`] | a real etcd, kube-apiserver and kube-controller-manager, with an audit log |
//! | [`namespace`] | a namespace per test |
//! | [`demo`] | `make run` |
//! | [`operator`] | the operator's binary as a child |
//! | [`fault_proxy`] | delays watches and breaks requests between operator and API server |
//! | [`idp`] | identity providers: scripted, for the demo, and a certified one |
//! | [`node`] | Node programs and their npm packages |
//! | [`process`], [`supervisor`] | children that cannot outlive the run |
//! | [`pki`], [`ports`], [`kubeconfig`], [`crypto`], [`progress`] | what those need |

pub mod assets;
mod blocking;
pub mod control_plane;
pub mod crypto;
pub mod demo;
mod digest;
pub mod fault_proxy;
mod http_server;
pub mod idp;
pub mod jwt;
pub mod kubeconfig;
pub mod namespace;
pub mod node;
pub mod operator;
pub mod pki;
pub mod ports;
pub mod process;
pub mod progress;
mod random;
pub mod supervisor;

pub use control_plane::{Audit, ControlPlane, Filter, Options, shared as shared_control_plane};
pub use fault_proxy::{Fault, FaultProxy};
pub use namespace::Namespace;
pub use operator::{Operator, OperatorOptions};
