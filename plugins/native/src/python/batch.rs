//! What Python sees of messages that wait to be run.

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::lane::messages::Messages;

/// Messages in the order in which they were received, ready to be run: a sequence of pairs of receive time and bytes.
#[pyclass(name = "Batch", module = "mainspring_native._native", frozen)]
pub struct PyBatch {
    messages: Messages,
}

impl From<Messages> for PyBatch {
    fn from(messages: Messages) -> Self {
        PyBatch { messages }
    }
}

impl PyBatch {
    /// The messages.
    pub fn messages(&self) -> &Messages {
        &self.messages
    }
}

#[pymethods]
impl PyBatch {
    /// Takes pairs of receive time and bytes.
    #[new]
    fn new(messages: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(list) = messages.cast::<PyList>() {
            return sized(list.len(), || list.iter());
        }
        if let Ok(tuple) = messages.cast::<PyTuple>() {
            return sized(tuple.len(), || tuple.iter());
        }
        let mut taken = Messages::with_capacity(messages.len().unwrap_or(0), 0);
        for message in messages.try_iter()? {
            take(&mut taken, &message?)?;
        }
        Ok(PyBatch { messages: taken })
    }

    fn __len__(&self) -> usize {
        self.messages.len()
    }

    /// Of the messages from `start` to before `stop`, the first received at another time than 0 and how often the time went
    /// back, from `last_ns` on; and when the last one was received. 0 and `last_ns` where there are none.
    fn tally(&self, start: usize, stop: usize, last_ns: i64) -> (i64, usize, i64) {
        let (mut first, mut back, mut last) = (0, 0, last_ns);
        for (time, _) in self.messages.from(start).take(stop.saturating_sub(start)) {
            first = if first == 0 { time } else { first };
            back += usize::from(time < last);
            last = time;
        }
        (first, back, last)
    }

    fn __getitem__<'py>(&self, py: Python<'py>, at: isize) -> PyResult<(i64, Bound<'py, PyBytes>)> {
        let from = if at < 0 { self.messages.len().checked_add_signed(at) } else { usize::try_from(at).ok() };
        let found = from.and_then(|at| self.messages.from(at).next());
        let (receive_time_ns, raw) = found.ok_or_else(|| PyIndexError::new_err("the batch has no such message"))?;
        Ok((receive_time_ns, PyBytes::new(py, raw)))
    }
}

/// A batch of messages that can be gone through twice. The room for all is made once: room that grows is copied over and over.
fn sized<'py, Items: Iterator<Item = Bound<'py, PyAny>>>(count: usize, items: impl Fn() -> Items) -> PyResult<PyBatch> {
    let mut bytes = 0;
    for message in items() {
        bytes += raw_of(message.cast::<PyTuple>()?)?.as_bytes().len();
    }
    let mut messages = Messages::with_capacity(count, bytes);
    for message in items() {
        take(&mut messages, &message)?;
    }
    Ok(PyBatch { messages })
}

/// The bytes of a message.
fn raw_of<'a, 'py>(message: &'a Bound<'py, PyTuple>) -> PyResult<Borrowed<'a, 'py, PyBytes>> {
    Ok(message.get_borrowed_item(1)?.cast::<PyBytes>()?)
}

/// Takes a message from Python.
fn take(messages: &mut Messages, message: &Bound<'_, PyAny>) -> PyResult<()> {
    let message = message.cast::<PyTuple>()?;
    let receive_time_ns = message.get_borrowed_item(0)?.extract()?;
    messages.push(receive_time_ns, raw_of(message)?.as_bytes());
    Ok(())
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyBatch>()
}
