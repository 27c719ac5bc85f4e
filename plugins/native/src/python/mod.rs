//! The module that Python sees. Nothing else in this crate knows PyO3.

mod batch;
mod books;
mod build;
mod call;
mod capture;
mod frames;
mod lane;
mod model;
mod orders;
mod replay;
mod slippage;
mod wire;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    batch::register(module)?;
    build::register(module)?;
    books::register(module)?;
    capture::register(module)?;
    frames::register(module)?;
    lane::register(module)?;
    orders::register(module)?;
    replay::register(module)?;
    slippage::register(module)?;
    wire::register(module)
}
