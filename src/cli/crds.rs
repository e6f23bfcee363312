//! `authkeeper crds`: prints the kinds, to be piped into `kubectl apply --server-side -f -`.

use std::io::{self, Write};

use crate::api;

/// How the kinds are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    #[default]
    Yaml,
    Json,
}

pub fn print(format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Yaml => out.write_all(api::crds_yaml().map_err(io::Error::other)?.as_bytes()),
        Format::Json => {
            let list =
                serde_json::json!({"apiVersion": "v1", "kind": "List", "items": api::crds()});
            serde_json::to_writer(&mut *out, &list)?;
            out.write_all(b"\n")
        }
    }
}
