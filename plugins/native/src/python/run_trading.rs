//! How a fused run trades without ending. The contract is `mainspring.seams.RunTrading`; the rules are those of
//! `mainspring.lane.OrderManager`, which does in Python whatever isn't the usual case.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::lane::histogram::Histogram;
use crate::lane::runner::Times;
use crate::python::call::call;
use crate::python::run_requests::{Done, Requests};
use crate::python::trading::PyOrderTracker;
use crate::python::venue::PyPaperVenue;
use crate::trading::tracker::Tracker;
use crate::venue::outbox::{Told, What};

/// A `mainspring.seams.RunTrading`, read once.
pub struct RunTrading {
    strategies: Py<PyAny>,
    venue: Py<PyPaperVenue>,
    router: i64,
    requests: Py<PyList>,
    sends: Py<PyList>,
    work: Py<PyAny>,
    on_execution: Py<PyAny>,
    on_funding: Py<PyAny>,
    limit: Py<PyAny>,
    native: Option<Native>,
}

/// The order manager's parts where its tracker is native.
pub struct Native {
    pub manager: Py<PyAny>,
    pub tracker: Py<PyOrderTracker>,
    pub shared: Arc<Mutex<Tracker>>,
    pub records: Py<PyList>,
    on_fill: Py<PyAny>,
    note_discrepancies: Py<PyAny>,
    on_quality_event: Py<PyAny>,
    on_event: Py<PyAny>,
    requests: Option<Requests>,
}

pub fn attribute(of: &Bound<'_, PyAny>, name: &str) -> PyResult<Py<PyAny>> {
    Ok(of.getattr(name)?.unbind())
}

pub fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

impl RunTrading {
    /// Reads what Python hands over; `None` if the router isn't a native venue. `markets` are those of the run, `first` is the index of
    /// the first among all of the lane, and `requests` is where strategies put what they ask for.
    pub fn new(
        of: &Bound<'_, PyAny>,
        requests: &Bound<'_, PyList>,
        markets: &Bound<'_, PyList>,
        first: usize,
    ) -> PyResult<Option<Self>> {
        let Ok(venue) = of.getattr("router")?.cast_into::<PyPaperVenue>() else { return Ok(None) };
        let manager = of.getattr("order_manager")?;
        Ok(Some(RunTrading {
            strategies: attribute(of, "strategies")?,
            venue: venue.unbind(),
            router: of.getattr("index")?.extract()?,
            requests: requests.clone().unbind(),
            sends: of.getattr("sends")?.cast_into::<PyList>()?.unbind(),
            work: attribute(of, "work")?,
            on_execution: attribute(of, "on_execution")?,
            on_funding: attribute(&manager, "on_funding")?,
            limit: attribute(of, "limit")?,
            native: Native::new(of, &manager, markets, first)?,
        }))
    }

