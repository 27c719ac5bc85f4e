//! How a fused run trades without ending. The contract is `mainspring.seams.RunTrading`; the rules are those of
//! `mainspring.lane.OrderManager`, which does in Python whatever isn't the usual case.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use rustc_hash::FxHashMap;

use crate::costs::Costs;
use crate::lane::histogram::Histogram;
use crate::lane::instant::Instant;
use crate::lane::runner::{Times, lock};
use crate::orders::record::{Record, encode_into};
use crate::python::call::call;
use crate::python::costs::PyCosts;
use crate::python::guarded::Guarded;
use crate::python::holdings::Holdings;
use crate::python::listeners::Listeners;
use crate::python::own_orders::PyOwnOrders;
use crate::python::position::PyPositionUnits;
use crate::python::requests::{PyRequests, Request};
use crate::python::run_requests::{Done, Parts, Way, compared};
use crate::python::trading::PyOrderTracker;
use crate::python::venue::PyPaperVenue;
use crate::trading::audit::SendAudit;
use crate::trading::order::StrategyId;
use crate::trading::tracker::Tracker;
use crate::venue::{NEVER_NS, Sent};

/// What counts the position of an instrument, and that of a strategy there.
pub type Units = (Py<PyPositionUnits>, Py<PyPositionUnits>);

/// Where what became of a strategy's orders in a market goes, if there is such a strategy.
pub struct Receiver {
    pub orders: Py<PyOwnOrders>,
    pub on_fill: Option<Py<PyAny>>,
    pub on_order: Option<Py<PyAny>>,
    pub fail: Py<PyAny>,
}

/// By instrument and strategy.
pub type Receivers = FxHashMap<(usize, StrategyId), Option<Arc<Receiver>>>;

/// Records of the order log, as their bytes.
#[derive(Default)]
struct Encoded {
    bytes: Vec<u8>,
    count: usize,
}

/// How requests were worked off, and when that was done.
pub enum Worked {
    /// All are with the simulated venue.
    Sent(Instant),
    /// The run has to end: what is to be sent is among the lane's effects, and requests that wait are for Python.
    Ends(Instant),
}

/// A `mainspring.seams.RunTrading`, read once.
pub struct RunTrading {
    pub strategies: Py<PyAny>,
    /// The simulated venue that takes what is approved; `None` if the lane's event has to end before anything is sent.
    pub venue: Option<Py<PyPaperVenue>>,
    router: i64,
    pub first: usize,
    pub requests: Py<PyRequests>,
    sends: Py<PyList>,
    work: Py<PyAny>,
    pub on_funding: Py<PyAny>,
    pub note_discrepancies: Py<PyAny>,
    audit: Py<PyAny>,
    pub portfolio: Py<PyAny>,
    pub own: Mutex<FxHashMap<(usize, StrategyId), Units>>,
    pub receivers: Mutex<Receivers>,
    log: Guarded<Encoded>,
    encoded: Py<PyAny>,
    record_all: Py<PyAny>,
    send_approved: Py<PyAny>,
    started: AtomicBool,
    usual_now: AtomicBool,
    own_due_ns: AtomicI64,
    usual: Option<Parts>,
    /// The run's `mainspring.seams.RunTrading`, and whether it looks at what checks save.
    of: Py<PyAny>,
    saves: bool,
    pub sent: AtomicBool,
    /// Of the checks in each of the run's instruments.
    pub listeners: Vec<Listeners>,
    /// What checks read of all instruments of the lane.
    pub holdings: Holdings,
    pub manager: Py<PyAny>,
    pub tracker: Py<PyOrderTracker>,
    pub shared: Arc<Mutex<Tracker>>,
    pub costs: Arc<Mutex<Costs>>,
}

pub fn attribute(of: &Bound<'_, PyAny>, name: &str) -> PyResult<Py<PyAny>> {
    Ok(of.getattr(name)?.unbind())
}

