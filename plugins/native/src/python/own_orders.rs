//! What Python sees of a strategy's own orders in one market.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use rustc_hash::FxHashMap;

use crate::kernel::handles::News;
use crate::kernel::view::OrderView;
use crate::python::asked::{Asked, units};
use crate::python::clock::PyLaneClock;
use crate::python::guarded::Guarded;
use crate::python::order_events::{new_order, order_event};
use crate::python::order_handle::{Names, PyOrderHandle};
use crate::python::requests::{PyRequests, Request};
use crate::python::trade_calls;
use crate::python::trading::PyOrderTracker;
use crate::trading::order::{NOBODY, NewOrder, StrategyId};
use crate::venue::orders::TimeInForce;

/// How many ended orders are remembered.
const ENDED_KEPT: usize = 1_000;

#[derive(Default)]
struct Orders {
    /// Oldest first: ids rise.
    open: Vec<Py<PyOrderHandle>>,
    ended: FxHashMap<i64, Py<PyOrderHandle>>,
    ended_first: VecDeque<i64>,
    /// The open orders as Python has read them, until one is added or ends.
    shown: Option<Py<PyTuple>>,
}

impl Orders {
    fn find(&self, order_id: i64) -> Option<usize> {
        self.open.binary_search_by_key(&order_id, |one| one.get().order_id()).ok()
    }

    /// Takes that an order has ended; returns what isn't known any more.
    fn end(&mut self, order_id: i64) -> (Option<Py<PyTuple>>, Option<Py<PyOrderHandle>>) {
        let Some(at) = self.find(order_id) else { return (None, None) };
        let ended = self.open.remove(at);
        self.ended.insert(order_id, ended);
        self.ended_first.push_back(order_id);
        let surplus = self.ended_first.len() > ENDED_KEPT;
        let oldest = if surplus { self.ended_first.pop_front() } else { None };
        (self.shown.take(), oldest.and_then(|oldest| self.ended.remove(&oldest)))
    }
}

/// The orders: keeps the contract of `mainspring.lane.OwnOrders`, and has the market's `buy` and `sell`.
#[pyclass(name = "OwnOrders", module = "mainspring_native._native", frozen, weakref)]
pub struct PyOwnOrders {
    pub market: Py<PyAny>,
    clock: Py<PyLaneClock>,
    pub requests: Py<PyRequests>,
    pub client_order_id: Py<PyAny>,
    index: Py<PyAny>,
    place: usize,
    strategy: Py<PyString>,
    /// The strategy's name again, and its number at the lane's tracker once that is known.
    pub name: String,
    number: AtomicU32,
    /// What its handles share.
    pub names: Arc<Names>,
    orders: Guarded<Orders>,
}

/// What is asked of a new order, in whole units.
pub struct Terms {
    pub buy: bool,
    pub size_lots: i64,
    /// `None` for a market order.
    pub price_ticks: Option<i64>,
    pub time_in_force: TimeInForce,
    pub post_only: bool,
}

