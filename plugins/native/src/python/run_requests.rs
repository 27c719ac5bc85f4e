//! What strategies ask for in a fused run: priced, checked, tracked and sent without Python where it is the usual case. The rules
//! are those of `mainspring.lane.OrderManager` and `mainspring.risk.Gate`, which do whatever isn't.

use std::time::Instant;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList, PyString, PyType};

use crate::lane::runner::{Times, lock};
use crate::python::call::call;
use crate::python::market::PyMarket;
use crate::python::model::int;
use crate::python::order_events::{new_order, number};
use crate::python::position::PyPositionUnits;
use crate::python::run_trading::{RunTrading, nanoseconds};
use crate::python::slippage::PySlippage;
use crate::python::venue::PyPaperVenue;
use crate::slippage::Estimate;
use crate::trading::approval::{Replacement, changeable, refusal, replacement};
use crate::trading::gate::Check;
use crate::trading::order::NewOrder;
use crate::venue::Sent;
use crate::venue::orders::Order;

/// What requests meet, by place, where every model and check is native.
pub struct Requests {
    first: usize,
    markets: Vec<Py<PyMarket>>,
    accounts: Vec<Py<PyPositionUnits>>,
    models: Vec<Py<PySlippage>>,
    checks: Vec<Vec<Check>>,
    classes: Classes,
}

/// The classes of requests and of their records.
struct Classes {
    new_order: Py<PyType>,
    cancel: Py<PyType>,
    submit_requested: Py<PyAny>,
    cancel_requested: Py<PyAny>,
    replace_requested: Py<PyAny>,
    approved: Py<PyAny>,
}

impl Classes {
    fn new(py: Python<'_>) -> PyResult<Self> {
        let (model, orders) = (py.import("mainspring.model")?, py.import("mainspring.orders")?);
        let record = |name: &str| -> PyResult<Py<PyAny>> { Ok(orders.getattr(name)?.unbind()) };
        Ok(Classes {
            new_order: model.getattr("NewOrder")?.cast_into::<PyType>()?.unbind(),
            cancel: model.getattr("CancelRequest")?.cast_into::<PyType>()?.unbind(),
            submit_requested: record("SubmitRequested")?,
            cancel_requested: record("CancelRequested")?,
            replace_requested: record("ReplaceRequested")?,
            approved: record("RequestApproved")?,
        })
    }
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
    pub fn request(&self, usual: &Requests, request: &Bound<'_, PyAny>, way: &mut Way<'_>) -> PyResult<Done> {
        let (py, kind) = (request.py(), request.get_type());
        let Some(place) = usual.place(request)? else { return Ok(Done::NotUsual) };
        if kind.is(usual.classes.new_order.bind(py)) {
            return self.new_order(usual, request, place, way);
        }
        let order_id = number(request, intern!(py, "order_id"))?;
        let strategy = {
            let tracker = lock(&self.shared);
            let Ok(order) = changeable(&tracker, order_id, usual.first + place) else { return Ok(Done::NotUsual) };
            order.order.strategy
        };
        let name = self.tracker.borrow(py).name(py, strategy);
        if !request.getattr(intern!(py, "strategy"))?.eq(name)? {
            return Ok(Done::NotUsual);
        }
        if kind.is(usual.classes.cancel.bind(py)) {
            self.cancel(usual, order_id, place, way, py)
        } else {
            self.replace(usual, request, order_id, place, way)
        }
    }

