//! Checksums.

use std::fmt::Write as _;

use aws_lc_rs::digest;

/// The SHA-256 of the bytes in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let sum = digest::digest(&digest::SHA256, bytes);
    sum.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
