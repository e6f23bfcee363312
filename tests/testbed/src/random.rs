//! Names and secrets made for one run.

use anyhow::Result;

/// So many random lower-case letters.
pub(crate) fn letters(count: usize) -> Result<String> {
    let mut bytes = vec![0; count];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(bytes
        .into_iter()
        .map(|byte| char::from(b'a' + byte % 26))
        .collect())
}
