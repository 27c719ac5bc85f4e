//! How a fused run trades without ending. The contract is `mainspring.seams.RunTrading`; the rules are those of
//! `mainspring.lane.OrderManager`, which does in Python whatever isn't the usual case.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;

use rustc_hash::FxHashMap;

use crate::costs::Costs;
use crate::lane::histogram::Histogram;
use crate::lane::runner::{Times, lock};
use crate::python::call::call;
use crate::python::costs::PyCosts;
use crate::python::position::PyPositionUnits;
use crate::python::run_requests::{Done, Requests, Way};
use crate::python::trading::PyOrderTracker;
use crate::python::venue::PyPaperVenue;
use crate::trading::order::{Event, StrategyId, Told as News};
use crate::trading::tracker::Tracker;
use crate::venue::outbox::Told;

/// What counts the position of an instrument, and that of a strategy there.
type Units = (Py<PyPositionUnits>, Py<PyPositionUnits>);

/// A `mainspring.seams.RunTrading`, read once.
pub struct RunTrading {
    strategies: Py<PyAny>,
    venue: Py<PyPaperVenue>,
    router: i64,
    first: usize,
    requests: Py<PyList>,
    sends: Py<PyList>,
    work: Py<PyAny>,
    on_event: Py<PyAny>,
    on_funding: Py<PyAny>,
    note_discrepancies: Py<PyAny>,
    portfolio: Py<PyAny>,
    own: Mutex<FxHashMap<(usize, StrategyId), Units>>,
    usual: Option<Requests>,
    pub manager: Py<PyAny>,
    pub tracker: Py<PyOrderTracker>,
    pub shared: Arc<Mutex<Tracker>>,
    pub costs: Arc<Mutex<Costs>>,
    pub records: Py<PyList>,
}

pub fn attribute(of: &Bound<'_, PyAny>, name: &str) -> PyResult<Py<PyAny>> {
    Ok(of.getattr(name)?.unbind())
}

pub fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

impl RunTrading {
    /// Reads what Python hands over; `None` if the router isn't a native venue, or what follows its events isn't native. `markets`
    /// are those of the run, `first` is the index of the first among all of the lane, and `requests` is where strategies put what
    /// they ask for.
    pub fn new(
        of: &Bound<'_, PyAny>,
        requests: &Bound<'_, PyList>,
        markets: &Bound<'_, PyList>,
        first: usize,
    ) -> PyResult<Option<Self>> {
        let manager = of.getattr("order_manager")?;
        let costs = manager.getattr("quality")?.getattr("markouts")?;
        let Ok(venue) = of.getattr("router")?.cast_into::<PyPaperVenue>() else { return Ok(None) };
        let Ok(tracker) = manager.getattr("tracker")?.cast_into::<PyOrderTracker>() else { return Ok(None) };
        let Ok(costs) = costs.cast_into::<PyCosts>() else { return Ok(None) };
        Ok(Some(RunTrading {
            strategies: attribute(of, "strategies")?,
            venue: venue.unbind(),
            router: of.getattr("index")?.extract()?,
            first,
            requests: requests.clone().unbind(),
            sends: of.getattr("sends")?.cast_into::<PyList>()?.unbind(),
            work: attribute(of, "work")?,
            on_event: attribute(of, "on_event")?,
            on_funding: attribute(&manager, "on_funding")?,
            note_discrepancies: attribute(&manager, "note_discrepancies")?,
            portfolio: attribute(&manager, "portfolio")?,
            own: Mutex::default(),
            usual: Requests::new(&manager, markets, first)?,
            shared: tracker.borrow().shared(),
            tracker: tracker.unbind(),
            costs: costs.get().shared(),
            records: manager.getattr("effects")?.getattr("records")?.cast_into::<PyList>()?.unbind(),
            manager: manager.unbind(),
        }))
    }

    /// Shows the garbage collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let RunTrading { strategies, work, on_event, on_funding, note_discrepancies, portfolio, manager, .. } = self;
        for held in [strategies, work, on_event, on_funding, note_discrepancies, portfolio, manager] {
            visit.call(held)?;
        }
        for held in [&self.requests, &self.sends, &self.records] {
            visit.call(held)?;
        }
        visit.call(&self.venue)?;
        visit.call(&self.tracker)?;
        self.usual.as_ref().map_or(Ok(()), |usual| usual.traverse(visit))
    }

    /// Works off what strategies have asked for. False if a request is for another router: it is left among the sends with all after it.
    pub fn work(&self, py: Python<'_>, now_ns: i64, times: &mut Times) -> PyResult<bool> {
        let requests = self.requests.bind(py);
        if requests.is_empty() {
            return Ok(true);
        }
        let running = self.strategies.bind(py).getattr(intern!(py, "running"))?.is_truthy()?;
        let usual = self.usual.as_ref().filter(|_| running);
        while !requests.is_empty() {
            if let Some(usual) = usual {
                let request = requests.get_item(0)?;
                let mut way = Way { venue: self.venue.get(), now_ns, times };
                if let Done::Sent = self.request(usual, &request, &mut way)? {
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

    /// When the order manager is due.
    pub fn due_ns(&self, py: Python<'_>) -> PyResult<i64> {
        let refusal_ns: i64 = self.manager.bind(py).getattr(intern!(py, "refusal_due_ns"))?.extract()?;
        Ok(refusal_ns.min(lock(&self.shared).due_ns))
    }

    /// An event of the venue: see `OrderManager.on_execution`.
    fn execution(&self, py: Python<'_>, told: &Told, now_ns: i64) -> PyResult<()> {
        let made = self.venue.get().made(py, told)?;
        let Some(event) = Event::reported(told, self.first) else {
            call(self.on_funding.bind(py), [&made])?;
            return Ok(());
        };
        let reported = self.tracker.borrow(py).report(py, &event, now_ns)?;
        if let Some(strategy) = reported.moved {
            self.book(py, &event, strategy)?;
        }
        self.records.bind(py).append(&made)?;
        if reported.disputed {
            self.note_discrepancies.bind(py).call0()?;
        }
        if let Some(applied) = reported.applied {
            lock(&self.costs).on_event(&event, applied.strategy, applied.ended, None);
            let strategy = self.tracker.borrow(py).name(py, applied.strategy);
            call(self.on_event.bind(py), [strategy.as_any(), &made])?;
        }
        Ok(())
    }

    /// Books a fill of an order of that strategy: see `mainspring.portfolio.Portfolio.on_fill`.
    fn book(&self, py: Python<'_>, event: &Event, strategy: StrategyId) -> PyResult<()> {
        let (News::Fill { buy, price_ticks, size_lots, fee_ppb, .. }, Ok(instrument)) =
            (&event.what, usize::try_from(event.instrument))
        else {
            return Ok(());
        };
        let mut own = lock(&self.own);
        let units = match own.entry((instrument, strategy)) {
            std::collections::hash_map::Entry::Occupied(found) => found.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let name = self.tracker.borrow(py).name(py, strategy);
                let units = self.portfolio.bind(py).call_method1(intern!(py, "units"), (name, instrument))?;
                place.insert(units.extract()?)
            }
        };
        for one in [&units.0, &units.1] {
            one.get().book(py, *buy, *size_lots, *price_ticks, *fee_ppb)?;
        }
        Ok(())
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
