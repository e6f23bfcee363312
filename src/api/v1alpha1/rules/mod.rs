//! Rules that belong to one part of the resource, or need more than one.

mod method;
mod refresh;
mod source;
mod spec;
mod target;

pub(super) use method::{
    certificate_reference, field, key_reference, methods, one_block, private_key_reference,
};
pub(super) use refresh::{jitter, refresh, retry, status_code};
pub(super) use source::{one_source, source_names};
pub(in crate::api) use spec::object;
pub(super) use spec::spec;
pub(super) use target::{annotations, host, label_value, labels, restart, secret_type, target};