impl PyOwnOrders {
    /// The number of the market.
    pub fn index<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.index.bind(py).clone()
    }

    /// The index of the market.
    pub fn place(&self) -> usize {
        self.place
    }

    /// The strategy's name.
    pub fn strategy<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        self.strategy.bind(py)
    }

    /// The strategy's number, which `tracker` gives it.
    pub fn number(&self, tracker: &Bound<'_, PyOrderTracker>) -> PyResult<StrategyId> {
        let known = self.number.load(Relaxed);
        if known != NOBODY {
            return Ok(known);
        }
        let number = tracker.borrow_mut().strategy(self.strategy.bind(tracker.py()))?;
        self.number.store(number, Relaxed);
        Ok(number)
    }

    /// The lane's time.
    pub fn now_ns(&self) -> i64 {
        self.clock.get().now_ns()
    }

    /// Asks for a new order.
    pub fn submit(slf: &Bound<'_, Self>, terms: &Terms) -> PyResult<Py<PyOrderHandle>> {
        let (py, own) = (slf.py(), slf.get());
        let requests = own.requests.get();
        let order = NewOrder {
            order_id: requests.take_order_id(py),
            instrument: own.place,
            buy: terms.buy,
            limit: terms.price_ticks.is_some(),
            price_ticks: terms.price_ticks.unwrap_or(0),
            size_lots: terms.size_lots,
            created_ns: own.now_ns(),
            time_in_force: terms.time_in_force,
            post_only: terms.post_only,
            strategy: NOBODY,
            expires_ns: 0,
            reduce_only: false,
        };
        requests.push(py, Request::New(order, slf.clone().unbind()));
        Self::know(slf, &order)
    }

    /// The handle of an order that is asked for.
    fn know(slf: &Bound<'_, Self>, order: &NewOrder) -> PyResult<Py<PyOrderHandle>> {
        let (py, own) = (slf.py(), slf.get());
        let handle = PyOrderHandle::of(slf, order)?;
        let known = handle.clone_ref(py);
        let shown = own.orders.with(py, |orders| {
            orders.open.push(known);
            orders.shown.take()
        });
        drop(shown);
        Ok(handle)
    }

    /// An open order.
    pub fn find(&self, py: Python<'_>, order_id: i64) -> Option<Py<PyOrderHandle>> {
        self.orders.with(py, |orders| orders.find(order_id).map(|at| orders.open[at].clone_ref(py)))
    }

    /// Does what the market's `buy` or `sell` does. What isn't the usual case is for the plain market's method.
    pub fn trade(slf: &Bound<'_, Self>, buy: bool, asked: &Asked<'_, '_>) -> PyResult<Py<PyAny>> {
        let (py, own) = (slf.py(), slf.get());
        let Some((time_in_force, post_only)) = asked.usual() else { return asked.plainly(own, buy, py) };
        let market = own.market.bind(py);
        let lots = units(market, intern!(py, "lots_of"), asked.size, asked.size_lots)?;
        let ticks = units(market, intern!(py, "ticks_of"), asked.price, asked.price_ticks)?;
        let time_in_force = time_in_force.unwrap_or(if ticks.is_some() { TimeInForce::Gtc } else { TimeInForce::Ioc });
        match lots {
            Some(size_lots) if ticks.is_some() || !post_only => {
                let terms = Terms { buy, size_lots, price_ticks: ticks, time_in_force, post_only };
                Ok(Self::submit(slf, &terms)?.into_any())
            }
            _ => asked.plainly(own, buy, py),
        }
    }

    /// Takes an event of an order; returns its handle, or `None` if it ended long ago.
    pub fn take(&self, py: Python<'_>, order_id: i64, news: News) -> PyResult<Option<Py<PyOrderHandle>>> {
        let found = self.orders.with(py, |orders| {
            // A fill, or the answer to a cancel, may come after the order's end.
            let found = orders.find(order_id).map(|at| &orders.open[at]).or_else(|| orders.ended.get(&order_id));
            found.map(|handle| handle.clone_ref(py))
        });
        let Some(handle) = found else { return Ok(None) };
        if handle.get().update(py, news)? {
            let dropped = self.orders.with(py, |orders| orders.end(order_id));
            // What goes with it may run code of Python's.
            drop(dropped);
        }
        Ok(Some(handle))
    }

    /// The open orders as compiled strategies read them.
    pub fn show(&self, py: Python<'_>, views: &mut Vec<OrderView>) {
        views.clear();
        self.orders.with(py, |orders| views.extend(orders.open.iter().map(|one| one.get().view(py))));
    }
}

#[pymethods]
impl PyOwnOrders {
    #[new]
    fn new(
        market: &Bound<'_, PyAny>,
        clock: Py<PyLaneClock>,
        requests: Py<PyRequests>,
        client_order_id: Py<PyAny>,
    ) -> PyResult<Self> {
        let index = market.getattr("index")?;
        let strategy = market.getattr("strategy")?.cast_into::<PyString>()?;
        Ok(PyOwnOrders {
            market: market.clone().unbind(),
            clock,
            requests,
            client_order_id,
            place: index.extract()?,
            index: index.unbind(),
            name: strategy.extract()?,
            strategy: strategy.unbind(),
            number: AtomicU32::new(NOBODY),
            names: Arc::new(Names::of(market)?),
            orders: Guarded::default(),
        })
    }

