//! What Python sees of one market of a fused lane.

use std::sync::{Arc, Mutex, MutexGuard};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::book::{Book, Level};
use crate::kernel::view::MarketView;
use crate::lane::market::{Conflated, Market};
use crate::lane::runner::lock;
use crate::lane::statistics::{Options, Statistics};
use crate::python::books::{PyBook, lock as lock_book, rows};
use crate::python::shown::{self, Shown};
use crate::slippage::Touch;
use crate::trading::approval;
use crate::trading::gate::Seen;
use crate::wire::event::{Correction, Depth, NO_ID, Quote, Trade};

/// One instrument as the lane sees it: keeps the contract of `mainspring.seams.MarketView`, and of the lane's own market.
#[pyclass(name = "Market", module = "mainspring_native._native", frozen)]
pub struct PyMarket {
    #[pyo3(get)]
    index: usize,
    #[pyo3(get)]
    instrument: Py<PyAny>,
    #[pyo3(get)]
    book: Py<PyBook>,
    #[pyo3(get)]
    statistics: Py<PyStatistics>,
    state: Arc<Mutex<Market>>,
    shown: Shown,
    top_of_book: bool,
}

/// What slippage models and risk checks read of a market.
#[derive(Clone, Copy)]
pub struct Met {
    pub seen: Seen,
    pub volatility_per_day: Option<f64>,
    pub daily_volume_lots: Option<f64>,
}

impl Met {
    fn of(market: &Market) -> Met {
        let Statistics { volatility_per_day, daily_volume_lots, .. } = market.statistics;
        Met { seen: approval::seen(market), volatility_per_day, daily_volume_lots }
    }

    /// The best prices of a market that is live and not crossed; `None` of any other.
    pub fn touch(&self) -> Option<Touch> {
        let Seen { bid, ask, .. } = self.seen;
        let touch = Touch { bid_ticks: bid.price, bid_lots: bid.lots, ask_ticks: ask.price, ask_lots: ask.lots };
        approval::unpriced(&self.seen).is_none().then_some(touch)
    }
}

/// Figures estimated from the stream: keeps the contract of `mainspring.seams.MarketStatistics`.
#[pyclass(name = "Statistics", module = "mainspring_native._native", frozen)]
pub struct PyStatistics {
    state: Arc<Mutex<Market>>,
}

fn number(event: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> PyResult<i64> {
    event.getattr(name)?.extract()
}

impl PyMarket {
    /// A market that shows `state`, which is shared with the lane's runner.
    ///
    /// `index` is the instrument's number among all of the lane.
    pub fn new(
        py: Python<'_>,
        index: usize,
        instrument: Py<PyAny>,
        book: Py<PyBook>,
        state: Arc<Mutex<Market>>,
        top_of_book: bool,
    ) -> PyResult<Self> {
        let statistics = Py::new(py, PyStatistics { state: Arc::clone(&state) })?;
        Ok(PyMarket { index, instrument, book, statistics, state, shown: Shown::default(), top_of_book })
    }

    /// Takes a delta's or a snapshot's levels into the book, and its best prices from there.
    fn on_levels(&self, event: &Bound<'_, PyAny>, snapshot: bool) -> PyResult<bool> {
        let py = event.py();
        let bids = rows(&event.getattr(intern!(py, "bids"))?, "bids")?;
        let asks = rows(&event.getattr(intern!(py, "asks"))?, "asks")?;
        let id = |name| if snapshot { Ok(NO_ID) } else { number(event, name) };
        let depth = Depth {
            instrument: self.index,
            receive_time_ns: number(event, intern!(py, "receive_time_ns"))?,
            event_time_ns: number(event, intern!(py, "event_time_ns"))?,
            first_id: id(intern!(py, "first_id"))?,
            last_id: number(event, intern!(py, "last_id"))?,
            previous_id: id(intern!(py, "previous_id"))?,
        };
        let shared = self.book.get().shared();
        let best = {
            let mut book = lock_book(&shared);
            if snapshot {
                book.apply_snapshot(&bids, &asks);
            } else {
                book.apply_delta(&bids, &asks);
            }
            book.bbo()
        };
        let mut market = lock(&self.state);
        let changed = market.on_levels(&depth, &best, snapshot);
        market.conflated = Conflated::default();
        self.shown.set(&market);
        Ok(changed)
    }

    /// The book, to be read.
    pub fn book(&self) -> &Py<PyBook> {
        &self.book
    }

    /// The market, shared with the lane's runner.
    pub fn shared(&self) -> Arc<Mutex<Market>> {
        Arc::clone(&self.state)
    }

    /// Lets Python read what has changed.
    pub fn publish(&self) {
        self.shown.set(&lock(&self.state));
    }

    /// Shows its prices and statistics to a compiled strategy.
    pub fn show(&self, view: &mut MarketView) {
        view.set_market(&lock(&self.state));
    }

    /// Takes the lane's time, which goes on without a message of this market.
    pub fn advance(&self, now_ns: i64) {
        drop(self.advanced(now_ns));
    }

    /// Takes the lane's time, and returns what an order meets then.
    pub fn meet(&self, now_ns: i64) -> Met {
        Met::of(&self.advanced(now_ns))
    }

    /// What an order meets in it as it stands.
    pub fn met(&self) -> Met {
        Met::of(&lock(&self.state))
    }

    fn advanced(&self, now_ns: i64) -> MutexGuard<'_, Market> {
        let mut market = lock(&self.state);
        market.now_ns = market.now_ns.max(now_ns);
        self.shown.set_now(market.now_ns);
        market
    }
}

