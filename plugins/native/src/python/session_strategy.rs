//! A compiled strategy in a session: called with the views of the kernel, over the session's native markets.

use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;

use crate::book::any::AnyBook;
use crate::kernel::strategy::{Compiled, Strategy};
use crate::kernel::view::{BBO, BUFFER, CANCEL, MarketView, OrderView, REPLACE, Request, Woken, narrow};
use crate::python::books::lock as lock_book;
use crate::python::market::PyMarket;
use crate::python::order_views::PyOpenLots;
use crate::python::own_orders::{PyOwnOrders, Terms};
use crate::python::position::PyPositionUnits;
use crate::trading::position::Position;

/// A market of the session.
struct Seen {
    /// `mainspring.seams.StrategyMarket`, and the lane's market behind it.
    market: Py<PyAny>,
    native: Py<PyMarket>,
    own_orders: Py<PyOwnOrders>,
    units: Py<PyPositionUnits>,
    open_lots: Py<PyOpenLots>,
    book: Arc<Mutex<AnyBook>>,
    position: Position,
    orders: Vec<OrderView>,
}

/// Calls a compiled strategy about the markets of a session, which `bind` hands over. It is its own `on_bbo`, and until it is
/// bound it calls `fallback` instead.
#[pyclass(name = "SessionStrategy", module = "mainspring_native._native")]
pub struct PySessionStrategy {
    fallback: Option<Py<PyAny>>,
    strategy: Option<Compiled>,
    views: Vec<MarketView>,
    seen: Vec<Seen>,
    /// Whether a call shows the other markets too.
    sees_all: bool,
}

// SAFETY: the pointers in the views are set before each call of the strategy, and read in it alone.
unsafe impl Send for PySessionStrategy {}
// SAFETY: as above; Python's lock on the object gives out one mutable borrow at a time.
unsafe impl Sync for PySessionStrategy {}

impl Seen {
    /// Fills the strategy's view of the market, but for its book.
    fn show(&mut self, py: Python<'_>, view: &mut MarketView) -> PyResult<()> {
        view.time_ns = self.market.bind(py).getattr(intern!(py, "now_ns"))?.extract()?;
        self.native.get().show(view);
        view.set_money(&self.position);
        view.position_lots = narrow(self.units.get().lots(py)?);
        let (buy, sell) = self.open_lots.get().both();
        (view.open_buy_lots, view.open_sell_lots) = (narrow(buy), narrow(sell));
        self.own_orders.get().show(py, &mut self.orders);
        view.open_orders = self.orders.len() as i64;
        view.orders = self.orders.as_ptr();
        Ok(())
    }
}

impl PySessionStrategy {
    /// Calls the strategy, and returns what it asks for.
    fn run(&mut self, py: Python<'_>, place: usize, event: Woken) -> PyResult<[Request; BUFFER]> {
        for (at, seen) in self.seen.iter_mut().enumerate() {
            if at == place || self.sees_all {
                seen.show(py, &mut self.views[at])?;
                self.views[at].set_event(if at == place { event } else { Woken::default() });
            }
        }
        let mut requests = [const { Request::EMPTY }; BUFFER];
        requests[0].order_id = self.seen[place].own_orders.get().requests.get().next_order_id(py);
        requests[0].market = place as i64;
        requests[0].side = self.views.len() as i64;
        // Held during the call: nothing else changes a book that the strategy reads.
        let books: Vec<_> = self.seen.iter().map(|seen| lock_book(&seen.book)).collect();
        for (view, book) in self.views.iter_mut().zip(&books) {
            view.book = &raw const **book;
        }
        let goes_on = self.strategy.as_mut().is_some_and(|one| one.call(&mut self.views, place, &mut requests));
        if goes_on {
            return Ok(requests);
        }
        Err(PyRuntimeError::new_err("the compiled strategy raised; in_session(..., compiled=False) shows what"))
    }

    /// Calls the strategy of an object, and asks for what it wants.
    fn enter(slf: &Bound<'_, Self>, place: usize, event: Woken) -> PyResult<()> {
        let py = slf.py();
        let mut own = slf.borrow_mut();
        let requests = own.run(py, place, event)?;
        let count = requests[0].action.clamp(0, BUFFER as i64 - 1) as usize;
        requests[1..=count].iter().try_for_each(|request| own.ask(py, place, request))
    }