    /// See `OrderManager._new`.
    fn new_order(
        &self,
        usual: &Requests,
        request: &Bound<'_, PyAny>,
        place: usize,
        way: &mut Way<'_>,
    ) -> PyResult<Done> {
        let (py, now_ns) = (request.py(), way.now_ns);
        if !self.manager.bind(py).getattr(intern!(py, "started"))?.is_truthy()? || !usual.is_valid(request)? {
            return Ok(Done::NotUsual);
        }
        let strategy = request.getattr(intern!(py, "strategy"))?;
        let strategy = self.tracker.borrow_mut(py).strategy(strategy.cast::<PyString>()?)?;
        let order = new_order(request, usual.first + place, strategy)?;
        let Some(estimate) = usual.approve(self, &order, place, Some(0), way, py)? else {
            return Ok(Done::NotUsual);
        };
        let records = self.records.bind(py);
        let [now, id] = [now_ns, order.order_id].map(|value| int(py, value));
        records.append(call(usual.classes.submit_requested.bind(py), [&now, request])?)?;
        self.tracker.borrow(py).track(order, request)?;
        records.append(call(usual.classes.approved.bind(py), [&now, &id])?)?;
        self.tracker.borrow(py).send(py, order.order_id, now_ns)?;
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
    fn cancel(
        &self,
        usual: &Requests,
        order_id: i64,
        place: usize,
        way: &mut Way<'_>,
        py: Python<'_>,
    ) -> PyResult<Done> {
        let (records, now_ns) = (self.records.bind(py), way.now_ns);
        let [now, id] = [now_ns, order_id].map(|value| int(py, value));
        records.append(call(usual.classes.cancel_requested.bind(py), [&now, &id])?)?;
        self.tracker.borrow(py).request_cancel(py, order_id, now_ns)?;
        let kind = PyString::intern(py, "cancel").into_any();
        records.append(call(usual.classes.approved.bind(py), [&now, &id, &kind])?)?;
        way.send(Sent::Cancel(order_id, place));
        Ok(Done::Sent)
    }

    /// See `OrderManager._replace`.
    fn replace(
        &self,
        usual: &Requests,
        request: &Bound<'_, PyAny>,
        order_id: i64,
        place: usize,
        way: &mut Way<'_>,
    ) -> PyResult<Done> {
        let (py, now_ns) = (request.py(), way.now_ns);
        let (price, size) = (request.getattr(intern!(py, "price_ticks"))?, request.getattr(intern!(py, "size_lots"))?);
        if !price.is_exact_instance_of::<PyInt>() || !size.is_exact_instance_of::<PyInt>() {
            return Ok(Done::NotUsual);
        }
        let (Ok(price_ticks), Ok(size_lots)) = (price.extract::<i64>(), size.extract::<i64>()) else {
            return Ok(Done::NotUsual);
        };
        let found = lock(&self.shared).find(order_id).and_then(|order| replacement(order, price_ticks, size_lots));
        let Some(Replacement { wanted: Some(wanted), gives_up }) = found.filter(|_| price_ticks > 0) else {
            return Ok(Done::NotUsual);
        };
        let Some(estimate) = usual.approve(self, &wanted, place, gives_up, way, py)? else {
            return Ok(Done::NotUsual);
        };
        let records = self.records.bind(py);
        let [now, id] = [now_ns, order_id].map(|value| int(py, value));
        records.append(call(usual.classes.replace_requested.bind(py), [&now, &id, &price, &size])?)?;
        self.tracker.borrow(py).request_replace(py, order_id, price_ticks, size_lots, now_ns)?;
        let kind = PyString::intern(py, "replace").into_any();
        records.append(call(usual.classes.approved.bind(py), [&now, &id, &kind])?)?;
        {
            let mut costs = lock(&self.costs);
            if let Some(arrival) = costs.arrival(wanted.instrument, &estimate, now_ns) {
                costs.on_replace_sent(&wanted, arrival);
            }
        }
        way.send(Sent::Replace(order_id, place, price_ticks, size_lots));
        Ok(Done::Sent)
    }
}

impl Requests {
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
        Ok(Some(Requests { first, markets: found, accounts, models, checks, classes: Classes::new(py)? }))
    }

    /// Shows the garbage collector what is held, but for classes, which stay.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for market in &self.markets {
            visit.call(market)?;
        }
        self.models.iter().try_for_each(|model| visit.call(model))
    }

    /// The place of the instrument that a request names; `None` if it isn't one of the run's.
    fn place(&self, request: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        let index = request.getattr(intern!(request.py(), "instrument"))?.extract::<usize>();
        Ok(index.ok().and_then(|index| index.checked_sub(self.first)).filter(|place| *place < self.markets.len()))
    }

    /// Whether the gate finds nothing wrong with the order itself. It explains what is.
    fn is_valid(&self, request: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = request.py();
        let value = |name| request.getattr(name);
        let text = |name: &Bound<'_, PyString>, known: &[&str]| -> PyResult<bool> {
            let value = request.getattr(name)?;
            Ok(value.cast::<PyString>().is_ok_and(|text| text.to_str().is_ok_and(|text| known.contains(&text))))
        };
        let size = value(intern!(py, "size_lots"))?;
        let price = value(intern!(py, "price_ticks"))?;
        let side = value(intern!(py, "side"))?;
        let whole = size.is_exact_instance_of::<PyInt>() && price.is_exact_instance_of::<PyInt>();
        // A side that is a plain number isn't a `Side`.
        let sided = !side.is_exact_instance_of::<PyInt>();
        let known = text(intern!(py, "kind"), &["limit", "market"])?
            && text(intern!(py, "time_in_force"), &["gtc", "ioc", "fok"])?;
        if !(whole && sided && known) {
            return Ok(false);
        }
        let (Ok(size), Ok(price)) = (size.extract::<i64>(), price.extract::<i64>()) else { return Ok(false) };
        let limit = value(intern!(py, "kind"))?.cast::<PyString>()? == "limit";
        let post_only = value(intern!(py, "post_only"))?.is_truthy()?;
        let waits = value(intern!(py, "time_in_force"))?.cast::<PyString>()? == "gtc";
        Ok(size > 0 && if limit { price > 0 && (waits || !post_only) } else { price == 0 && !post_only })
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
