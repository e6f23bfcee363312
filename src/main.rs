//! The `authkeeper` binary.

fn main() {}
