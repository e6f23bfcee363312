//! The main job and what may come between, on a real API server.

mod bad_answers;
mod bad_input;
mod certified;
mod claims;
mod counts;
mod examples;
mod faults;
mod field_cases;
mod field_cases_schedule;
mod field_cases_targets;
mod leaks;
mod main_job;
mod probe;
mod process;
mod reactions;
mod refused_writes;
mod reshape;
mod restart;
mod selection;
mod targets;
