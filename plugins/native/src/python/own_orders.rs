//! What Python sees of a strategy's own orders in one market.

use std::collections::VecDeque;
use std::sync::Mutex;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use rustc_hash::FxHashMap;

use crate::kernel::handles::News;
use crate::kernel::view::OrderView;
use crate::lane::runner::lock;
use crate::python::order_events::order_event;
use crate::python::order_handle::PyOrderHandle;

/// How many ended orders are remembered.
const ENDED_KEPT: usize = 1_000;

#[derive(Default)]
struct Orders {
    /// Oldest first: ids rise.
    open: Vec<Py<PyOrderHandle>>,
    ended: FxHashMap<i64, Py<PyOrderHandle>>,
    ended_first: VecDeque<i64>,
    /// The open orders as Python has read them, until one is added or ends.
    shown: Option<Py<PyTuple>>,
}

impl Orders {
    fn find(&self, order_id: i64) -> Option<usize> {
        self.open.binary_search_by_key(&order_id, |one| one.get().order_id()).ok()
    }
}

/// The orders: keeps the contract of `mainspring.lane.OwnOrders`.
#[pyclass(name = "OwnOrders", module = "mainspring_native._native", frozen)]
pub struct PyOwnOrders {
    pub market: Py<PyAny>,
    clock: Py<PyAny>,
    pub requests: Py<PyList>,
    pub client_order_id: Py<PyAny>,
    index: Py<PyAny>,
    strategy: Py<PyAny>,
    orders: Mutex<Orders>,
}

impl PyOwnOrders {
    /// Orders in no market, by which the fields of handles are found.
    pub fn of_nobody(py: Python<'_>) -> Self {
        let none = || py.None();
        PyOwnOrders {
            market: none(),
            clock: none(),
            requests: PyList::empty(py).unbind(),
            client_order_id: none(),
            index: none(),
            strategy: none(),
            orders: Mutex::default(),
        }
    }

    /// The number of the market.
    pub fn index<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.index.bind(py).clone()
    }

    /// The strategy's name.
    pub fn strategy<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.strategy.bind(py).clone()
    }

    /// The lane's time.
    pub fn now<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.clock.bind(py).getattr(intern!(py, "now_ns"))
    }

    /// Takes an event of an order; returns its handle, or `None` if it ended long ago.
    pub fn take(&self, py: Python<'_>, order_id: i64, news: News) -> PyResult<Option<Py<PyOrderHandle>>> {
        let found = {
            let orders = lock(&self.orders);
            // A fill, or the answer to a cancel, may come after the order's end.
            let found = orders.find(order_id).map(|at| &orders.open[at]).or_else(|| orders.ended.get(&order_id));
            found.map(|handle| handle.clone_ref(py))
        };
        let Some(handle) = found else { return Ok(None) };
        if handle.get().update(py, news)? {
            let mut orders = lock(&self.orders);
            let mut dropped = None;
            if let Some(at) = orders.find(order_id) {
                let ended = orders.open.remove(at);
                orders.shown = None;
                orders.ended.insert(order_id, ended);
                orders.ended_first.push_back(order_id);
                if orders.ended_first.len() > ENDED_KEPT
                    && let Some(oldest) = orders.ended_first.pop_front()
                {
                    dropped = orders.ended.remove(&oldest);
                }
            }
            // What goes with it may run code of Python's.
            drop(orders);
            drop(dropped);
        }
        Ok(Some(handle))
    }

    /// The open orders as compiled strategies read them.
    pub fn show(&self, views: &mut Vec<OrderView>) {
        views.clear();
        views.extend(lock(&self.orders).open.iter().map(|one| one.get().view()));
    }
}

#[pymethods]
impl PyOwnOrders {
    #[new]
    fn new(
        market: &Bound<'_, PyAny>,
        clock: Py<PyAny>,
        requests: Py<PyList>,
        client_order_id: Py<PyAny>,
    ) -> PyResult<Self> {
        Ok(PyOwnOrders {
            market: market.clone().unbind(),
            clock,
            requests,
            client_order_id,
            index: market.getattr("index")?.unbind(),
            strategy: market.getattr("strategy")?.unbind(),
            orders: Mutex::default(),
        })
    }

    fn add(slf: &Bound<'_, Self>, request: &Bound<'_, PyAny>) -> PyResult<Py<PyOrderHandle>> {
        let (py, own) = (slf.py(), slf.get());
        let handle = Py::new(py, PyOrderHandle::new(slf, request)?)?;
        let mut orders = lock(&own.orders);
        orders.open.push(handle.clone_ref(py));
        let shown = orders.shown.take();
        drop(orders);
        drop(shown);
        Ok(handle)
    }

    /// The orders that haven't ended, oldest first.
    #[getter]
    fn open(&self, py: Python<'_>) -> PyResult<Py<PyTuple>> {
        let open: Vec<_> = {
            let orders = lock(&self.orders);
            if let Some(shown) = &orders.shown {
                return Ok(shown.clone_ref(py));
            }
            orders.open.iter().map(|one| one.clone_ref(py)).collect()
        };
        let shown = PyTuple::new(py, open)?.unbind();
        lock(&self.orders).shown = Some(shown.clone_ref(py));
        Ok(shown)
    }

    fn update(&self, event: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyOrderHandle>>> {
        let read = order_event(event)?;
        self.take(event.py(), read.order_id, News::of_event(&read.what))
    }

    fn mark_unknown(&self, py: Python<'_>, order_id: i64) -> PyResult<()> {
        let found = {
            let orders = lock(&self.orders);
            orders.find(order_id).map(|at| orders.open[at].clone_ref(py))
        };
        found.map_or(Ok(()), |handle| handle.get().lose(py))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        for held in [&self.market, &self.clock, &self.client_order_id] {
            visit.call(held)?;
        }
        visit.call(&self.requests)?;
        // Held only while it is changed: what isn't shown then is kept.
        let Ok(orders) = self.orders.try_lock() else { return Ok(()) };
        orders.open.iter().chain(orders.ended.values()).try_for_each(|handle| visit.call(handle))?;
        visit.call(&orders.shown)
    }

    /// Lets go of the handles, which know it.
    fn __clear__(&self) {
        let orders = std::mem::take(&mut *lock(&self.orders));
        drop(orders);
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyOwnOrders>()
}
