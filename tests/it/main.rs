//! What authkeeper promises, tried on the real thing.

mod crds;
mod generated;
