//! Risk checks that listen to what is sent and reported, in a fused run. The run tells them what their twins here can't know to
//! change nothing, and asks them again what they let pass once they have heard of it.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use ethnum::I256;

use crate::lane::runner::lock;
use crate::python::call::call;
use crate::trading::gate::{Check, FIGURES};
use crate::trading::lifecycle::OrderState;
use crate::trading::order::{NewOrder, Order, RequestKind, Told};
use crate::trading::tracker::Tracker;

/// What a check listens to, and what of it may change what it lets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It counts each request, and so does the twin.
    Rate,
    /// It looks at the profit.
    Loss,
    /// It counts fills.
    Executions,
    /// It notes orders and changes; the twin looks into its notes.
    Duplicate,
    /// It counts cancels and fills.
    Cancels,
    /// It notes prices that changes may lead to; the twin looks into its notes.
    SelfTrade,
    /// It is told everything.
    Other,
}

impl Kind {
    fn of(check: Option<&Check>) -> Kind {
        match check {
            Some(Check::MaxMessageRate { .. }) => Kind::Rate,
            Some(Check::MaxDailyLoss { .. } | Check::MaxDrawdown { .. }) => Kind::Loss,
            Some(Check::MaxRepeatedExecutions { .. }) => Kind::Executions,
            Some(Check::DuplicateOrderMs { .. }) => Kind::Duplicate,
            Some(Check::MaxCancelToFill { .. }) => Kind::Cancels,
            Some(Check::SelfTrade) => Kind::SelfTrade,
            _ => Kind::Other,
        }
    }

    /// Whether it has to hear of such a request.
    fn wants_sent(self, request: RequestKind) -> bool {
        match self {
            Kind::Rate | Kind::Other => true,
            Kind::Duplicate => request != RequestKind::Cancel,
            Kind::Cancels => request == RequestKind::Cancel,
            Kind::SelfTrade => request == RequestKind::Replace,
            Kind::Loss | Kind::Executions => false,
        }
    }

    /// Whether it has to hear of a report about an order that goes on, or not.
    fn wants_report(self, what: &Told, goes_on: bool) -> bool {
        match self {
            Kind::Executions | Kind::Cancels => matches!(what, Told::Fill { .. }),
            // The changes that it notes are answered, or the order ends.
            Kind::SelfTrade => {
                let answers = match what {
                    Told::Replaced { .. } => true,
                    Told::Rejected { request, .. } => *request == RequestKind::Replace,
                    _ => false,
                };
                answers || !goes_on
            }
            _ => true,
        }
    }

    /// Whether its figures stay as they are until its limit is changed.
    fn is_fixed(self) -> bool {
        matches!(self, Kind::Duplicate | Kind::SelfTrade | Kind::Other)
    }
}

/// A check that listens.
struct Listener {
    check: Py<PyAny>,
    /// Its place among the checks of its instrument.
    at: usize,
    kind: Kind,
    on_sent: Option<Py<PyAny>>,
    on_event: Option<Py<PyAny>>,
    /// What it has noted, by what the twin looks for.
    notes: Option<Py<PyDict>>,
    stale: AtomicBool,
}

/// The checks of an instrument that listen. Where every check there is native, `checks` are the twins.
pub struct Listeners {
    listeners: Vec<Listener>,
    checks: Option<Mutex<Vec<Check>>>,
    described: Py<PyAny>,
}

/// A check of Python's, and what it is called with about what is sent and reported.
type Row = (Py<PyAny>, Option<Py<PyAny>>, Option<Py<PyAny>>);

/// A check by its twin; `None` if it has none.
fn twin(described: &Bound<'_, PyAny>, check: &Bound<'_, PyAny>) -> PyResult<Option<Check>> {
    let known: Option<(String, [i64; FIGURES])> = call(described, [check])?.extract()?;
    Ok(known.and_then(|(name, figures)| Check::described(&name, figures)))
}