#[pymethods]
impl PyStatistics {
    #[getter]
    fn volatility_per_day(&self) -> Option<f64> {
        lock(&self.state).statistics.volatility_per_day
    }

    #[getter]
    fn daily_volume_lots(&self) -> Option<f64> {
        lock(&self.state).statistics.daily_volume_lots
    }

    #[getter]
    fn spread_ticks(&self) -> Option<f64> {
        lock(&self.state).statistics.spread_ticks
    }
}

#[pymethods]
impl PyMarket {
    #[getter]
    fn book_valid(&self) -> bool {
        lock(&self.state).book_valid
    }

    #[getter]
    fn halted(&self) -> bool {
        lock(&self.state).halted
    }

    #[getter]
    fn book_id(&self) -> i64 {
        lock(&self.state).book_id
    }

    #[getter]
    fn quote_id(&self) -> i64 {
        lock(&self.state).quote_id
    }

    #[getter]
    fn crossed(&self) -> u64 {
        lock(&self.state).crossed
    }

    #[getter]
    fn stale_quotes(&self) -> u64 {
        lock(&self.state).stale_quotes
    }

    /// When a message last changed what stands here, and the mid in half ticks before it.
    #[getter]
    fn before(&self) -> (i64, Option<i128>) {
        lock(&self.state).before
    }

    #[getter]
    fn connected(&self) -> bool {
        lock(&self.state).connected
    }

    fn on_delta(&self, event: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.on_levels(event, false)
    }

    fn on_snapshot(&self, event: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.on_levels(event, true)
    }

    fn on_orders(&self, event: &Bound<'_, PyAny>) -> PyResult<()> {
        self.book.get().apply_orders(&event.getattr(intern!(event.py(), "orders"))?)
    }

    fn on_invalid(&self, event: &Bound<'_, PyAny>) -> PyResult<bool> {
        let now_ns = number(event, intern!(event.py(), "receive_time_ns"))?;
        let shared = self.book.get().shared();
        lock_book(&shared).clear();
        let mut market = lock(&self.state);
        market.on_invalid(now_ns);
        // Each event is shown to the router as it comes here, so none is owed to it.
        market.conflated = Conflated::default();
        self.shown.set(&market);
        Ok(true)
    }

