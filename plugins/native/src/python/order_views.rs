//! What Python reads of our orders, live.

use std::sync::{Arc, Mutex, OnceLock};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyIterator, PyList, PyString};

use rustc_hash::FxHashMap;

use crate::lane::runner::lock;
use crate::python::order_events::made_order;
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

/// The tracker's orders as Python has them, by id: each is made when it is first asked for.
pub struct Views {
    tracker: Arc<Mutex<Tracker>>,
    known: Mutex<FxHashMap<i64, Py<PyOrder>>>,
    /// The strategies by their numbers.
    names: Mutex<Vec<Py<PyString>>>,
}

impl Views {
    pub fn new(tracker: &Arc<Mutex<Tracker>>) -> Arc<Self> {
        Arc::new(Views { tracker: Arc::clone(tracker), known: Mutex::default(), names: Mutex::default() })
    }

    /// A tracked order, whose request is given if there is one in Python.
    pub fn add(&self, order_id: i64, order: Py<PyAny>, py: Python<'_>) -> PyResult<Py<PyOrder>> {
        let tracker = Arc::clone(&self.tracker);
        let view = Py::new(py, PyOrder { order, order_id, tracker, last: OnceLock::new() })?;
        lock(&self.known).insert(order_id, view.clone_ref(py));
        Ok(view)
    }

    /// The order of that id; `None` if none was sent, or it ended long ago.
    pub fn find(&self, py: Python<'_>, order_id: i64) -> PyResult<Option<Py<PyOrder>>> {
        if let Some(view) = lock(&self.known).get(&order_id) {
            return Ok(Some(view.clone_ref(py)));
        }
        let Some(order) = lock(&self.tracker).find(order_id).map(|found| found.order) else { return Ok(None) };
        let request = made_order(py, &order, &self.name(py, order.strategy))?;
        self.add(order_id, request.unbind(), py).map(Some)
    }

    /// The orders of these ids.
    pub fn find_all(&self, py: Python<'_>, order_ids: &[i64]) -> PyResult<Vec<Py<PyOrder>>> {
        order_ids.iter().filter_map(|order_id| self.find(py, *order_id).transpose()).collect()
    }

    /// Forgets an order that the tracker has dropped, whose last figures are these.
    pub fn forget(&self, order_id: i64, figures: Figures) {
        let forgotten = lock(&self.known).remove(&order_id);
        if let Some(view) = forgotten {
            view.get().last.get_or_init(|| figures);
        }
    }

    /// The name of a strategy.
    pub fn name<'py>(&self, py: Python<'py>, strategy: StrategyId) -> Bound<'py, PyString> {
        match lock(&self.names).get(strategy as usize) {
            Some(name) => name.bind(py).clone(),
            None => intern!(py, "").clone(),
        }
    }

    /// Adds a strategy; returns its number.
    pub fn add_name(&self, name: &Bound<'_, PyString>) -> PyResult<StrategyId> {
        let mut names = lock(&self.names);
        let strategy = StrategyId::try_from(names.len())?;
        names.push(name.clone().unbind());
        Ok(strategy)
    }
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
    pub views: Arc<Views>,
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
        PyList::new(py, self.views.find_all(py, &self.order_ids())?)?.try_iter()
    }

    fn __contains__(&self, py: Python<'_>, order: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.views.find_all(py, &self.order_ids())?.iter().any(|view| view.is(order)))
    }
}
