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

use crate::book::Side;
use crate::costs::Costs;
use crate::kernel::handles::News;
use crate::lane::histogram::Histogram;
use crate::lane::instant::Instant;
use crate::lane::runner::{Times, lock};
use crate::orders::record::{Fill, Record, encode_into};
use crate::python::call::call;
use crate::python::costs::PyCosts;
use crate::python::ears::Report;
use crate::python::guarded::Guarded;
use crate::python::holdings::Holdings;
use crate::python::listeners::Listeners;
use crate::python::own_orders::PyOwnOrders;
use crate::python::position::PyPositionUnits;
use crate::python::requests::PyRequests;
use crate::python::run_requests::{Done, Parts, Way, compared};
use crate::python::trading::PyOrderTracker;
use crate::python::venue::PyPaperVenue;
use crate::trading::audit::SendAudit;
use crate::trading::order::{Event, StrategyId, Told as Happened};
use crate::trading::tracker::Tracker;
use crate::venue::NEVER_NS;
use crate::venue::outbox::Told;

/// The event as the order log has it.
fn record_of(event: &Event) -> Record<'_> {
    let Event { order_id, instrument, time_ns, .. } = *event;
    match &event.what {
        Happened::Accepted => Record::Accepted { time_ns, order_id, instrument },
        Happened::Rejected { reason, request } => {
            Record::Rejected { time_ns, order_id, instrument, reason, request: *request }
        }
        &Happened::Fill { fill_id, buy, price_ticks, size_lots, maker, fee_ppb } => Record::Fill(Fill {
            time_ns,
            order_id,
            instrument,
            fill_id,
            side: if buy { Side::Buy } else { Side::Sell },
            price_ticks,
            size_lots,
            maker,
            fee_ppb,
            fee_amount: None,
            fee_currency: "",
        }),
        Happened::Cancelled { remaining_lots, reason } => {
            Record::Cancelled { time_ns, order_id, instrument, remaining_lots: *remaining_lots, reason }
        }
        Happened::Expired { remaining_lots, reason } => {
            Record::Expired { time_ns, order_id, instrument, remaining_lots: *remaining_lots, reason }
        }
        &Happened::Replaced { price_ticks, size_lots } => {
            Record::Replaced { time_ns, order_id, instrument, price_ticks, size_lots }
        }
    }
}

/// What counts the position of an instrument, and that of a strategy there.
type Units = (Py<PyPositionUnits>, Py<PyPositionUnits>);

/// Where what became of a strategy's orders in a market goes, if there is such a strategy.
struct Receiver {
    orders: Py<PyOwnOrders>,
    on_fill: Option<Py<PyAny>>,
    on_order: Option<Py<PyAny>>,
    fail: Py<PyAny>,
}

/// By instrument and strategy.
type Receivers = FxHashMap<(usize, StrategyId), Option<Arc<Receiver>>>;

/// Records of the order log, as their bytes.
#[derive(Default)]
struct Encoded {
    bytes: Vec<u8>,
    count: usize,
}

/// A `mainspring.seams.RunTrading`, read once.
pub struct RunTrading {
    strategies: Py<PyAny>,
    venue: Py<PyPaperVenue>,
    router: i64,
    first: usize,
    requests: Py<PyRequests>,
    sends: Py<PyList>,
    work: Py<PyAny>,
    on_funding: Py<PyAny>,
    note_discrepancies: Py<PyAny>,
    audit: Py<PyAny>,
    portfolio: Py<PyAny>,
    own: Mutex<FxHashMap<(usize, StrategyId), Units>>,
    receivers: Mutex<Receivers>,
    log: Guarded<Encoded>,
    encoded: Py<PyAny>,
    started: AtomicBool,
    running: AtomicBool,
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
    pub records: Py<PyList>,
}

pub fn attribute(of: &Bound<'_, PyAny>, name: &str) -> PyResult<Py<PyAny>> {
    Ok(of.getattr(name)?.unbind())
}