    fn add(slf: &Bound<'_, Self>, request: &Bound<'_, PyAny>) -> PyResult<Py<PyOrderHandle>> {
        Self::know(slf, &new_order(request, slf.get().place, NOBODY)?)
    }

    /// See `mainspring.seams.StrategyMarket.buy`.
    #[pyo3(signature = (*, size=None, price=None, size_lots=None, price_ticks=None, time_in_force=None, post_only=None, expires_ns=None, reduce_only=None))]
    #[allow(clippy::too_many_arguments, reason = "those of the market's method")]
    fn buy(
        slf: &Bound<'_, Self>,
        size: Option<&Bound<'_, PyAny>>,
        price: Option<&Bound<'_, PyAny>>,
        size_lots: Option<&Bound<'_, PyAny>>,
        price_ticks: Option<&Bound<'_, PyAny>>,
        time_in_force: Option<&Bound<'_, PyAny>>,
        post_only: Option<&Bound<'_, PyAny>>,
        expires_ns: Option<&Bound<'_, PyAny>>,
        reduce_only: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        Self::trade(
            slf,
            true,
            &Asked { size, price, size_lots, price_ticks, time_in_force, post_only, expires_ns, reduce_only },
        )
    }

    /// See `mainspring.seams.StrategyMarket.sell`.
    #[pyo3(signature = (*, size=None, price=None, size_lots=None, price_ticks=None, time_in_force=None, post_only=None, expires_ns=None, reduce_only=None))]
    #[allow(clippy::too_many_arguments, reason = "those of the market's method")]
    fn sell(
        slf: &Bound<'_, Self>,
        size: Option<&Bound<'_, PyAny>>,
        price: Option<&Bound<'_, PyAny>>,
        size_lots: Option<&Bound<'_, PyAny>>,
        price_ticks: Option<&Bound<'_, PyAny>>,
        time_in_force: Option<&Bound<'_, PyAny>>,
        post_only: Option<&Bound<'_, PyAny>>,
        expires_ns: Option<&Bound<'_, PyAny>>,
        reduce_only: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        Self::trade(
            slf,
            false,
            &Asked { size, price, size_lots, price_ticks, time_in_force, post_only, expires_ns, reduce_only },
        )
    }

    /// The orders that haven't ended, oldest first.
    #[getter]
    fn open(&self, py: Python<'_>) -> PyResult<Py<PyTuple>> {
        let found = self.orders.with(py, |orders| match &orders.shown {
            Some(shown) => Ok(shown.clone_ref(py)),
            None => Err(orders.open.iter().map(|one| one.clone_ref(py)).collect::<Vec<_>>()),
        });
        let open = match found {
            Ok(shown) => return Ok(shown),
            Err(open) => open,
        };
        let shown = PyTuple::new(py, open)?.unbind();
        let known = shown.clone_ref(py);
        let before = self.orders.with(py, |orders| orders.shown.replace(known));
        drop(before);
        Ok(shown)
    }

    fn update(&self, event: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyOrderHandle>>> {
        let read = order_event(event)?;
        self.take(event.py(), read.order_id, News::of_event(&read.what))
    }

    fn mark_unknown(&self, py: Python<'_>, order_id: i64) -> PyResult<()> {
        self.find(py, order_id).map_or(Ok(()), |handle| handle.get().lose(py))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        for held in [&self.market, &self.client_order_id] {
            visit.call(held)?;
        }
        visit.call(&self.requests)?;
        // Handles hold nothing that leads anywhere.
        self.orders.traverse(&visit, |orders, visit| visit.call(&orders.shown))
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyOwnOrders>()?;
    trade_calls::define(&module.py().get_type::<PyOwnOrders>())
}
