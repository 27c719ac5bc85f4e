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
use crate::python::run_trading::{Native, attribute, nanoseconds};
use crate::python::slippage::PySlippage;
use crate::python::venue::{PyPaperVenue, venue_order};
use crate::trading::gate::{Account, Check};
use crate::trading::lifecycle::OrderState;
use crate::trading::order::NewOrder;
use crate::venue::Sent;

/// What requests meet, by place, where every model and check is native.
pub struct Requests {
    first: usize,
    markets: Vec<Py<PyMarket>>,
    accounts: Vec<Py<PyAny>>,
    models: Vec<Py<PySlippage>>,
    checks: Vec<Vec<Check>>,
    on_request: Py<PyAny>,
    on_sent: Py<PyAny>,
    on_replace_sent: Py<PyAny>,
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

impl Native {
    /// A request: see `OrderManager.work`.
    pub fn request(
        &self,
        usual: &Requests,
        request: &Bound<'_, PyAny>,
        venue: &PyPaperVenue,
        now_ns: i64,
        times: &mut Times,
    ) -> PyResult<Done> {
        let (py, kind) = (request.py(), request.get_type());
        let Some(place) = usual.place(request)? else { return Ok(Done::NotUsual) };
        let order_id = number(request, intern!(py, "order_id"))?;
        if kind.is(usual.classes.new_order.bind(py)) {
            return self.new_order(usual, request, place, venue, now_ns, times);
        }
        let found = self.tracker.borrow(py).find(py, order_id);
        let Some(order) = found else { return Ok(Done::NotUsual) };
        let (order, name) = (order.get(), intern!(py, "strategy"));
        let ours = request.getattr(name)?.eq(order.order.bind(py).getattr(name)?)?
            && order
                .order
                .bind(py)
                .getattr(intern!(py, "instrument"))?
                .eq(request.getattr(intern!(py, "instrument"))?)?;
        if !ours || order.ended(py)? {
            return Ok(Done::NotUsual);
        }
        if kind.is(usual.classes.cancel.bind(py)) {
            self.cancel(usual, order_id, place, venue, now_ns, times, py)
        } else {
            self.replace(usual, request, order.order.bind(py), place, venue, now_ns, times)
        }
    }

    /// See `OrderManager._new`.
    fn new_order(
        &self,
        usual: &Requests,
        request: &Bound<'_, PyAny>,
        place: usize,
        venue: &PyPaperVenue,
        now_ns: i64,
        times: &mut Times,
    ) -> PyResult<Done> {
        let py = request.py();
        if !self.manager.bind(py).getattr(intern!(py, "started"))?.is_truthy()? || !usual.is_valid(request)? {
            return Ok(Done::NotUsual);
        }
        let order = new_order(request, place, 0)?;
        let Some(estimate) = usual.approve(self, &order, place, 0, now_ns, times, py)? else {
            return Ok(Done::NotUsual);
        };
        let records = self.records.bind(py);
        let [now, id] = [now_ns, order.order_id].map(|value| int(py, value));
        call(usual.on_request.bind(py), [&int(py, usual.index(place))])?;
        records.append(call(usual.classes.submit_requested.bind(py), [&now, request])?)?;
        self.tracker.borrow_mut(py).add(request)?;
        records.append(call(usual.classes.approved.bind(py), [&now, &id])?)?;
        self.tracker.borrow(py).send(py, order.order_id, now_ns)?;
        call(usual.on_sent.bind(py), [request, &estimate, &now])?;
        let started = Instant::now();
        venue.send_plain(Sent::New(venue_order(&order)), now_ns);
        times.route.record(nanoseconds(started));
        Ok(Done::Sent)
    }

    /// See `OrderManager._cancel`.
    #[allow(clippy::too_many_arguments, reason = "what a request meets")]
    fn cancel(
        &self,
        usual: &Requests,
        order_id: i64,
        place: usize,
        venue: &PyPaperVenue,
        now_ns: i64,
        times: &mut Times,
        py: Python<'_>,
    ) -> PyResult<Done> {
        let records = self.records.bind(py);
        let [now, id] = [now_ns, order_id].map(|value| int(py, value));
        records.append(call(usual.classes.cancel_requested.bind(py), [&now, &id])?)?;
        self.tracker.borrow(py).request_cancel(py, order_id, now_ns)?;
        let kind = PyString::intern(py, "cancel").into_any();
        records.append(call(usual.classes.approved.bind(py), [&now, &id, &kind])?)?;
        let started = Instant::now();
        venue.send_plain(Sent::Cancel(order_id, place), now_ns);
        times.route.record(nanoseconds(started));
        Ok(Done::Sent)
    }

