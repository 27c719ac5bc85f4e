//! What Python sees of the tracker of our orders.

use std::sync::{Arc, Mutex};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMappingProxy, PyString, PyTuple};

use rustc_hash::FxHashMap;

use crate::lane::runner::lock;
use crate::python::order_events::{new_order, number, order_event};
use crate::python::order_views::{Figures, PyOpenLots, PyOpenOrders, PyOrder, Views, classes};
use crate::python::venue::order_state_error;
use crate::trading::manager::{Reported, report};
use crate::trading::order::{Event, NewOrder, StrategyId};
use crate::trading::tracker::{Tracker, not_found};

/// Tracks orders: keeps the contract of `mainspring.orders.OrderTracker`.
#[pyclass(name = "OrderTracker", module = "mainspring_native._native")]
pub struct PyOrderTracker {
    tracker: Arc<Mutex<Tracker>>,
    views: Arc<Views>,
    #[pyo3(get)]
    open_lots: Py<PyList>,
    #[pyo3(get)]
    fills: Py<PyList>,
    #[pyo3(get)]
    discrepancies: Py<PyList>,
    #[pyo3(get)]
    stops: Py<PyMappingProxy>,
    refusals: Py<PyDict>,
    strategies: FxHashMap<String, StrategyId>,
}

impl PyOrderTracker {
    /// Does something to the tracker, and shows what that changed of the stops.
    fn change<T>(&self, py: Python<'_>, change: impl FnOnce(&mut Tracker) -> Result<T, String>) -> PyResult<T> {
        let (done, stops) = {
            let mut tracker = lock(&self.tracker);
            let done = change(&mut tracker);
            let stops = tracker.take_stops_changed().then(|| {
                let stop = |place| tracker.stop(place).map(|(code, detail)| (place, code, detail.to_owned()));
                (0..tracker.instruments()).filter_map(stop).collect::<Vec<_>>()
            });
            (done, stops)
        };
        if let Some(stops) = stops {
            let refusals = self.refusals.bind(py);
            refusals.clear();
            for (place, code, detail) in stops {
                refusals.set_item(place, classes(py)?.refusal.bind(py).call1((code, detail))?)?;
            }
        }
        done.map_err(|text| order_state_error(py, text))
    }

    /// Does something to an order, and returns it.
    fn change_order(
        &self,
        py: Python<'_>,
        order_id: i64,
        change: impl FnOnce(&mut Tracker) -> Result<(), String>,
    ) -> PyResult<Py<PyOrder>> {
        self.change(py, change)?;
        self.get(py, order_id)
    }

    /// What is tracked.
    pub fn shared(&self) -> Arc<Mutex<Tracker>> {
        Arc::clone(&self.tracker)
    }

    /// Starts to track an approved order, whose request is given too.
    pub fn track(&self, new: NewOrder, order: &Bound<'_, PyAny>) -> PyResult<Py<PyOrder>> {
        let (py, order_id) = (order.py(), new.order_id);
        self.change(py, |tracker| tracker.add(new))?;
        self.views.add(order_id, order.clone().unbind(), py)
    }

    /// Applies a report of the venue. Discrepancies are among those that `take_discrepancies` hands out too.
    pub fn report(&self, py: Python<'_>, event: &Event, now_ns: i64) -> PyResult<Reported> {
        let (reported, forgotten) = self.change(py, |tracker| {
            let reported = report(tracker, event, now_ns);
            let forgotten = tracker.forgotten().map(|order| (order.order.order_id, Figures::of(order)));
            Ok((reported, forgotten))
        })?;
        for found in &reported.discrepancies {
            let fields = (found.time_ns, found.order_id, found.instrument, found.what, found.detail.as_str());
            self.discrepancies.bind(py).append(classes(py)?.discrepancy.bind(py).call1(fields)?)?;
        }
        if let Some((order_id, figures)) = forgotten {
            self.views.forget(order_id, figures);
        }
        Ok(reported)
    }

    /// The name of a strategy.
    pub fn name<'py>(&self, py: Python<'py>, strategy: StrategyId) -> Bound<'py, PyString> {
        self.views.name(py, strategy)
    }

    /// The number of a strategy.
    pub fn strategy(&mut self, name: &Bound<'_, PyString>) -> PyResult<StrategyId> {
        let text = name.to_cow()?;
        if let Some(known) = self.strategies.get(text.as_ref()) {
            return Ok(*known);
        }
        let strategy = self.views.add_name(name)?;
        self.strategies.insert(text.into_owned(), strategy);
        Ok(strategy)
    }
}

#[pymethods]
impl PyOrderTracker {
    #[new]
    #[pyo3(signature = (instruments, *, answer_timeout_ns = 0))]
    fn new(py: Python<'_>, instruments: &Bound<'_, PyAny>, answer_timeout_ns: i64) -> PyResult<Self> {
        let count = instruments.len()?;
        let tracker = Arc::new(Mutex::new(Tracker::new(count, answer_timeout_ns)));
        let refusals = PyDict::new(py);
        let open_lots = PyList::empty(py);
        for place in 0..count {
            open_lots.append(Py::new(py, PyOpenLots { tracker: Arc::clone(&tracker), place })?)?;
        }
        Ok(PyOrderTracker {
            views: Views::new(&tracker),
            tracker,
            open_lots: open_lots.unbind(),
            fills: PyList::empty(py).unbind(),
            discrepancies: PyList::empty(py).unbind(),
            stops: PyMappingProxy::new(py, refusals.as_mapping()).unbind(),
            refusals: refusals.unbind(),
            strategies: FxHashMap::default(),
        })
    }

