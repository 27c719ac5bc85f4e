//! What strategies ask for in a fused run: priced, checked, tracked and sent without Python where it is the usual case. The rules
//! are those of `mainspring.lane.OrderManager` and `mainspring.risk.Gate`, which do whatever isn't.

use std::time::Instant;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::book::Side;
use crate::lane::runner::{Times, lock};
use crate::orders::record::{self, Record, TimeInForce};
use crate::python::market::PyMarket;
use crate::python::own_orders::PyOwnOrders;
use crate::python::position::PyPositionUnits;
use crate::python::requests::{Change, Request};
use crate::python::run_trading::{RunTrading, nanoseconds};
use crate::python::slippage::PySlippage;
use crate::python::venue::{PyPaperVenue, order_state_error};
use crate::slippage::Estimate;
use crate::trading::approval::{Replacement, changeable, refusal, replacement};
use crate::trading::gate::Check;
use crate::trading::order::NewOrder;
use crate::venue::Sent;
use crate::venue::orders::Order;

/// What a request meets in an instrument, by place, where every model and check is native.
pub struct Parts {
    first: usize,
    markets: Vec<Py<PyMarket>>,
    accounts: Vec<Py<PyPositionUnits>>,
    models: Vec<Py<PySlippage>>,
    checks: Vec<Vec<Check>>,
}

/// What became of what a strategy asked for.
pub enum Done {
    /// It was approved and sent.
    Sent,
    /// It is for the order manager in Python, and nothing has changed yet.
    NotUsual,
}

/// What a request meets on its way: the venue, the time, and where the times of the stages go.
pub struct Way<'a> {
    pub venue: &'a PyPaperVenue,
    pub now_ns: i64,
    pub times: &'a mut Times,
}

impl Way<'_> {
    fn send(&mut self, request: Sent) {
        let started = Instant::now();
        self.venue.send_plain(request, self.now_ns);
        self.times.route.record(nanoseconds(started));
    }
}

impl RunTrading {
    /// A request: see `OrderManager.work`.
    pub fn request(&self, usual: &Parts, request: &Request, way: &mut Way<'_>, py: Python<'_>) -> PyResult<Done> {
        match request {
            Request::New(order, owner) => self.new_order(usual, order, owner.get(), way, py),
            Request::Change { order_id, change, owner, .. } => {
                let Some(place) = self.own(usual, *order_id, owner.get(), py)? else { return Ok(Done::NotUsual) };
                match *change {
                    Change::Cancel => self.cancel(*order_id, place, way, py),
                    Change::Replace(ticks, lots) => self.replace(usual, *order_id, (ticks, lots), place, way, py),
                }
            }
            Request::Other(_) => Ok(Done::NotUsual),
        }
    }

    /// The place of the instrument of an order that can be changed, if it is one of the owner's.
    fn own(&self, usual: &Parts, order_id: i64, owner: &PyOwnOrders, py: Python<'_>) -> PyResult<Option<usize>> {
        let Some(place) = usual.place(owner.place()) else { return Ok(None) };
        let number = owner.number(self.tracker.bind(py))?;
        let tracker = lock(&self.shared);
        let order = changeable(&tracker, order_id, owner.place()).ok().filter(|one| one.order.strategy == number);
        Ok(order.map(|_| place))
    }

    /// See `OrderManager._new`.
    fn new_order(
        &self,
        usual: &Parts,
        asked: &NewOrder,
        owner: &PyOwnOrders,
        way: &mut Way<'_>,
        py: Python<'_>,
    ) -> PyResult<Done> {
        let now_ns = way.now_ns;
        let Some(place) = usual.place(asked.instrument).filter(|_| is_valid(asked, &owner.name)) else {
            return Ok(Done::NotUsual);
        };
        if !self.started(py)? {
            return Ok(Done::NotUsual);
        }
        let order = NewOrder { strategy: owner.number(self.tracker.bind(py))?, ..*asked };
        let Some(estimate) = usual.approve(self, &order, place, Some(0), way, py)? else {
            return Ok(Done::NotUsual);
        };
        {
            let mut tracker = lock(&self.shared);
            let tracked = tracker.add(order).and_then(|()| tracker.send(order.order_id, now_ns));
            tracked.map_err(|text| order_state_error(py, text))?;
        }
        self.note(&Record::SubmitRequested { time_ns: now_ns, order: recorded(&order, &owner.name) });
        self.approved(order.order_id, record::Request::New, now_ns);
        {
            let mut costs = lock(&self.costs);
            costs.on_request(order.instrument);
            if let Some(arrival) = costs.arrival(order.instrument, &estimate, now_ns) {
                costs.on_sent(&order, arrival);
            }
        }
        way.send(Sent::New(Order::of(&NewOrder { instrument: place, ..order })));
        Ok(Done::Sent)
    }

    /// See `OrderManager._cancel`.
    fn cancel(&self, order_id: i64, place: usize, way: &mut Way<'_>, py: Python<'_>) -> PyResult<Done> {
        let now_ns = way.now_ns;
        lock(&self.shared).request_cancel(order_id, now_ns).map_err(|text| order_state_error(py, text))?;
        self.note(&Record::CancelRequested { time_ns: now_ns, order_id });
        self.approved(order_id, record::Request::Cancel, now_ns);
        way.send(Sent::Cancel(order_id, place));
        Ok(Done::Sent)
    }

