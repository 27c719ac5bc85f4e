//! What Python sees of the capture reader.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use crate::capture::reader::Reader;
use crate::python::batch::PyBatch;

/// Reads a capture on a thread of its own: see `mainspring.seams.CaptureBlocks`.
#[pyclass(name = "CaptureBlocks", module = "mainspring_native._native", frozen)]
struct PyCaptureBlocks(Mutex<Reader>);

impl PyCaptureBlocks {
    fn lock(&self) -> MutexGuard<'_, Reader> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyCaptureBlocks {
    #[new]
    fn new(path: PathBuf, most: usize) -> PyResult<Self> {
        Ok(PyCaptureBlocks(Mutex::new(Reader::open(&path, most)?)))
    }

    fn take(&self, py: Python<'_>) -> PyBatch {
        PyBatch::from(py.detach(|| self.lock().take()))
    }

    #[getter]
    fn whole(&self) -> bool {
        self.lock().is_whole()
    }

    #[getter]
    fn bytes_read(&self) -> u64 {
        self.lock().bytes_read()
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.lock().close());
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyCaptureBlocks>()
}
