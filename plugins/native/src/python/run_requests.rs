//! What strategies ask for in a fused run: where it is the usual case, the order manager (`trading::manager`) decides on it without
//! Python. What isn't, and what it would refuse, is for `mainspring.lane.OrderManager`, which words the refusals.

use std::cell::Cell;
use std::sync::atomic::Ordering::Relaxed;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::book::Side;
use crate::costs::Costs;
use crate::lane::instant::Instant;
use crate::lane::runner::{Times, lock};
use crate::orders::record::{self, Record};
use crate::python::ears::ToldSent;
use crate::python::holdings::Holdings;
use crate::python::listeners::{Judged, Listeners, Profit};
use crate::python::market::PyMarket;
use crate::python::position::PyPositionUnits;
use crate::python::requests::Request;
use crate::python::run_trading::RunTrading;
use crate::python::slippage::PySlippage;
use crate::python::venue::{PyPaperVenue, order_state_error};
use crate::slippage::Estimate;
use crate::trading::approval::refusal;
use crate::trading::audit::{Requested, SendAudit};
use crate::trading::gate::{self, Check, Seen};
use crate::trading::manager::{Approved, Asked, Change, Desk, Refused, decide};
use crate::trading::order::NewOrder;
use crate::trading::tracker::Tracker;
use crate::venue::Sent;
use crate::venue::orders::TimeInForce;

/// What a request meets in an instrument, by place, where every model and check is native.
pub struct Parts {
    first: usize,
    markets: Vec<Py<PyMarket>>,
    accounts: Vec<Py<PyPositionUnits>>,
    models: Vec<Py<PySlippage>>,
    terms: Vec<Terms>,
}

/// The terms that a router's venue has, of those that the lane doesn't emulate.
struct Terms {
    ioc: bool,
    fok: bool,
    post_only: bool,
}

impl Terms {
    fn new(native: &Bound<'_, PyAny>) -> PyResult<Self> {
        let has = |term| native.contains(term);
        Ok(Terms { ioc: has("ioc")?, fok: has("fok")?, post_only: has("post-only")? })
    }

    /// Whether an order goes to the venue as it is: see `mainspring.lane.OrderTerms.admit`.
    fn admit(&self, order: &NewOrder) -> bool {
        let in_force = match order.time_in_force {
            TimeInForce::Gtc => true,
            TimeInForce::Ioc => self.ioc,
            TimeInForce::Fok => self.fok,
            TimeInForce::Day | TimeInForce::Gtd => false,
        };
        in_force && (self.post_only || !order.post_only) && !order.reduce_only
    }
}

/// What became of what a strategy asked for.
pub enum Done {
    /// It was approved and sent.
    Sent,
    /// It is for the order manager in Python, and nothing has changed yet.
    NotUsual,
}

/// What a request meets on its way: the time, and where the times of the stages go.
pub struct Way<'a> {
    pub now_ns: i64,
    pub times: &'a mut Times,
    /// When what is under way began.
    pub since: Instant,
    /// Compares what is sent with what was asked for.
    pub audit: SendAudit,
}

impl Way<'_> {
    /// Ends what is under way; returns its time.
    fn took(&mut self) -> u64 {
        let now = Instant::now();
        let took = now.ns_since(self.since);
        self.since = now;
        took
    }

    /// Sends a request to a venue.
    pub fn send(&mut self, venue: &PyPaperVenue, request: Sent) {
        self.since = Instant::now();
        venue.send_plain(request, self.now_ns);
        let took = self.took();
        self.times.route.record(took);
    }
}

/// The models and checks of one market. The estimate comes with the mid that stood there, in half ticks. Nothing here calls Python,
/// as the tracker is locked while it decides.
struct AtMarket<'a, 'w> {
    py: Python<'a>,
    usual: &'a Parts,
    listeners: &'a Listeners,
    checks: &'a [Check],
    holdings: &'a Holdings,
    strategy: &'a str,
    /// The total size of an order as it is to be changed.
    total: Option<i64>,
    profit: Profit,
    place: usize,
    position_lots: i128,
    seen: Option<Seen>,
    cost_bps: Option<f64>,
    way: &'a mut Way<'w>,
    /// Whether what checks save has changed.
    saves: Cell<bool>,
    // What the estimate and the checks took: they count if the request is approved, for else the twin does both.
    estimate_ns: u64,
    checks_ns: u64,
}

impl Desk for AtMarket<'_, '_> {
    type Estimate = (Estimate, i128);