impl RunTrading {
    /// Reads what Python hands over; `None` if the router isn't a native venue, or what follows its events isn't native. `markets`
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
        let Ok(venue) = of.getattr("router")?.cast_into::<PyPaperVenue>() else { return Ok(None) };
        let Ok(tracker) = manager.getattr("tracker")?.cast_into::<PyOrderTracker>() else { return Ok(None) };
        let Ok(costs) = costs.cast_into::<PyCosts>() else { return Ok(None) };
        let holdings = Holdings::new(&manager)?;
        let checks = |place| Listeners::new(&gate, first + place, holdings.count());
        let listeners = (0..markets.len()).map(checks).collect::<PyResult<_>>()?;
        Ok(Some(RunTrading {
            strategies: attribute(of, "strategies")?,
            venue: venue.unbind(),
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
            running: AtomicBool::new(false),
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
            records: manager.getattr("effects")?.getattr("records")?.cast_into::<PyList>()?.unbind(),
            manager: manager.unbind(),
        }))
    }

    /// Shows the garbage collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let RunTrading { strategies, work, on_funding, note_discrepancies, portfolio, manager, audit, .. } = self;
        for held in [strategies, work, on_funding, note_discrepancies, portfolio, manager, audit] {
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
        for held in [&self.sends, &self.records] {
            visit.call(held)?;
        }
        self.listeners.iter().try_for_each(|one| one.traverse(visit))?;
        visit.call(&self.of)?;
        self.holdings.traverse(visit)?;
        visit.call(&self.requests)?;
        visit.call(&self.venue)?;
        visit.call(&self.tracker)?;
        self.usual.as_ref().map_or(Ok(()), |usual| usual.traverse(visit))
    }

    /// Works off what strategies have asked for by `since`; returns when it was done. `None` if a request is for another router: it
    /// is left among the sends with all after it.
    pub fn work(&self, py: Python<'_>, now_ns: i64, since: Instant, times: &mut Times) -> PyResult<Option<Instant>> {
        let requests = self.requests.get();
        let mut way = Way { venue: self.venue.get(), now_ns, times, since, audit: SendAudit::default() };
        while let Some(waiting) = requests.pop(py) {
            way.audit.requested(compared(&waiting.request));
            let usual = self.usual.as_ref().filter(|_| self.running.load(Relaxed) && !waiting.surplus);
            if let Some(usual) = usual
                && let Done::Sent = self.request(usual, &waiting.request, &mut way, py)?
            {
                continue;
            }
            requests.give_back(py, waiting);
            self.flush(py)?;
            self.work.bind(py).call0()?;
            self.refresh(py)?;
            self.note_unsaved(py)?;
            if !self.send(py, now_ns, &mut way.times.route)? {
                return Ok(None);
            }
            way.since = Instant::now();
        }
        Ok(Some(way.since))
    }

    /// Takes what the venue has for us by a time. False if there is something to do elsewhere.
    pub fn execute(&self, py: Python<'_>, now_ns: i64, times: &mut Times) -> PyResult<bool> {
        // What is unsaved is from before what comes now, and has to be seen before.
        self.sent.store(true, Relaxed);
        if self.pauses(py)? {
            return Ok(false);
        }
        let venue = self.venue.get();
        let mut events = venue.take(py, now_ns)?.into_iter();
        while let Some(event) = events.next() {
            let done = self.execution(py, &event, now_ns, times).and_then(|()| {
                let idle = self.requests.get().is_empty(py);
                let worked = idle || self.work(py, now_ns, Instant::now(), times)?.is_some();
                self.sent.store(true, Relaxed);
                Ok(worked && !self.pauses(py)?)
            });
            if !matches!(done, Ok(true)) {
                venue.give_back(events.collect(), now_ns);
                return done;
            }
        }
        Ok(true)
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

    /// Reads when the order manager in Python is due, and whether new orders may go out: at the beginning of a run, and after Python
    /// has done something in one.
    pub fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        let running = self.strategies.bind(py).getattr(intern!(py, "running"))?.is_truthy()?;
        self.running.store(running, Relaxed);
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
        self.records.bind(py).append(self.encoded.bind(py).call1((bytes, count))?)
    }

    /// An event of the venue: see `OrderManager.on_execution`.
    fn execution(&self, py: Python<'_>, told: &Told, now_ns: i64, times: &mut Times) -> PyResult<()> {
        let venue = self.venue.get();
        let Some(event) = Event::reported(told, self.first) else {
            self.flush(py)?;
            call(self.on_funding.bind(py), [&venue.made(py, told)?])?;
            return self.refresh(py);
        };
        let reported = self.tracker.borrow(py).report(py, &event, now_ns)?;
        if let Some(strategy) = reported.moved {
            self.book(py, &event, strategy)?;
        }
        self.note(py, &[record_of(&event)]);
        self.hear(py, told, &event, now_ns)?;
        if !reported.discrepancies.is_empty() {
            self.flush(py)?;
            self.note_discrepancies.bind(py).call0()?;
            self.refresh(py)?;
        }
        let Some(applied) = reported.applied else { return Ok(()) };
        lock(&self.costs).on_event(&event, applied.strategy, applied.ended, None);
        self.answer(py, told, &event, applied.strategy, now_ns, times)
    }

    /// Tells risk checks what the venue reported: see `mainspring.risk.Gate.on_event`.
    fn hear(&self, py: Python<'_>, told: &Told, event: &Event, now_ns: i64) -> PyResult<()> {
        let Some(listeners) = self.listeners.get(told.instrument) else { return Ok(()) };
        let found = lock(&self.shared).find(event.order_id).map(|order| (order.order.strategy, order.ended()));
        let name = found.map(|(strategy, _)| self.tracker.borrow(py).name(py, strategy));
        let report = Report {
            order_id: event.order_id,
            what: &event.what,
            strategy: name.as_ref().map_or(Ok(""), |name| name.to_str())?,
            goes_on: found.is_some_and(|(_, ended)| !ended),
            now_ns,
        };
        if listeners.reported(py, &report, &self.holdings, || self.venue.get().made(py, told))? {
            self.note_unsaved(py)?;
        }
        Ok(())
    }

    /// Tells a strategy what became of its order: see `mainspring.lane.Strategies.on_event`.
    fn answer(
        &self,
        py: Python<'_>,
        told: &Told,
        event: &Event,
        strategy: StrategyId,
        now_ns: i64,
        times: &mut Times,
    ) -> PyResult<()> {
        let Ok(instrument) = usize::try_from(event.instrument) else { return Ok(()) };
        let Some(receiver) = self.receiver(py, instrument, strategy)? else { return Ok(()) };
        let handle = receiver.orders.get().take(py, event.order_id, News::of_event(&event.what))?;
        let filled = matches!(event.what, Happened::Fill { .. });
        let callback = if filled { &receiver.on_fill } else { &receiver.on_order };
        let (Some(handle), Some(callback)) = (handle, callback) else { return Ok(()) };
        if self.strategies.bind(py).getattr(intern!(py, "silent"))?.is_truthy()? {
            return Ok(());
        }
        let (made, handle) = (self.venue.get().made(py, told)?, handle.into_bound(py).into_any());
        let (started, asked) = (Instant::now(), self.requests.get().len(py));
        let arguments = if filled { [&made, &handle] } else { [&handle, &made] };
        if let Err(error) = call(callback.bind(py), arguments) {
            // Unlike `value`, it has the traceback, which names the plugin's own frames.
            let raised = error.clone_ref(py).into_value(py);
            call(receiver.fail.bind(py), [raised.bind(py).as_any()])?;
            return Err(error);
        }
        times.strategy.record(Instant::now().ns_since(started));
        if self.requests.get().len(py) > asked {
            let name = self.tracker.borrow(py).name(py, strategy);
            self.requests.get().limit_answers(&name, asked, now_ns)?;
        }
        Ok(())
    }

    fn receiver(&self, py: Python<'_>, instrument: usize, strategy: StrategyId) -> PyResult<Option<Arc<Receiver>>> {
        if let Some(known) = lock(&self.receivers).get(&(instrument, strategy)) {
            return Ok(known.clone());
        }
        let name = self.tracker.borrow(py).name(py, strategy);
        let found = self.strategies.bind(py).call_method1(intern!(py, "receiver"), (name, instrument))?;
        let found: Option<(_, _, _, _)> = found.extract()?;
        let found =
            found.map(|(orders, on_fill, on_order, fail)| Arc::new(Receiver { orders, on_fill, on_order, fail }));
        lock(&self.receivers).insert((instrument, strategy), found.clone());
        Ok(found)
    }

    /// Books a fill of an order of that strategy: see `mainspring.portfolio.Portfolio.on_fill`.
    fn book(&self, py: Python<'_>, event: &Event, strategy: StrategyId) -> PyResult<()> {
        let (Happened::Fill { buy, price_ticks, size_lots, fee_ppb, .. }, Ok(instrument)) =
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
            self.sent.store(true, Relaxed);
            self.audit.bind(py).call_method1(intern!(py, "check"), (&first,))?;
            self.venue.get().send(&first.getattr(intern!(py, "request"))?, now_ns)?;
            times.record(Instant::now().ns_since(started));
        }
        Ok(true)
    }
}
