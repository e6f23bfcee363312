//! Async work from synchronous code, on a thread and runtime of its own, so that it works from inside
//! any test's runtime and never depends on one.

use std::future::Future;

use anyhow::{Result, anyhow};

/// Runs the future to its end and returns what it returned.
pub(crate) fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let result = runtime.block_on(work);
        // A name lookup that hangs must not hold us up.
        runtime.shutdown_background();
        result
    });
    thread.join().map_err(|_| anyhow!("the work panicked"))?
}