    /// Shows the garbage collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for held in [&self.strategies, &self.work, &self.on_execution, &self.on_funding, &self.limit] {
            visit.call(held)?;
        }
        for held in [&self.requests, &self.sends] {
            visit.call(held)?;
        }
        visit.call(&self.venue)?;
        self.native.as_ref().map_or(Ok(()), |native| native.traverse(visit))
    }

    /// Works off what strategies have asked for. False if a request is for another router: it is left among the sends with all after it.
    pub fn work(&self, py: Python<'_>, now_ns: i64, times: &mut Times) -> PyResult<bool> {
        let requests = self.requests.bind(py);
        let usual = match &self.native {
            Some(native) if self.strategies.bind(py).getattr(intern!(py, "running"))?.is_truthy()? => {
                native.requests.as_ref()
            }
            _ => None,
        };
        while !requests.is_empty() {
            if let (Some(native), Some(usual)) = (&self.native, usual) {
                let request = requests.get_item(0)?;
                if let Done::Sent = native.request(usual, &request, self.venue.get(), now_ns, times)? {
                    requests.del_item(0)?;
                    continue;
                }
            }
            self.work.bind(py).call0()?;
            if !self.send(py, now_ns, &mut times.route)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes what the venue has for us by a time. False if there is something to do elsewhere.
    pub fn execute(&self, py: Python<'_>, now_ns: i64, times: &mut Times) -> PyResult<bool> {
        let venue = self.venue.get();
        let mut events = venue.take(py, now_ns)?.into_iter();
        while let Some(event) = events.next() {
            let done = self.execution(py, &event, now_ns).and_then(|()| self.work(py, now_ns, times));
            if !matches!(done, Ok(true)) {
                venue.give_back(events.collect(), now_ns);
                return done;
            }
        }
        Ok(true)
    }

    /// When something else is due.
    pub fn limit(&self, py: Python<'_>) -> PyResult<i64> {
        self.limit.bind(py).call0()?.extract()
    }

    fn execution(&self, py: Python<'_>, event: &Told, now_ns: i64) -> PyResult<()> {
        let made = self.venue.get().made(py, event)?;
        if matches!(event.what, What::Funded { .. }) {
            call(self.on_funding.bind(py), [&made])?;
            return Ok(());
        }
        match &self.native {
            Some(native) => native.execution(&made, now_ns),
            None => call(self.on_execution.bind(py), [&made]).map(|_| ()),
        }
    }

    /// Sends what the order manager has approved.
    fn send(&self, py: Python<'_>, now_ns: i64, times: &mut Histogram) -> PyResult<bool> {
        let sends = self.sends.bind(py);
        while !sends.is_empty() {
            let started = Instant::now();
            let first = sends.get_item(0)?;
            if first.getattr(intern!(py, "router"))?.extract::<i64>()? != self.router {
                return Ok(false);
            }
            sends.del_item(0)?;
            self.venue.get().send(&first.getattr(intern!(py, "request"))?, now_ns)?;
            times.record(nanoseconds(started));
        }
        Ok(true)
    }
}

impl Native {
    fn new(
        of: &Bound<'_, PyAny>,
        manager: &Bound<'_, PyAny>,
        markets: &Bound<'_, PyList>,
        first: usize,
    ) -> PyResult<Option<Self>> {
        let Ok(tracker) = manager.getattr("tracker")?.cast_into::<PyOrderTracker>() else { return Ok(None) };
        let quality = manager.getattr("quality")?;
        Ok(Some(Native {
            manager: manager.clone().unbind(),
            shared: tracker.borrow().shared(),
            tracker: tracker.unbind(),
            records: manager.getattr("effects")?.getattr("records")?.cast_into::<PyList>()?.unbind(),
            on_fill: attribute(&manager.getattr("portfolio")?, "on_fill")?,
            note_discrepancies: attribute(manager, "note_discrepancies")?,
            on_quality_event: attribute(&quality, "on_event")?,
            on_event: attribute(of, "on_event")?,
            requests: Requests::new(manager, &quality, markets, first)?,
        }))
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Native { manager, on_fill, note_discrepancies, on_quality_event, on_event, .. } = self;
        for held in [manager, on_fill, note_discrepancies, on_quality_event, on_event] {
            visit.call(held)?;
        }
        visit.call(&self.tracker)?;
        visit.call(&self.records)?;
        self.requests.as_ref().map_or(Ok(()), |requests| requests.traverse(visit))
    }

    /// An order event: see `OrderManager.on_execution`.
    fn execution(&self, event: &Bound<'_, PyAny>, now_ns: i64) -> PyResult<()> {
        let py = event.py();
        let applied = self.tracker.borrow(py).apply(event, now_ns)?;
        let (fills, discrepancies) = self.tracker.borrow(py).reported(py);
        if !fills.is_empty() {
            self.tracker.borrow_mut(py).take_fills(py);
            for fill in fills {
                let (fill, strategy) = fill.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
                call(self.on_fill.bind(py), [&fill, &strategy])?;
            }
        }
        self.records.bind(py).append(event)?;
        if !discrepancies.is_empty() {
            self.note_discrepancies.bind(py).call0()?;
        }
        if let Some(order) = applied {
            let order = order.get();
            let strategy = order.order.bind(py).getattr(intern!(py, "strategy"))?;
            let ended = order.ended(py)?.into_pyobject(py)?.to_owned().into_any();
            call(self.on_quality_event.bind(py), [event, &strategy, &ended])?;
            call(self.on_event.bind(py), [&strategy, event])?;
        }
        Ok(())
    }
}
