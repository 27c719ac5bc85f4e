//! What Python sees of WebSocket frames.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::frames::{Event, FrameDecoder, MAX_MESSAGE_BYTES, ProtocolError, encode};

/// Decodes one direction of a connection: the twin is `mainspring.wire.FrameDecoder`.
#[pyclass(name = "FrameDecoder", module = "mainspring_native._native", frozen)]
pub struct PyFrameDecoder {
    decoder: Mutex<FrameDecoder>,
}

impl PyFrameDecoder {
    pub fn lock(&self) -> MutexGuard<'_, FrameDecoder> {
        self.decoder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyFrameDecoder {
    #[new]
    #[pyo3(signature = (*, masked=false, max_message_bytes=MAX_MESSAGE_BYTES, check_utf8=true))]
    fn new(masked: bool, max_message_bytes: usize, check_utf8: bool) -> Self {
        PyFrameDecoder { decoder: Mutex::new(FrameDecoder::new(masked, max_message_bytes, check_utf8)) }
    }

    fn feed<'py>(&self, py: Python<'py>, chunk: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyList>> {
        let events = PyList::empty(py);
        let mut decoder = self.lock();
        let mut at = 0;
        loop {
            match decoder.next(chunk.as_bytes(), &mut at) {
                Ok(Some(event)) => events.append(told(py, event)?)?,
                Ok(None) => return Ok(events),
                Err(error) => return Err(raised(py, error, &events.to_tuple())?),
            }
        }
    }
}

/// What came, the code of a close that names one, and the payload.
pub fn told<'py>(py: Python<'py>, event: Event<'_>) -> PyResult<Bound<'py, PyTuple>> {
    let (kind, code, payload) = match event {
        Event::Text(payload) => ("text", None, payload),
        Event::Binary(payload) => ("binary", None, payload),
        Event::Ping(payload) => ("ping", None, payload),
        Event::Pong(payload) => ("pong", None, payload),
        Event::Close(code, reason) => ("close", code, reason),
    };
    (kind, code, PyBytes::new(py, payload)).into_pyobject(py)
}

/// `mainspring.errors.FrameError`.
pub fn raised(py: Python<'_>, error: ProtocolError, events: &Bound<'_, PyTuple>) -> PyResult<PyErr> {
    let class = py.import("mainspring.errors")?.getattr("FrameError")?;
    let made = class.call1((error.what, error.code, error.at))?;
    made.setattr("events", events)?;
    Ok(PyErr::from_value(made))
}

/// A frame of one whole message: see `mainspring.wire.encode_frame`.
#[pyfunction]
#[pyo3(signature = (kind, payload, mask=None))]
fn encode_frame<'py>(
    py: Python<'py>,
    kind: &str,
    payload: &Bound<'py, PyBytes>,
    mask: Option<&Bound<'py, PyBytes>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let opcode = match kind {
        "text" => 1,
        "binary" => 2,
        "close" => 8,
        "ping" => 9,
        "pong" => 10,
        _ => return Err(PyValueError::new_err(format!("no message is of the kind {kind:?}"))),
    };
    let mask = match mask.map(|mask| mask.as_bytes()) {
        None => None,
        Some(&[a, b, c, d]) => Some([a, b, c, d]),
        Some(other) => {
            return Err(PyValueError::new_err(format!("a mask has four bytes, not {}", other.len())));
        }
    };
    let payload = payload.as_bytes();
    match encode(opcode, payload, mask) {
        Some(frame) => Ok(PyBytes::new(py, &frame)),
        None => Err(PyValueError::new_err(format!("a {kind} holds at most 125 bytes, not {}", payload.len()))),
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyFrameDecoder>()?;
    module.add_function(wrap_pyfunction!(encode_frame, module)?)
}
