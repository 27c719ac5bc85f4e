//! What Python reads of our orders, live.

use std::sync::{Arc, Mutex, OnceLock};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyIterator, PyList};

use rustc_hash::FxHashMap;

use crate::lane::runner::lock;
use crate::python::venue::order_state_error;
use crate::trading::lifecycle::OrderState;
use crate::trading::order::{Order, StrategyId};
use crate::trading::tracker::Tracker;

/// The states in the order of their numbers, and the classes that are made here.
pub struct Classes {
    states: Vec<Py<PyAny>>,
    pub discrepancy: Py<PyAny>,
    pub refusal: Py<PyAny>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

pub fn classes(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get_or_try_init(py, || {
        let orders = py.import("mainspring.orders")?;
        let state = orders.getattr("OrderState")?;
        Ok(Classes {
            states: OrderState::ALL
                .iter()
                .map(|known| Ok(state.call1((known.name(),))?.unbind()))
                .collect::<PyResult<_>>()?,
            discrepancy: orders.getattr("Discrepancy")?.unbind(),
            refusal: py.import("mainspring.model")?.getattr("Refusal")?.unbind(),
        })
    })
}

/// What Python reads of an order.
#[derive(Clone, Copy)]
pub struct Figures {
    price_ticks: i64,
    size_lots: i64,
    filled_lots: i128,
    exposure_lots: i128,
    state: OrderState,
    awaits_answer: bool,
    acknowledged: bool,
    pending: (u64, usize),
}

impl Figures {
    pub fn of(order: &Order) -> Self {
        Figures {
            price_ticks: order.price_ticks,
            size_lots: order.size_lots,
            filled_lots: order.filled_lots,
            exposure_lots: order.exposure_lots,
            state: order.state,
            awaits_answer: order.awaits_answer(),
            acknowledged: order.acknowledged(),
            pending: order.pending(),
        }
    }
}

/// One of the tracker's orders, live: keeps the contract of `mainspring.orders.Order` for readers.
#[pyclass(name = "TrackedOrder", module = "mainspring_native._native", frozen)]
pub struct PyOrder {
    #[pyo3(get)]
    pub order: Py<PyAny>,
    pub order_id: i64,
    pub tracker: Arc<Mutex<Tracker>>,
    /// The figures when the tracker dropped it.
    pub last: OnceLock<Figures>,
}

impl PyOrder {
    fn figures(&self, py: Python<'_>) -> PyResult<Figures> {
        if let Some(last) = self.last.get() {
            return Ok(*last);
        }
        lock(&self.tracker).get(self.order_id).map(Figures::of).map_err(|text| order_state_error(py, text))
    }
}

#[pymethods]
impl PyOrder {
    #[getter]
    fn price_ticks(&self, py: Python<'_>) -> PyResult<i64> {
        Ok(self.figures(py)?.price_ticks)
    }

    #[getter]
    fn size_lots(&self, py: Python<'_>) -> PyResult<i64> {
        Ok(self.figures(py)?.size_lots)
    }

    #[getter]
    fn filled_lots(&self, py: Python<'_>) -> PyResult<i128> {
        Ok(self.figures(py)?.filled_lots)
    }

    #[getter]
    fn exposure_lots(&self, py: Python<'_>) -> PyResult<i128> {
        Ok(self.figures(py)?.exposure_lots)
    }

    #[getter]
    fn state(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(classes(py)?.states[self.figures(py)?.state as usize].clone_ref(py))
    }

    #[getter]
    pub fn ended(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.figures(py)?.state.is_ended())
    }

    #[getter]
    fn acknowledged(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.figures(py)?.acknowledged)
    }

    #[getter]
    fn pending_cancels(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.figures(py)?.pending.0)
    }

    #[getter]
    fn pending_replaces(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.figures(py)?.pending.1)
    }

    #[getter]
    fn awaits_answer(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.figures(py)?.awaits_answer)
    }
}

/// The orders as Python has them, by id.
pub type Views = Arc<Mutex<FxHashMap<i64, Py<PyOrder>>>>;

/// The orders of these ids.
pub fn views_of(py: Python<'_>, views: &Views, order_ids: &[i64]) -> Vec<Py<PyOrder>> {
    let views = lock(views);
    order_ids.iter().filter_map(|order_id| views.get(order_id)).map(|view| view.clone_ref(py)).collect()
}

/// What may still be filled in one instrument, live: keeps the contract of `mainspring.orders.OpenLots` for readers.
#[pyclass(name = "OpenLots", module = "mainspring_native._native", frozen)]
pub struct PyOpenLots {
    pub tracker: Arc<Mutex<Tracker>>,
    pub place: usize,
}

impl PyOpenLots {
    /// Of buy orders and of sell orders.
    pub fn both(&self) -> (i128, i128) {
        lock(&self.tracker).open_lots(self.place)
    }
}

#[pymethods]
impl PyOpenLots {
    #[getter]
    fn buy(&self) -> i128 {
        self.both().0
    }

    #[getter]
    fn sell(&self) -> i128 {
        self.both().1
    }
}

/// A strategy's open orders in an instrument, live and oldest first.
#[pyclass(name = "OpenOrders", module = "mainspring_native._native", frozen)]
pub struct PyOpenOrders {
    pub tracker: Arc<Mutex<Tracker>>,
    pub views: Views,
    pub place: Option<usize>,
    pub strategy: StrategyId,
}

impl PyOpenOrders {
    fn order_ids(&self) -> Vec<i64> {
        let Some(place) = self.place else { return Vec::new() };
        let tracker = lock(&self.tracker);
        tracker.open_orders(place, self.strategy).map(|order| order.order.order_id).collect()
    }
}

#[pymethods]
impl PyOpenOrders {
    fn __len__(&self) -> usize {
        self.order_ids().len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, views_of(py, &self.views, &self.order_ids()))?.try_iter()
    }

    fn __contains__(&self, py: Python<'_>, order: &Bound<'_, PyAny>) -> bool {
        views_of(py, &self.views, &self.order_ids()).iter().any(|view| view.is(order))
    }
}