impl Listeners {
    /// Reads the checks of an instrument.
    pub fn new(gate: &Bound<'_, PyAny>, instrument: usize) -> PyResult<Self> {
        let py = gate.py();
        let described = py.import("mainspring_native.checks")?.getattr("described")?;
        let rows: Vec<Row> = gate.call_method1("listeners", (instrument,))?.extract()?;
        let twins = rows.iter().map(|(check, ..)| twin(&described, check.bind(py)));
        let checks: Option<Vec<Check>> = twins.collect::<PyResult<_>>()?;
        let checks = checks.filter(|checks| !checks.is_empty());
        let mut listeners = Vec::new();
        for (at, (check, on_sent, on_event)) in rows.into_iter().enumerate() {
            if on_sent.is_none() && on_event.is_none() {
                continue;
            }
            let kind = Kind::of(checks.as_ref().map(|checks| &checks[at]));
            let notes = match kind {
                Kind::Duplicate => Some(check.bind(py).getattr("sent_ns_of")?),
                Kind::SelfTrade => Some(check.bind(py).getattr("prices")?),
                _ => None,
            };
            let notes = notes.map(Bound::cast_into::<PyDict>).transpose()?.map(Bound::unbind);
            let stale = AtomicBool::new(!kind.is_fixed());
            listeners.push(Listener { check, at, kind, on_sent, on_event, notes, stale });
        }
        Ok(Listeners { listeners, checks: checks.map(Mutex::new), described: described.unbind() })
    }