    /// See `OrderManager._replace`.
    fn replace(
        &self,
        usual: &Parts,
        order_id: i64,
        (price_ticks, size_lots): (i64, i64),
        place: usize,
        way: &mut Way<'_>,
        py: Python<'_>,
    ) -> PyResult<Done> {
        let now_ns = way.now_ns;
        let found = lock(&self.shared).find(order_id).and_then(|order| replacement(order, price_ticks, size_lots));
        let Some(Replacement { wanted: Some(wanted), gives_up }) = found.filter(|_| price_ticks > 0) else {
            return Ok(Done::NotUsual);
        };
        let Some(estimate) = usual.approve(self, &wanted, place, gives_up, way, py)? else {
            return Ok(Done::NotUsual);
        };
        let requested = lock(&self.shared).request_replace(order_id, price_ticks, size_lots, now_ns);
        requested.map_err(|text| order_state_error(py, text))?;
        self.note(&Record::ReplaceRequested { time_ns: now_ns, order_id, price_ticks, size_lots });
        self.approved(order_id, record::Request::Replace, now_ns);
        {
            let mut costs = lock(&self.costs);
            if let Some(arrival) = costs.arrival(wanted.instrument, &estimate, now_ns) {
                costs.on_replace_sent(&wanted, arrival);
            }
        }
        way.send(Sent::Replace(order_id, place, price_ticks, size_lots));
        Ok(Done::Sent)
    }

    fn approved(&self, order_id: i64, request: record::Request, time_ns: i64) {
        self.note(&Record::RequestApproved { time_ns, order_id, request });
    }
}

/// Whether the gate finds nothing wrong with the order itself. It explains what is.
fn is_valid(order: &NewOrder, strategy: &str) -> bool {
    let waits = order.time_in_force == TimeInForce::Gtc;
    let terms = if order.limit {
        order.price_ticks > 0 && (waits || !order.post_only)
    } else {
        order.price_ticks == 0 && !order.post_only
    };
    order.size_lots > 0 && terms && strategy.len() < MOST_LETTERS
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
        let py = manager.py();
        let described = py.import("mainspring_native.checks")?.getattr("described")?;
        let gate = manager.getattr("gate")?;
        if gate.getattr("never")?.is_truthy()? {
            return Ok(None);
        }
        let (rows, all_models) = (gate.getattr("rows")?, manager.getattr("models")?);
        let all_accounts = manager.getattr("portfolio")?.getattr("accounts")?;
        let (mut found, mut accounts, mut models, mut checks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (place, market) in markets.iter().enumerate() {
            let index = first + place;
            found.push(market.cast_into::<PyMarket>()?.unbind());
            let units = all_accounts.get_item(index)?.getattr("position")?.getattr("units")?;
            let Ok(units) = units.cast_into::<PyPositionUnits>() else { return Ok(None) };
            accounts.push(units.unbind());
            let Ok(model) = all_models.get_item(index)?.cast_into::<PySlippage>() else { return Ok(None) };
            models.push(model.unbind());
            let mut row = Vec::new();
            for check in rows.get_item(index)?.try_iter()? {
                let known: Option<(String, i64, i64, i64, i64)> = described.call1((check?,))?.extract()?;
                let Some((name, one, two, three, four)) = known else { return Ok(None) };
                let Some(check) = Check::described(&name, [one, two, three, four]) else { return Ok(None) };
                row.push(check);
            }
            if row.is_empty() {
                return Ok(None);
            }
            checks.push(row);
        }
        Ok(Some(Parts { first, markets: found, accounts, models, checks }))
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

    /// The estimate of an order that every check lets pass; `None` where the plain way has to be gone. `gives_up` is what a replace
    /// gives up of the account's open lots; `None` if no check has to see it.
    fn approve(
        &self,
        trading: &RunTrading,
        order: &NewOrder,
        place: usize,
        gives_up: Option<i128>,
        way: &mut Way<'_>,
        py: Python<'_>,
    ) -> PyResult<Option<Estimate>> {
        let market = self.markets[place].get();
        let started = Instant::now();
        let Some(estimate) = self.models[place].get().priced_for(order, market, way.now_ns) else { return Ok(None) };
        let estimated = Instant::now();
        if let Some(gives_up) = gives_up {
            let position_lots = self.accounts[place].get().lots(py)?;
            let (tracker, seen, checks) = (lock(&trading.shared), market.seen(), &self.checks[place]);
            // What takes more than the best price has is for the twins, which walk the book.
            if refusal(&tracker, checks, order, &seen, position_lots, gives_up, |_| None).is_some() {
                return Ok(None);
            }
        }
        let checked = Instant::now();
        let took = |from: Instant, to: Instant| u64::try_from((to - from).as_nanos()).unwrap_or(u64::MAX);
        way.times.slippage.record(took(started, estimated));
        way.times.risk.record(took(estimated, checked));
        Ok(Some(estimate))
    }
}
