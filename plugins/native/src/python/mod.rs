//! The module that Python sees. Nothing else in this crate knows PyO3.

mod books;
mod build;
mod capture;
mod frames;
mod model;
mod queue;
mod record;
mod replay;
mod slippage;
mod wire;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    build::register(module)?;
    books::register(module)?;
    capture::register(module)?;
    frames::register(module)?;
    queue::register(module)?;
    record::register(module)?;
    replay::register(module)?;
    slippage::register(module)?;
    wire::register(module)
}