    /// Asks for something. What can't be is passed over, as `mainspring_native.replay.actions` says.
    fn ask(&self, py: Python<'_>, place: usize, request: &Request) -> PyResult<()> {
        if let CANCEL | REPLACE = request.action {
            let found = self.seen.iter().find_map(|seen| seen.own_orders.get().find(py, request.order_id));
            let Some(order) = found else { return Ok(()) };
            if request.action == CANCEL {
                return order.get().ask_cancel(py);
            }
            let Request { price_ticks, size_lots, .. } = *request;
            if price_ticks > 0 && size_lots > 0 && order.get().view(py).price_ticks != 0 {
                return order.get().ask_replace(py, Some(price_ticks), Some(size_lots));
            }
            return Ok(());
        }
        let market = if request.market < 0 { place as i64 } else { request.market };
        let seen = usize::try_from(market).ok().and_then(|market| self.seen.get(market));
        let Some((seen, asked)) = seen.zip(request.order(market, 0, 0)) else { return Ok(()) };
        let terms = Terms {
            buy: asked.buy,
            size_lots: asked.size_lots,
            price_ticks: asked.limit.then_some(asked.price_ticks),
            time_in_force: asked.time_in_force,
            post_only: asked.post_only,
        };
        PyOwnOrders::submit(seen.own_orders.bind(py), &terms).map(drop)
    }
}

#[pymethods]
impl PySessionStrategy {
    #[new]
    fn new(fallback: Py<PyAny>) -> Self {
        let fallback = Some(fallback);
        let (views, seen) = (Vec::new(), Vec::new());
        PySessionStrategy { fallback, strategy: None, views, seen, sees_all: false }
    }

    /// Takes the strategy, whose address is `entry` and whose memory is at `state`: both are kept alive by the caller. Takes the
    /// session's markets, each with the native market behind it and its account, in the order of their places.
    fn bind(
        &mut self,
        py: Python<'_>,
        entry: usize,
        state: usize,
        sees_all: bool,
        markets: Vec<(Py<PyAny>, Py<PyMarket>, Py<PyAny>)>,
    ) -> PyResult<()> {
        // SAFETY: `mainspring_native.replay.session` is the one caller, and keeps the function and the state alive.
        self.strategy = unsafe { Compiled::new(entry, state) };
        self.sees_all = sees_all;
        self.views = (0..markets.len()).map(MarketView::new).collect();
        self.seen = markets
            .into_iter()
            .map(|(market, native, account)| {
                let own = market.bind(py);
                Ok(Seen {
                    book: native.get().book().bind(py).get().shared(),
                    own_orders: own.getattr("own_orders")?.cast_into::<PyOwnOrders>()?.unbind(),
                    units: own.getattr("units")?.cast_into::<PyPositionUnits>()?.unbind(),
                    open_lots: account.bind(py).getattr("open_lots")?.cast_into::<PyOpenLots>()?.unbind(),
                    market,
                    native,
                    position: Position::default(),
                    orders: Vec::new(),
                })
            })
            .collect::<PyResult<_>>()?;
        Ok(())
    }

    /// Calls it about the market at a place.
    #[allow(clippy::too_many_arguments, reason = "the fields of an event")]
    fn call(
        slf: &Bound<'_, Self>,
        place: usize,
        kind: i64,
        side: i64,
        ticks: i64,
        lots: i64,
        order_id: i64,
        reason: i64,
        maker: i64,
        fraction_nanoticks: i64,
    ) -> PyResult<()> {
        Self::enter(slf, place, Woken { kind, side, ticks, lots, order_id, reason, maker, fraction_nanoticks })
    }

    /// Books a fill.
    fn on_fill(&mut self, place: usize, buy: bool, price_ticks: i64, size_lots: i64, fee_ppb: i64) {
        // Prices and sizes of 64 bits fit.
        let booked = self.seen[place].position.on_fill(buy, size_lots, price_ticks, fee_ppb);
        debug_assert!(booked);
    }

    /// The best prices of a market have changed.
    fn __call__(slf: &Bound<'_, Self>, market: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = slf.py();
        let fallback = {
            let own = slf.borrow();
            own.fallback.as_ref().filter(|_| own.strategy.is_none()).map(|fallback| fallback.clone_ref(py))
        };
        if let Some(fallback) = fallback {
            fallback.bind(py).call1((market,))?;
            return Ok(());
        }
        let place = slf.borrow().seen.iter().position(|seen| seen.market.is(market));
        let place = place.ok_or_else(|| PyRuntimeError::new_err("this market isn't one of the session's"))?;
        Self::enter(slf, place, Woken { kind: BBO, ..Woken::default() })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        for seen in &self.seen {
            visit.call(&seen.market)?;
            visit.call(&seen.native)?;
            visit.call(&seen.own_orders)?;
            visit.call(&seen.units)?;
        }
        visit.call(&self.fallback)
    }

    fn __clear__(&mut self) {
        self.seen.clear();
        self.fallback = None;
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PySessionStrategy>()
}
