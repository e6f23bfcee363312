//! Machinery that tests, demo and benchmarks share.
//!
//! | module | what |
//! | --- | --- |
//! | [`assets`] | finds, downloads or builds the control plane's binaries |
//! | [`control_plane`] | a real etcd, kube-apiserver and kube-controller-manager, with an audit log |
//! | [`namespace`] | a namespace per test |
//! | [`operator`] | the operator's binary as a child |
//! | [`process`], [`supervisor`] | children that cannot outlive the run |
//! | [`pki`], [`ports`], [`kubeconfig`], [`crypto`], [`progress`] | what those need |

pub mod assets;
mod blocking;
pub mod control_plane;
pub mod crypto;
pub mod kubeconfig;
pub mod namespace;
pub mod operator;
pub mod pki;
pub mod ports;
pub mod process;
pub mod progress;
pub mod supervisor;

pub use control_plane::{Audit, ControlPlane, Filter, Options, shared as shared_control_plane};
pub use namespace::Namespace;
pub use operator::{Operator, OperatorOptions};
