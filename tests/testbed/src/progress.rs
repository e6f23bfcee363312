//! Progress where a person sees it.

use std::io::Write as _;

/// Writes to standard error directly, past the test harness's capture.
pub fn to_stderr(line: &str) {
    drop(writeln!(std::io::stderr(), "testbed: {line}"));
}
