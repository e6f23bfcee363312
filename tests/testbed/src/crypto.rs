//! The process-wide TLS provider.

/// Makes aws-lc-rs the default provider; may be called any number of times.
pub fn install() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}
