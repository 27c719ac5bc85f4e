//! The module that Python sees. Nothing else in this crate knows PyO3.
//!
//! Whatever holds an object of anybody's (a callback, a strategy, a model) shows it to the garbage collector in `__traverse__`,
//! since that object may lead back to it. What takes such objects after it was made drops them in `__clear__` too: each cycle has
//! one of these, or an object of Python's. Objects of the model and those of this module that hold no others needn't be shown.

mod asked;
mod batch;
mod books;
mod build;
mod call;
mod capture;
mod clock;
mod costs;
mod ears;
mod frames;
mod guarded;
mod heard;
mod holdings;
mod kernel;
mod lane;
mod listeners;
mod loss_marks;
mod market;
mod model;
mod order_events;
mod order_handle;
mod order_views;
mod own_orders;
mod plain_strategy;
mod position;
mod reaction;
mod record_classes;
mod records;
mod requests;
#[cfg(target_os = "linux")]
mod ring;
mod run_executions;
mod run_requests;
mod run_trading;
mod session_strategy;
mod shown;
mod slippage;
mod through;
mod trade_calls;
mod trading;
mod venue;
mod venue_models;
mod wide_checks;
mod wire;

use pyo3::prelude::*;

// What is `Guarded` is safe with the GIL alone.
#[pymodule(gil_used = true)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    batch::register(module)?;
    build::register(module)?;
    books::register(module)?;
    capture::register(module)?;
    clock::register(module)?;
    costs::register(module)?;
    frames::register(module)?;
    heard::register(module)?;
    kernel::register(module)?;
    lane::register(module)?;
    loss_marks::register(module)?;
    market::register(module)?;
    order_handle::register(module)?;
    own_orders::register(module)?;
    position::register(module)?;
    records::register(module)?;
    requests::register(module)?;
    #[cfg(target_os = "linux")]
    ring::register(module)?;
    session_strategy::register(module)?;
    slippage::register(module)?;
    through::register(module)?;
    trading::register(module)?;
    venue::register(module)?;
    wire::register(module)
}
