//! The file that curl, git and package managers read.

use super::{Data, Shape, bytes, login::login};
use crate::target::fault::Fault;

pub(super) fn data(shape: &Shape<'_>) -> Result<Data, Fault> {
    let (username, password) = login(shape)?;
    // There is no quoting that all readers agree on.
    for (what, text) in [("user name", username), ("password", password)] {
        let unsafe_part = |part: char| part.is_whitespace() || part.is_control() || part == '"';
        if text.is_empty() || text.contains(unsafe_part) || text.starts_with('#') {
            return Err(Fault::spec(
                "format",
                format!("Netrc cannot hold this {what}: it is empty, or has white space or quotes"),
            )
            .of_value());
        }
    }
    let lines: Vec<String> = shape
        .target
        .hosts
        .iter()
        .map(|host| {
            let machine = without_scheme(host).trim_end_matches('/');
            format!("machine {machine} login {username} password {password}\n")
        })
        .collect();
    Ok(Data::from([(".netrc".to_owned(), bytes(&lines.concat()))]))
}

pub(super) fn without_scheme(host: &str) -> &str {
    host.strip_prefix("https://")
        .or_else(|| host.strip_prefix("http://"))
        .unwrap_or(host)
}