    /// `None` if the quote is older than what is known.
    fn on_quote(&self, event: &Bound<'_, PyAny>) -> PyResult<Option<bool>> {
        let py = event.py();
        let level =
            |price, lots| -> PyResult<Level> { Ok(Level { price: number(event, price)?, lots: number(event, lots)? }) };
        let quote = Quote {
            instrument: self.index,
            receive_time_ns: number(event, intern!(py, "receive_time_ns"))?,
            event_time_ns: number(event, intern!(py, "event_time_ns"))?,
            update_id: number(event, intern!(py, "update_id"))?,
            bid: level(intern!(py, "bid_ticks"), intern!(py, "bid_lots"))?,
            ask: level(intern!(py, "ask_ticks"), intern!(py, "ask_lots"))?,
        };
        let mut market = lock(&self.state);
        let changed = market.on_quote(&quote, self.top_of_book);
        market.conflated = Conflated::default();
        self.shown.set(&market);
        Ok(changed)
    }

    fn on_trade(&self, event: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = event.py();
        let trade = Trade {
            instrument: self.index,
            receive_time_ns: number(event, intern!(py, "receive_time_ns"))?,
            trade_id: number(event, intern!(py, "trade_id"))?,
            price_ticks: number(event, intern!(py, "price_ticks"))?,
            size_lots: number(event, intern!(py, "size_lots"))?,
            counts: number(event, intern!(py, "counts"))?,
            fraction_nanoticks: number(event, intern!(py, "fraction_nanoticks"))?,
            ..Trade::default()
        };
        let mut market = lock(&self.state);
        market.on_print(&trade);
        self.shown.set(&market);
        Ok(())
    }

    fn on_correction(&self, event: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = event.py();
        let trade = |trade: &Bound<'_, PyAny>| -> PyResult<Trade> {
            Ok(Trade {
                trade_id: number(trade, intern!(py, "trade_id"))?,
                price_ticks: number(trade, intern!(py, "price_ticks"))?,
                size_lots: number(trade, intern!(py, "size_lots"))?,
                counts: number(trade, intern!(py, "counts"))?,
                fraction_nanoticks: number(trade, intern!(py, "fraction_nanoticks"))?,
                ..Trade::default()
            })
        };
        let now = event.getattr(intern!(py, "now"))?;
        let correction = Correction {
            instrument: self.index,
            receive_time_ns: number(event, intern!(py, "receive_time_ns"))?,
            event_time_ns: number(event, intern!(py, "event_time_ns"))?,
            was: trade(&event.getattr(intern!(py, "was"))?)?,
            now: if now.is_none() { None } else { Some(trade(&now)?) },
        };
        let mut market = lock(&self.state);
        market.on_correction(&correction);
        self.shown.set(&market);
        Ok(())
    }

    fn on_status(&self, event: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = event.py();
        let now_ns = number(event, intern!(py, "receive_time_ns"))?;
        let trading: Option<bool> = event.getattr(intern!(py, "trading"))?.extract()?;
        let mut market = lock(&self.state);
        market.now_ns = now_ns;
        let was_live = market.live;
        if let Some(trading) = trading {
            market.set_status(None, Some(!trading));
        }
        self.shown.set(&market);
        Ok(market.live != was_live)
    }

    fn set_now(&self, now_ns: i64) {
        self.advance(now_ns);
    }

    fn set_connected(&self, connected: bool) -> bool {
        let mut market = lock(&self.state);
        let changed = market.set_connected(connected);
        self.shown.set(&market);
        changed
    }

    fn mid_half_ticks(&self) -> Option<i128> {
        lock(&self.state).mid_half_ticks()
    }

    fn sample_mid(&self, now_ns: i64) {
        lock(&self.state).sample_mid(now_ns);
    }

    fn take_mid_samples(&self) -> Vec<(i64, i128)> {
        std::mem::take(&mut lock(&self.state).mid_samples)
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyMarket>()?;
    module.add_class::<PyStatistics>()?;
    // Where the fields that are read in place are, any market tells.
    let py = module.py();
    let options = Options { keep: 1.0, warm_up_cells: 0, daily_volume_lots: None, daily_volatility: None };
    let state = Arc::new(Mutex::new(Market::new(options)));
    let book = Bound::new(py, PyBook::new("ladder")?)?.unbind();
    let market = Bound::new(py, PyMarket::new(py, 0, py.None(), book, state, false)?)?;
    shown::define(market.as_any(), market.get().shown.fields())
}
