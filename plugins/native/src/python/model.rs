//! The classes of `mainspring.model`, looked up once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::book::{Bbo, Level, Walk};

/// The classes that are made here.
pub struct Model {
    pub bbo: Py<PyType>,
    pub walk: Py<PyType>,
    pub delta: Py<PyType>,
    pub snapshot: Py<PyType>,
    pub invalid: Py<PyType>,
    pub quote: Py<PyType>,
    pub trade: Py<PyType>,
    pub bar: Py<PyType>,
    pub status: Py<PyType>,
    pub control: Py<PyType>,
}

static MODEL: PyOnceLock<Model> = PyOnceLock::new();

/// The classes of `mainspring.model`.
pub fn model(py: Python<'_>) -> PyResult<&Model> {
    MODEL.get_or_try_init(py, || {
        let module = py.import("mainspring.model")?;
        let class = |name: &str| -> PyResult<Py<PyType>> { Ok(module.getattr(name)?.cast_into::<PyType>()?.unbind()) };
        Ok(Model {
            bbo: class("BBO")?,
            walk: class("Walk")?,
            delta: class("BookDelta")?,
            snapshot: class("BookSnapshot")?,
            invalid: class("BookInvalid")?,
            quote: class("Quote")?,
            trade: class("Trade")?,
            bar: class("Bar")?,
            status: class("InstrumentStatus")?,
            control: class("Control")?,
        })
    })
}

/// `mainspring.model.BBO`.
pub fn bbo<'py>(py: Python<'py>, best: &Bbo) -> PyResult<Bound<'py, PyAny>> {
    model(py)?.bbo.bind(py).call1((best.bid.price, best.bid.lots, best.ask.price, best.ask.lots))
}

/// `mainspring.model.Walk`.
pub fn walk<'py>(py: Python<'py>, walk: &Walk) -> PyResult<Bound<'py, PyAny>> {
    let class = model(py)?.walk.bind(py);
    // An integer of 64 bits is made in a fifth of the time that one of 128 takes.
    match i64::try_from(walk.cost) {
        Ok(cost) => class.call1((walk.filled, walk.unfilled, cost, walk.worst, walk.levels)),
        Err(_) => class.call1((walk.filled, walk.unfilled, walk.cost, walk.worst, walk.levels)),
    }
}

/// A list of `(price_ticks, size_lots)`.
pub fn levels<'py>(py: Python<'py>, rows: &[Level]) -> PyResult<Bound<'py, pyo3::types::PyList>> {
    pyo3::types::PyList::new(py, rows.iter().map(|row| (row.price, row.lots)))
}
