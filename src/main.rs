//! The `authkeeper` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    // One TLS provider for the whole process; it is the only one that is compiled in.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match authkeeper::cli::main(&mut std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ =
                std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("error: {error}\n"));
            ExitCode::FAILURE
        }
    }
}