impl RunTrading {
    /// Reads what Python hands over; `None` if the router is simulated in Python, or what follows its events isn't native. `markets`
    /// are those of the run, `first` is the index of the first among all of the lane, and `requests` is where strategies put what
    /// they ask for.
    pub fn new(
        of: &Bound<'_, PyAny>,
        requests: &Bound<'_, PyRequests>,
        markets: &Bound<'_, PyList>,
        first: usize,
    ) -> PyResult<Option<Self>> {
        let manager = of.getattr("order_manager")?;
        let gate = manager.getattr("gate")?;
        let costs = manager.getattr("quality")?.getattr("markouts")?;
        let router = of.getattr("router")?;
        let venue = if router.is_none() { None } else { Some(router) };
        let Ok(venue) = venue.map(Bound::cast_into::<PyPaperVenue>).transpose() else { return Ok(None) };
        let Ok(tracker) = manager.getattr("tracker")?.cast_into::<PyOrderTracker>() else { return Ok(None) };
        let Ok(costs) = costs.cast_into::<PyCosts>() else { return Ok(None) };
        let holdings = Holdings::new(&manager)?;
        let checks = |place| Listeners::new(&gate, first + place, holdings.count());
        let listeners = (0..markets.len()).map(checks).collect::<PyResult<_>>()?;
        Ok(Some(RunTrading {
            strategies: attribute(of, "strategies")?,
            venue: venue.map(Bound::unbind),
            router: of.getattr("index")?.extract()?,
            first,
            requests: requests.clone().unbind(),
            sends: of.getattr("sends")?.cast_into::<PyList>()?.unbind(),
            work: attribute(of, "work")?,
            on_funding: attribute(&manager, "on_funding")?,
            note_discrepancies: attribute(&manager, "note_discrepancies")?,
            audit: attribute(&manager, "audit")?,
            portfolio: attribute(&manager, "portfolio")?,
            own: Mutex::default(),
            receivers: Mutex::default(),
            log: Guarded::default(),
            encoded: of.py().import("mainspring.orders")?.getattr("EncodedRecords")?.unbind(),
            started: AtomicBool::new(false),
            record_all: attribute(&manager.getattr("outgoing")?, "record_all")?,
            send_approved: attribute(of, "send_approved")?,
            usual_now: AtomicBool::new(false),
            own_due_ns: AtomicI64::new(NEVER_NS),
            usual: Parts::new(&manager, markets, first)?,
            of: of.clone().unbind(),
            saves: of.getattr("saves")?.is_truthy()?,
            sent: AtomicBool::new(false),
            listeners,
            holdings,
            shared: tracker.borrow().shared(),
            tracker: tracker.unbind(),
            costs: costs.get().shared(),
            manager: manager.unbind(),
        }))
    }

