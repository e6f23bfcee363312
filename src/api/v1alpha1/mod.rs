//! `authkeeper.dev/v1alpha1`.

pub mod annotation;
mod method;
mod refresh;
mod rules;
mod source;
mod spec;
mod status;
mod target;

pub use method::{Block, Field, KeyReference, Method};
pub use refresh::{ClientCertificate, Connection, Probe, Proxy, Refresh, RefreshOn, Retry};
pub(super) use rules::object as object_rules;
pub use source::{Origin, Source};
pub use spec::{
    AuthenticationConfiguration, AuthenticationConfigurationSpec, DeletionPolicy, KeyMatching,
    LocalReference, Selection,
};
pub use status::{
    AuthenticationConfigurationStatus, ConditionType, FieldSource, LastError, MethodStatus,
    SourceStatus, TargetStatus, UnscheduledMints,
};
pub use target::{Format, Restart, Target, TemplateFrom};