    #[inline]
    fn estimate(&mut self, order: &NewOrder, now_ns: i64) -> Result<(Estimate, i128), &'static str> {
        let market = self.usual.markets[self.place].get();
        let met = market.meet(now_ns);
        let model = self.usual.models[self.place].get();
        let estimate = model.priced_for(order, market, &met).ok_or("unpriced")?;
        self.estimate_ns = self.way.took();
        self.seen = Some(met.seen);
        self.cost_bps = Some(1e4 * estimate.price / estimate.mid);
        Ok((estimate, i128::from(met.seen.bid.price) + i128::from(met.seen.ask.price)))
    }

    #[inline]
    fn refusal(&mut self, tracker: &Tracker, order: &NewOrder, gives_up: i128) -> Option<&'static str> {
        let Some(seen) = &self.seen else { return Some("unpriced") };
        let judged = Judged {
            tracker,
            holdings: self.holdings,
            seen,
            strategy: self.strategy,
            total: self.total,
            profit: self.profit,
            saves: &self.saves,
        };
        // What takes more than the best price has is for the twins, which walk the book.
        let asked = gate::Asked {
            walk: &|_| None,
            profit_ppb: &|| self.profit,
            cost_bps: self.cost_bps,
            outside: &|at, order, account| self.listeners.pass(self.py, at, order, account, &judged),
        };
        let refused = refusal(tracker, self.checks, order, seen, self.position_lots, gives_up, asked);
        self.checks_ns = self.way.took();
        refused
    }
}

impl RunTrading {
    /// A request: see `OrderManager.work`.
    pub fn request(&self, usual: &Parts, request: &Request, way: &mut Way<'_>, py: Python<'_>) -> PyResult<Done> {
        let (asked, owner) = match request {
            Request::New(order, owner) => {
                if !self.started(py)? || owner.get().name.len() >= MOST_LETTERS {
                    return Ok(Done::NotUsual);
                }
                let strategy = owner.get().number(self.tracker.bind(py))?;
                (Asked::New(NewOrder { strategy, ..*order }), owner.get())
            }
            Request::Change { order_id, change, owner, .. } => {
                let (owner, order_id, change) = (owner.get(), *order_id, *change);
                let strategy = owner.number(self.tracker.bind(py))?;
                (Asked::Change { order_id, instrument: owner.place(), strategy, change }, owner)
            }
            Request::Other(_) => return Ok(Done::NotUsual),
        };
        let Some(place) = usual.place(asked.instrument()) else { return Ok(Done::NotUsual) };
        if let Asked::New(order) = &asked
            && !usual.terms[place].admit(order)
        {
            return Ok(Done::NotUsual);
        }
        let (listeners, total) = (&self.listeners[place], asked.total());
        let Some(checks) = listeners.checks() else { return Ok(Done::NotUsual) };
        // Before the tracker is locked: what doesn't fit is read of objects of Python's, and so are marks that aren't the mid.
        let position_lots = usual.accounts[place].get().lots(py)?;
        let profit = listeners.profit(py, &self.holdings);
        let now_ns = way.now_ns;
        let mut desk = AtMarket {
            py,
            usual,
            listeners,
            checks,
            holdings: &self.holdings,
            strategy: &owner.name,
            total,
            profit,
            place,
            position_lots,
            seen: None,
            cost_bps: None,
            way,
            saves: Cell::new(false),
            estimate_ns: 0,
            checks_ns: 0,
        };
        let decided = decide(&mut lock(&self.shared), &asked, now_ns, &mut desk);
        let approved = match decided {
            Ok(approved) => approved,
            Err(Refused::For(_)) => return Ok(Done::NotUsual),
            Err(Refused::Untracked(text)) => return Err(order_state_error(py, text)),
        };
        if !matches!(approved, Approved::Cancel) {
            let times = &mut *desk.way.times;
            times.slippage.record(desk.estimate_ns);
            times.risk.record(desk.checks_ns);
        }
        self.approved(&asked, &approved, &owner.name, now_ns, py);
        if desk.saves.get() {
            self.note_unsaved(py)?;
        }
        let (order, change) = match &asked {
            Asked::New(order) => (Some(order), None),
            Asked::Change { change: Change::Replace(price_ticks, size_lots), .. } => {
                (None, Some((*price_ticks, *size_lots)))
            }
            Asked::Change { .. } => (None, None),
        };
        let (kind, order_id, strategy) = (asked.kind(), asked.order_id(), owner.name.as_str());
        let told = ToldSent { kind, order_id, order, change, strategy, now_ns };
        listeners.sent(py, &told, || request.made(py))?;
        self.sent.store(true, Relaxed);
        let sent = asked.sent(place);
        if !way.audit.lets(&sent) {
            return Err(self.unrequested(asked.order_id(), py));
        }
        self.hand_on(py, request, sent, way)?;
        Ok(Done::Sent)
    }

