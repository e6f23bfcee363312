//! The main job and what may come between, on a real API server.

mod certified;
mod main_job;
mod reactions;
