//! The main job and what may come between, on a real API server.

mod certified;
mod counts;
mod faults;
mod leaks;
mod main_job;
mod process;
mod reactions;