    /// Writes an approved request down, and what it is expected to cost.
    fn approved(
        &self,
        asked: &Asked,
        approved: &Approved<(Estimate, i128)>,
        strategy: &str,
        time_ns: i64,
        py: Python<'_>,
    ) {
        let (order_id, request) = (asked.order_id(), asked.kind());
        let requested = match *asked {
            Asked::New(order) => Record::SubmitRequested { time_ns, order: recorded(&order, strategy) },
            Asked::Change { change: Change::Cancel, .. } => Record::CancelRequested { time_ns, order_id },
            Asked::Change { change: Change::Replace(price_ticks, size_lots), .. } => {
                Record::ReplaceRequested { time_ns, order_id, price_ticks, size_lots }
            }
        };
        self.note(py, &[requested, Record::RequestApproved { time_ns, order_id, request }]);
        match approved {
            Approved::New(order, (estimate, mid)) => {
                lock(&self.costs).on_new(order, Costs::arrival(estimate, *mid, time_ns));
            }
            Approved::Replace(order, (estimate, mid)) => {
                lock(&self.costs).on_replace_sent(order, Costs::arrival(estimate, *mid, time_ns));
            }
            Approved::Cancel => {}
        }
    }
}

/// What of a request is compared with what is sent; `None` for a cancel, and for what Python works off.
pub fn compared(request: &Request) -> Option<Requested> {
    match *request {
        Request::New(NewOrder { order_id, buy, limit, price_ticks, size_lots, .. }, _) => {
            Some(Requested::New { order_id, buy, limit, price_ticks, size_lots })
        }
        Request::Change { order_id, change: Change::Replace(price_ticks, size_lots), .. } => {
            Some(Requested::Replace { order_id, price_ticks, size_lots })
        }
        _ => None,
    }
}

/// The order as the order log has it.
fn recorded<'a>(order: &NewOrder, strategy: &'a str) -> record::NewOrder<'a> {
    record::NewOrder {
        order_id: order.order_id,
        instrument: order.instrument as i64,
        side: if order.buy { Side::Buy } else { Side::Sell },
        limit: order.limit,
        price_ticks: order.price_ticks,
        size_lots: order.size_lots,
        created_ns: order.created_ns,
        time_in_force: order.time_in_force,
        post_only: order.post_only,
        strategy,
        expires_ns: order.expires_ns,
        reduce_only: order.reduce_only,
    }
}

/// A name of so many bytes may be too long for a record.
const MOST_LETTERS: usize = 1 << 10;

impl Parts {
    pub fn new(manager: &Bound<'_, PyAny>, markets: &Bound<'_, PyList>, first: usize) -> PyResult<Option<Self>> {
        if manager.getattr("gate")?.getattr("never")?.is_truthy()? {
            return Ok(None);
        }
        let all_models = manager.getattr("models")?;
        let portfolio = manager.getattr("portfolio")?;
        let all_accounts = portfolio.getattr("accounts")?;
        let native = manager.getattr("terms")?.getattr("native")?;
        let (mut found, mut accounts, mut models, mut terms) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (place, market) in markets.iter().enumerate() {
            let index = first + place;
            found.push(market.cast_into::<PyMarket>()?.unbind());
            let units = all_accounts.get_item(index)?.getattr("position")?.getattr("units")?;
            let Ok(units) = units.cast_into::<PyPositionUnits>() else { return Ok(None) };
            accounts.push(units.unbind());
            let Ok(model) = all_models.get_item(index)?.cast_into::<PySlippage>() else { return Ok(None) };
            models.push(model.unbind());
            terms.push(Terms::new(&native.get_item(index)?)?);
        }
        Ok(Some(Parts { first, markets: found, accounts, models, terms }))
    }

    /// Shows the garbage collector what is held, but for classes, which stay.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for market in &self.markets {
            visit.call(market)?;
        }
        for account in &self.accounts {
            visit.call(account)?;
        }
        self.models.iter().try_for_each(|model| visit.call(model))
    }

    /// The place of an instrument; `None` if it isn't one of the run's.
    fn place(&self, instrument: usize) -> Option<usize> {
        instrument.checked_sub(self.first).filter(|place| *place < self.markets.len())
    }
}