    #[getter]
    fn due_ns(&self) -> i64 {
        lock(&self.tracker).due_ns
    }

    pub fn add(&mut self, order: &Bound<'_, PyAny>) -> PyResult<Py<PyOrder>> {
        let py = order.py();
        let order_id = number(order, intern!(py, "order_id"))?;
        let instrument = number(order, intern!(py, "instrument"))?;
        let size_lots = number(order, intern!(py, "size_lots"))?;
        let place = self.change(py, |tracker| tracker.check_new(order_id, instrument, size_lots))?;
        let strategy = self.strategy(order.getattr(intern!(py, "strategy"))?.cast::<PyString>()?)?;
        self.track(new_order(order, place, strategy)?, order)
    }

    fn get(&self, py: Python<'_>, order_id: i64) -> PyResult<Py<PyOrder>> {
        self.find(py, order_id)?.ok_or_else(|| order_state_error(py, not_found(order_id)))
    }

    pub fn find(&self, py: Python<'_>, order_id: i64) -> PyResult<Option<Py<PyOrder>>> {
        self.views.find(py, order_id)
    }

    pub fn send(&self, py: Python<'_>, order_id: i64, now_ns: i64) -> PyResult<Py<PyOrder>> {
        self.change_order(py, order_id, |tracker| tracker.send(order_id, now_ns))
    }

    pub fn request_cancel(&self, py: Python<'_>, order_id: i64, now_ns: i64) -> PyResult<Py<PyOrder>> {
        self.change_order(py, order_id, |tracker| tracker.request_cancel(order_id, now_ns))
    }

    pub fn request_replace(
        &self,
        py: Python<'_>,
        order_id: i64,
        price_ticks: i64,
        size_lots: i64,
        now_ns: i64,
    ) -> PyResult<Py<PyOrder>> {
        self.change_order(py, order_id, |tracker| tracker.request_replace(order_id, price_ticks, size_lots, now_ns))
    }

    fn mark_unknown(&self, py: Python<'_>, order_id: i64) -> PyResult<Py<PyOrder>> {
        self.change_order(py, order_id, |tracker| tracker.mark_unknown(order_id))
    }

    fn take_overdue(&self, py: Python<'_>, now_ns: i64) -> PyResult<Vec<Py<PyOrder>>> {
        let overdue = self.change(py, |tracker| Ok(tracker.take_overdue(now_ns)))?;
        self.views.find_all(py, &overdue)
    }

    fn lose_connection(&self, py: Python<'_>, instruments: &Bound<'_, PyAny>) -> PyResult<Vec<Py<PyOrder>>> {
        let mut places = Vec::new();
        for instrument in instruments.try_iter()? {
            places.extend(usize::try_from(instrument?.extract::<i64>()?));
        }
        let lost = self.change(py, |tracker| Ok(tracker.lose_connection(&places)))?;
        self.views.find_all(py, &lost)
    }

    fn apply(&self, event: &Bound<'_, PyAny>, now_ns: i64) -> PyResult<Option<Py<PyOrder>>> {
        let py = event.py();
        let read = order_event(event)?;
        // It may be dropped by this.
        let order = self.find(py, read.order_id)?;
        let Reported { applied, moved, .. } = self.report(py, &read, now_ns)?;
        if let Some(strategy) = moved {
            self.fills.bind(py).append(PyTuple::new(py, [event, self.name(py, strategy).as_any()])?)?;
        }
        Ok(order.filter(|_| applied.is_some()))
    }

    fn has_fill(&self, order_id: i64, fill_id: i64) -> bool {
        lock(&self.tracker).has_fill(order_id, fill_id)
    }

    fn dispute(
        &self,
        py: Python<'_>,
        what: &str,
        order_id: i64,
        instrument: usize,
        detail: &str,
        now_ns: i64,
    ) -> PyResult<()> {
        let fields = (now_ns, order_id, instrument, what, detail);
        self.discrepancies.bind(py).append(classes(py)?.discrepancy.bind(py).call1(fields)?)?;
        self.change(py, |tracker| {
            tracker.stop_for(instrument, what, detail);
            Ok(())
        })
    }

    fn clear_discrepancy(&self, py: Python<'_>, instrument: i64) -> PyResult<()> {
        self.change(py, |tracker| {
            if let Ok(place) = usize::try_from(instrument) {
                tracker.clear_discrepancy(place);
            }
            Ok(())
        })
    }

    fn take_discrepancies(&mut self, py: Python<'_>) -> Py<PyList> {
        std::mem::replace(&mut self.discrepancies, PyList::empty(py).unbind())
    }

    pub fn take_fills(&mut self, py: Python<'_>) -> Py<PyList> {
        std::mem::replace(&mut self.fills, PyList::empty(py).unbind())
    }

    fn open_orders(&mut self, instrument: i64, strategy: &Bound<'_, PyString>) -> PyResult<PyOpenOrders> {
        Ok(PyOpenOrders {
            tracker: Arc::clone(&self.tracker),
            views: Arc::clone(&self.views),
            place: usize::try_from(instrument).ok(),
            strategy: self.strategy(strategy)?,
        })
    }

    fn all_open(&self, py: Python<'_>) -> PyResult<Vec<Py<PyOrder>>> {
        let order_ids: Vec<i64> = lock(&self.tracker).all_open().map(|order| order.order.order_id).collect();
        self.views.find_all(py, &order_ids)
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyOrder>()?;
    module.add_class::<PyOpenLots>()?;
    module.add_class::<PyOpenOrders>()?;
    module.add_class::<PyOrderTracker>()
}
