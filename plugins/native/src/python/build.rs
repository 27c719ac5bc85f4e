//! Reports to Python how this module was built.

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// How this module was built, and what it does on this CPU: `profile`, `target`, `target_features`, `simd`, `rustc`.
#[pyfunction]
fn build_info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("version", env!("CARGO_PKG_VERSION"))?;
    found.set_item("profile", if cfg!(debug_assertions) { "debug" } else { "release" })?;
    found.set_item("target", env!("MAINSPRING_TARGET"))?;
    found.set_item("target_features", env!("MAINSPRING_TARGET_FEATURES"))?;
    found.set_item("simd", crate::wire::simd::path())?;
    found.set_item("rustc", env!("MAINSPRING_RUSTC"))?;
    Ok(found)
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(build_info, module)?)
}
