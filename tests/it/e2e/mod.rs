//! The main job and what may come between, on a real API server.

mod bad_answers;
mod bad_input;
mod certified;
mod main_job;
mod reactions;
mod refused_writes;
mod restart;
mod selection;
mod targets;