    /// See `OrderManager._replace`.
    #[allow(clippy::too_many_arguments, reason = "what a request meets")]
    fn replace(
        &self,
        usual: &Requests,
        request: &Bound<'_, PyAny>,
        sent: &Bound<'_, PyAny>,
        place: usize,
        venue: &PyPaperVenue,
        now_ns: i64,
        times: &mut Times,
    ) -> PyResult<Done> {
        let py = request.py();
        let (price, size) = (request.getattr(intern!(py, "price_ticks"))?, request.getattr(intern!(py, "size_lots"))?);
        if !price.is_exact_instance_of::<PyInt>() || !size.is_exact_instance_of::<PyInt>() {
            return Ok(Done::NotUsual);
        }
        let (Ok(price_ticks), Ok(size_lots)) = (price.extract::<i64>(), size.extract::<i64>()) else {
            return Ok(Done::NotUsual);
        };
        let order_id = number(request, intern!(py, "order_id"))?;
        let (now_price, leaves, filled, state) = {
            let tracker = lock(&self.shared);
            let Some(order) = tracker.find(order_id) else { return Ok(Done::NotUsual) };
            (order.price_ticks, i128::from(order.size_lots) - order.filled_lots, order.filled_lots, order.state)
        };
        let Ok(new_leaves) = i64::try_from(i128::from(size_lots) - filled) else { return Ok(Done::NotUsual) };
        if new_leaves <= 0 || price_ticks <= 0 {
            return Ok(Done::NotUsual);
        }
        let wanted = NewOrder { price_ticks, size_lots: new_leaves, ..new_order(sent, place, 0)? };
        let settled = matches!(state, OrderState::Accepted | OrderState::PartiallyFilled);
        let adds = !settled || price_ticks != now_price || i128::from(new_leaves) > leaves;
        let without = if adds { leaves } else { i128::MIN };
        let Some(estimate) = usual.approve(self, &wanted, place, without, now_ns, times, py)? else {
            return Ok(Done::NotUsual);
        };
        let records = self.records.bind(py);
        let [now, id] = [now_ns, order_id].map(|value| int(py, value));
        records.append(call(usual.classes.replace_requested.bind(py), [&now, &id, &price, &size])?)?;
        self.tracker.borrow(py).request_replace(py, order_id, price_ticks, size_lots, now_ns)?;
        let kind = PyString::intern(py, "replace").into_any();
        records.append(call(usual.classes.approved.bind(py), [&now, &id, &kind])?)?;
        call(usual.on_replace_sent.bind(py), [sent, &price, &int(py, new_leaves), &estimate, &now])?;
        let started = Instant::now();
        venue.send_plain(Sent::Replace(order_id, place, price_ticks, size_lots), now_ns);
        times.route.record(nanoseconds(started));
        Ok(Done::Sent)
    }
}

/// A number of lots: nearly always of 64 bits, which are read in a third of the time.
fn lots(value: &Bound<'_, PyAny>) -> PyResult<i128> {
    value.extract::<i64>().map(i128::from).or_else(|_| value.extract())
}

impl Requests {
    pub fn new(
        manager: &Bound<'_, PyAny>,
        quality: &Bound<'_, PyAny>,
        markets: &Bound<'_, PyList>,
        first: usize,
    ) -> PyResult<Option<Self>> {
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
            accounts.push(all_accounts.get_item(index)?.unbind());
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
        Ok(Some(Requests {
            first,
            markets: found,
            accounts,
            models,
            checks,
            on_request: attribute(quality, "on_request")?,
            on_sent: attribute(quality, "on_sent")?,
            on_replace_sent: attribute(quality, "on_replace_sent")?,
            classes: Classes::new(py)?,
        }))
    }

    /// Shows the garbage collector what is held, but for classes, which stay.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for held in self.accounts.iter().chain([&self.on_request, &self.on_sent, &self.on_replace_sent]) {
            visit.call(held)?;
        }
        for market in &self.markets {
            visit.call(market)?;
        }
        self.models.iter().try_for_each(|model| visit.call(model))
    }

    fn index(&self, place: usize) -> i64 {
        i64::try_from(self.first + place).unwrap_or(i64::MAX)
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

    /// The estimate of an order that every check lets pass; `None` where the plain way has to be gone. `without` is what a replace
    /// gives up of the account's open lots; the lowest number if no check has to see it.
    #[allow(clippy::too_many_arguments, reason = "what an order meets")]
    fn approve<'py>(
        &self,
        native: &Native,
        order: &NewOrder,
        place: usize,
        without: i128,
        now_ns: i64,
        times: &mut Times,
        py: Python<'py>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let market = self.markets[place].get();
        let started = Instant::now();
        let Some(estimate) = self.models[place].get().priced_for(order, market, now_ns) else { return Ok(None) };
        let estimated = Instant::now();
        if without != i128::MIN {
            let (stopped, (buy, sell)) = {
                let tracker = lock(&native.shared);
                (tracker.stop(self.first + place).is_some(), tracker.open_lots(self.first + place))
            };
            if stopped {
                return Ok(None);
            }
            let account = Account {
                position_lots: lots(&self.accounts[place].bind(py).getattr(intern!(py, "position_lots"))?)?,
                open_buy_lots: buy - if order.buy { without } else { 0 },
                open_sell_lots: sell - if order.buy { 0 } else { without },
            };
            let seen = market.seen();
            if !self.checks[place].iter().all(|check| check.passes(order, &seen, &account, |_| None)) {
                return Ok(None);
            }
        }
        let checked = Instant::now();
        let took = |from: Instant, to: Instant| u64::try_from((to - from).as_nanos()).unwrap_or(u64::MAX);
        times.slippage.record(took(started, estimated));
        times.risk.record(took(estimated, checked));
        estimate.made(py).map(Some)
    }
}
