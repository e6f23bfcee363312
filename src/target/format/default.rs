//! Every member under its published name; or, with `data`, exactly the keys that were asked for.

use super::{Data, Shape, bytes};
use crate::target::fault::Fault;

pub(super) fn data(shape: &Shape<'_>) -> Result<Data, Fault> {
    if shape.target.data.is_empty() {
        return Ok(shape
            .members
            .iter()
            .map(|(name, value)| ((*name).to_owned(), bytes(value)))
            .collect());
    }
    let mut data = Data::new();
    for (key, member) in &shape.target.data {
        let Some(value) = shape.member(member) else {
            let known: Vec<&str> = shape.members.keys().copied().collect();
            return Err(Fault::spec(
                format!("data[{key:?}]"),
                format!(
                    "the credential has no key {member}; it has {}",
                    known.join(", ")
                ),
            ));
        };
        data.insert(key.clone(), bytes(value));
    }
    Ok(data)
}
