//! What Python sees of an io_uring that waits for sockets.

use std::sync::Mutex;
use std::time::Duration;

use pyo3::prelude::*;

use crate::lane::runner::lock;
use crate::ring::Ring;

/// Tells which sockets are readable, by an io_uring. All methods are for one thread.
#[pyclass(name = "Ring", module = "mainspring_native._native", frozen)]
pub struct PyRing {
    ring: Mutex<Ring>,
}

#[pymethods]
impl PyRing {
    /// Raises `OSError` where the system gives none.
    #[new]
    fn new() -> PyResult<Self> {
        Ok(PyRing { ring: Mutex::new(Ring::new()?) })
    }

    fn ask(&self, descriptor: i32) -> PyResult<()> {
        Ok(lock(&self.ring).ask(descriptor)?)
    }

    fn forget(&self, descriptor: i32) -> PyResult<()> {
        Ok(lock(&self.ring).forget(descriptor)?)
    }

    fn take(&self, descriptor: i32) -> bool {
        lock(&self.ring).take(descriptor)
    }

    /// Other threads of Python's run meanwhile, such as a journal's.
    fn spin(&self, py: Python<'_>, most_ns: u64) -> bool {
        py.detach(|| lock(&self.ring).spin(Duration::from_nanos(most_ns)))
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyRing>()
}