    /// Shows the garbage collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let RunTrading { strategies, work, on_funding, note_discrepancies, portfolio, manager, audit, .. } = self;
        let RunTrading { record_all, send_approved, .. } = self;
        for held in
            [strategies, work, on_funding, note_discrepancies, portfolio, manager, audit, record_all, send_approved]
        {
            visit.call(held)?;
        }
        if let Ok(receivers) = self.receivers.try_lock() {
            for one in receivers.values().flatten() {
                visit.call(&one.orders)?;
                visit.call(&one.fail)?;
                for callback in [&one.on_fill, &one.on_order] {
                    visit.call(callback)?;
                }
            }
        }
        if let Ok(own) = self.own.try_lock() {
            for (account, strategy) in own.values() {
                visit.call(account)?;
                visit.call(strategy)?;
            }
        }
        visit.call(&self.sends)?;
        self.listeners.iter().try_for_each(|one| one.traverse(visit))?;
        visit.call(&self.of)?;
        self.holdings.traverse(visit)?;
        visit.call(&self.requests)?;
        visit.call(&self.venue)?;
        visit.call(&self.tracker)?;
        self.usual.as_ref().map_or(Ok(()), |usual| usual.traverse(visit))
    }

    /// Works off what strategies have asked for by `since`.
    pub fn work(&self, py: Python<'_>, now_ns: i64, since: Instant, times: &mut Times) -> PyResult<Worked> {
        let requests = self.requests.get();
        let mut way = Way { now_ns, times, since, audit: SendAudit::default() };
        while let Some(waiting) = requests.pop(py) {
            way.audit.requested(compared(&waiting.request));
            let usual = self.usual.as_ref().filter(|_| self.usual_now.load(Relaxed) && !waiting.surplus);
            if let Some(usual) = usual
                && let Done::Sent = self.request(usual, &waiting.request, &mut way, py)?
            {
                continue;
            }
            requests.give_back(py, waiting);
            self.flush(py)?;
            let Some(venue) = &self.venue else { return Ok(Worked::Ends(Instant::now())) };
            self.work.bind(py).call0()?;
            self.refresh(py)?;
            self.note_unsaved(py)?;
            if !self.send(py, venue.get(), now_ns, &mut way.times.route)? {
                return Ok(Worked::Ends(Instant::now()));
            }
            way.since = Instant::now();
        }
        Ok(if self.venue.is_some() { Worked::Sent(way.since) } else { Worked::Ends(way.since) })
    }

    /// Sends an approved request: to the simulated venue, or with the effects of the lane's event, behind its records.
    pub fn hand_on(&self, py: Python<'_>, request: &Request, sent: Sent, way: &mut Way<'_>) -> PyResult<()> {
        if let Some(venue) = &self.venue {
            way.send(venue.get(), sent);
            return Ok(());
        }
        self.flush(py)?;
        call(self.send_approved.bind(py), [&request.made(py)?]).map(drop)
    }

    /// Notes that what checks save may have changed.
    pub fn note_unsaved(&self, py: Python<'_>) -> PyResult<()> {
        if self.saves { self.of.bind(py).setattr(intern!(py, "unsaved"), true) } else { Ok(()) }
    }

    /// Whether the run ends here, as something was sent or reported, and what checks save may have changed.
    pub fn pauses(&self, py: Python<'_>) -> PyResult<bool> {
        let sent = self.sent.swap(false, Relaxed);
        let pauses = self.saves && sent && self.of.bind(py).getattr(intern!(py, "unsaved"))?.is_truthy()?;
        if pauses {
            self.of.bind(py).setattr(intern!(py, "paused"), true)?;
        }
        Ok(pauses)
    }

    /// The error for what would be sent and nobody requested: see `mainspring.lane.send_audit`.
    pub fn unrequested(&self, order_id: i64, py: Python<'_>) -> PyErr {
        let refused = self.audit.bind(py).call_method1(intern!(py, "refuse"), (order_id,));
        refused.err().unwrap_or_else(|| PyRuntimeError::new_err("it isn't refused"))
    }

    /// When the order manager is due.
    pub fn due_ns(&self) -> i64 {
        self.own_due_ns.load(Relaxed).min(lock(&self.shared).due_ns)
    }

    /// Reads when the order manager in Python is due, and whether requests are for it: at the beginning of a run, and after Python
    /// has done something in one.
    pub fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        let running = self.strategies.bind(py).getattr(intern!(py, "running"))?.is_truthy()?;
        let terms = self.manager.bind(py).getattr(intern!(py, "terms"))?;
        let usual = running && !terms.getattr(intern!(py, "reducing"))?.is_truthy()?;
        self.usual_now.store(usual, Relaxed);
        self.own_due_ns.store(self.manager.bind(py).getattr(intern!(py, "own_due_ns"))?.extract()?, Relaxed);
        Ok(())
    }

    /// Whether anything was ever requested in the lane.
    pub fn started(&self, py: Python<'_>) -> PyResult<bool> {
        if !self.started.load(Relaxed) {
            self.started.store(self.manager.bind(py).getattr(intern!(py, "started"))?.is_truthy()?, Relaxed);
        }
        Ok(self.started.load(Relaxed))
    }

    /// Adds records to the order log.
    pub fn note(&self, py: Python<'_>, records: &[Record<'_>]) {
        self.log.with(py, |log| {
            records.iter().for_each(|record| encode_into(&mut log.bytes, record));
            log.count += records.len();
        });
    }

    /// Hands on the records so far: before others are added in Python, and at the end of a run.
    pub fn flush(&self, py: Python<'_>) -> PyResult<()> {
        // The room stays for the records of the next run.
        let noted = self.log.with(py, |log| {
            let noted = (log.count > 0).then(|| (PyBytes::new(py, &log.bytes), log.count));
            log.bytes.clear();
            log.count = 0;
            noted
        });
        let Some((bytes, count)) = noted else { return Ok(()) };
        call(self.record_all.bind(py), [&self.encoded.bind(py).call1((bytes, count))?]).map(drop)
    }

    /// Sends what the order manager has approved; false if something is for another router.
    fn send(&self, py: Python<'_>, venue: &PyPaperVenue, now_ns: i64, times: &mut Histogram) -> PyResult<bool> {
        let sends = self.sends.bind(py);
        while !sends.is_empty() {
            let started = Instant::now();
            let first = sends.get_item(0)?;
            if first.getattr(intern!(py, "router"))?.extract::<i64>()? != self.router {
                return Ok(false);
            }
            sends.del_item(0)?;
            self.sent.store(true, Relaxed);
            self.audit.bind(py).call_method1(intern!(py, "check"), (&first,))?;
            venue.send(&first.getattr(intern!(py, "request"))?, now_ns)?;
            times.record(Instant::now().ns_since(started));
        }
        Ok(true)
    }
}
