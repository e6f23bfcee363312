//! A file of `NAME='value'` lines, with the names of format Env.

use super::{Data, Shape, bytes, env};
use crate::target::template::shell;

pub(super) fn data(shape: &Shape<'_>) -> Data {
    let lines: Vec<String> = env::variables(shape)
        .map(|(name, value)| format!("{name}={}\n", shell(value)))
        .collect();
    Data::from([(".env".to_owned(), bytes(&lines.concat()))])
}
