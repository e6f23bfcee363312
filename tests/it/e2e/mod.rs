//! The main job and what may come between, on a real API server.

mod bad_answers;
mod bad_input;
mod certified;
mod counts;
mod examples;
mod faults;
mod leaks;
mod main_job;
mod probe;
mod process;
mod reactions;
mod refused_writes;
mod restart;
mod selection;
mod targets;
