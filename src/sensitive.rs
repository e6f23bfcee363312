//! Secret values look different from strings: no `Display`, no `Clone`, no `Serialize`, a constant `Debug`.
//!
//! Wiping is best effort: the HTTP stack, serde and the Kubernetes client keep copies of their own.

use std::fmt;

use zeroize::Zeroizing;

/// Text that must never be formatted, logged or compared by eye.
pub struct SecretText(Zeroizing<String>);

/// Bytes that must never be formatted: request and response bodies, Secret values as stored.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

// === impl SecretText ===

impl SecretText {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The value itself. Call it where the value is sent, rendered or compared, nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(redacted)")
    }
}

// === impl SecretBytes ===

impl SecretBytes {
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes themselves; see [`SecretText::expose`].
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_secret_is_constant() {
        assert_eq!(
            format!("{:?}", SecretText::new("hunter2")),
            "SecretText(redacted)"
        );
        assert_eq!(
            format!("{:?}", SecretBytes::new(*b"hunter2")),
            "SecretBytes(redacted)"
        );
    }
}
