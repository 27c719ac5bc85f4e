//! What Python sees of `replay`.

use pyo3::prelude::*;

/// Adds this part to the module.
pub fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
