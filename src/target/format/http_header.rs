//! The header that a consumer sends: as a line, and under its name.

use super::{Data, Shape, bytes};
use crate::{reason::Reason, target::fault::Fault};

pub(super) fn data(shape: &Shape<'_>) -> Result<Data, Fault> {
    let Some((name, value)) = &shape.published.credential.header else {
        return Err(Fault::spec("format", "this credential has no header"));
    };
    let value = value.expose();
    // Anything else ends the header early, or is refused by every HTTP library.
    let printable = |part: char| part == '\t' || !part.is_control();
    if !value.chars().all(printable) {
        return Err(Fault {
            reason: Reason::InvalidToken,
            ..Fault::spec("format", "the credential does not fit into a header")
        });
    }
    Ok(Data::from([
        ("headers".to_owned(), bytes(&format!("{name}: {value}\n"))),
        (name.clone(), bytes(value)),
    ]))
}
