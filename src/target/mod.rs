//! The managed Secret as data: what it says about itself, and how it is rendered. Pure.

mod marks;

pub use marks::{Marks, SourceVersion};