    /// Shows the garbage collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for one in &self.listeners {
            visit.call(&one.check)?;
            visit.call(&one.on_sent)?;
            visit.call(&one.on_event)?;
            visit.call(&one.notes)?;
        }
        Ok(())
    }

    /// Whether there are any.
    pub fn any(&self) -> bool {
        !self.listeners.is_empty()
    }

    /// The twins of all checks of the instrument, unless one has none.
    pub fn checks(&self) -> Option<&Mutex<Vec<Check>>> {
        self.checks.as_ref()
    }

    /// Notes that Python may have told the checks something.
    pub fn forget(&self) {
        for one in self.listeners.iter().filter(|one| !one.kind.is_fixed()) {
            one.stale.store(true, Relaxed);
        }
    }

    /// Asks the checks again that have heard something.
    pub fn renew(&self, py: Python<'_>) -> PyResult<()> {
        self.listeners.iter().try_for_each(|one| self.renew_one(one, py))
    }

    fn renew_one(&self, one: &Listener, py: Python<'_>) -> PyResult<()> {
        if let Some(checks) = self.checks.as_ref().filter(|_| one.stale.load(Relaxed))
            && let Some(check) = twin(self.described.bind(py), one.check.bind(py))?
        {
            lock(checks)[one.at] = check;
            one.stale.store(false, Relaxed);
        }
        Ok(())
    }

    /// Whether the check of that name listens: what it doesn't let pass now it may, asked again.
    pub fn listens(&self, name: &str) -> bool {
        let Some(checks) = &self.checks else { return false };
        let checks = lock(checks);
        self.listeners.iter().any(|one| !one.kind.is_fixed() && checks[one.at].name() == name)
    }

    /// Shows the checks of losses an order that comes to the checks. Whether there are any.
    pub fn show(&self, order: &Bound<'_, PyAny>) -> PyResult<bool> {
        let mut any = false;
        for one in self.listeners.iter().filter(|one| one.kind == Kind::Loss) {
            call(&one.check.bind(order.py()).getattr(intern!(order.py(), "on_order"))?, [order])?;
            any = true;
        }
        Ok(any)
    }

    /// Tells the checks of a request that is sent.
    pub fn sent<'py>(
        &self,
        py: Python<'py>,
        kind: RequestKind,
        make: impl Fn() -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        if self.listeners.is_empty() {
            return Ok(());
        }
        if let Some(checks) = &self.checks {
            lock(checks).iter_mut().for_each(|check| check.count(kind));
        }
        let mut made = None;
        for one in self.listeners.iter().filter(|one| one.kind.wants_sent(kind)) {
            let Some(on_sent) = &one.on_sent else { continue };
            let request = match &made {
                Some(request) => request,
                None => made.insert(make()?),
            };
            call(on_sent.bind(py), [request])?;
            if one.kind == Kind::Cancels {
                one.stale.store(true, Relaxed);
            }
        }
        Ok(())
    }

    /// Tells the checks of a report about an order that goes on, or not. Returns whether what they save may have changed.
    pub fn reported<'py>(
        &self,
        py: Python<'py>,
        what: &Told,
        goes_on: bool,
        now_ns: i64,
        profit_ppb: impl Fn() -> Option<I256>,
        make: impl Fn() -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<bool> {
        let (mut profit, mut made, mut moved) = (None, None, false);
        for one in self.listeners.iter().filter(|one| one.kind.wants_report(what, goes_on)) {
            let Some(on_event) = &one.on_event else { continue };
            if one.kind == Kind::Loss {
                self.renew_one(one, py)?;
                let profit = *profit.get_or_insert_with(&profit_ppb);
                let known = self.checks.as_ref().filter(|_| !one.stale.load(Relaxed));
                if known.is_some_and(|checks| lock(checks)[one.at].is_unmoved(now_ns, profit)) {
                    continue;
                }
            }
            let event = match &made {
                Some(event) => event,
                None => made.insert(make()?),
            };
            call(on_event.bind(py), [event])?;
            moved |= matches!(one.kind, Kind::Loss | Kind::Other);
            one.stale.store(!one.kind.is_fixed(), Relaxed);
        }
        Ok(moved)
    }

    /// When the same order was last sent, or an order was last changed to the same total; what can't be read was sent just now.
    pub fn same_sent_ns(&self, strategy: &Bound<'_, PyString>, order: &NewOrder, total: Option<i64>) -> Option<i64> {
        let py = strategy.py();
        let notes = self.listeners.iter().find(|one| one.kind == Kind::Duplicate)?.notes.as_ref()?.bind(py);
        let found = match total {
            Some(size_lots) => notes.get_item((order.order_id, order.price_ticks, size_lots)),
            None => {
                let side = if order.buy { 1 } else { -1 };
                notes.get_item((strategy, side, order.price_ticks, order.size_lots))
            }
        };
        found.map_or(Some(i64::MAX), |sent_ns| sent_ns.map(|sent_ns| sent_ns.extract().unwrap_or(i64::MAX)))
    }

    /// Whether an order could trade with another of ours: see `mainspring_plugins.risk.self_trade`.
    pub fn meets_own(&self, py: Python<'_>, tracker: &Tracker, order: &NewOrder) -> bool {
        let notes = self.listeners.iter().find(|one| one.kind == Kind::SelfTrade).and_then(|one| one.notes.as_ref());
        let Some(notes) = notes.map(|notes| notes.bind(py)) else { return true };
        let crosses = |price: i64| if order.buy { order.price_ticks >= price } else { order.price_ticks <= price };
        let meets = |one: &Order| {
            if !order.limit || one.state == OrderState::Unknown || crosses(one.price_ticks) {
                return true;
            }
            // It may be at the price of each change that is under way.
            match notes.get_item(one.order.order_id) {
                Ok(None) => false,
                Ok(Some(prices)) => prices
                    .cast::<PyList>()
                    .map_or(true, |prices| prices.iter().any(|price| price.extract().map_or(true, crosses))),
                Err(_) => true,
            }
        };
        tracker
            .all_open()
            .filter(|one| one.order.instrument == order.instrument && one.order.order_id != order.order_id)
            .filter(|one| one.order.buy != order.buy && one.order.limit && one.order.time_in_force.waits())
            .any(meets)
    }
}
