//! What Python sees of the fused part of a lane.

use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::frames::Event;
use crate::lane::market::Market;
use crate::lane::runner::{Place, Runner, Stop, lock};
use crate::lane::statistics::Options;
use crate::python::batch::PyBatch;
use crate::python::books::PyBook;
use crate::python::frames::{PyFrameDecoder, raised, told};
use crate::python::model::{self, model};
use crate::python::wire::PyWireDecoder;
use crate::slippage::Touch;

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
}

/// Figures estimated from the stream: keeps the contract of `mainspring.seams.MarketStatistics`.
#[pyclass(name = "Statistics", module = "mainspring_native._native", frozen)]
pub struct PyStatistics {
    state: Arc<Mutex<Market>>,
}

impl PyMarket {
    /// The book, to be read.
    pub fn book(&self) -> &Py<PyBook> {
        &self.book
    }

    /// The best prices of a market that is live and not crossed; `None` of any other.
    pub fn touch(&self) -> Option<Touch> {
        self.figures().map(|(touch, ..)| touch)
    }

    /// As `touch`, with volatility and daily volume.
    pub fn figures(&self) -> Option<(Touch, Option<f64>, Option<f64>)> {
        let market = lock(&self.state);
        let (bid, ask) = (market.bid, market.ask);
        let whole = market.live && bid.lots > 0 && ask.lots > 0 && bid.price < ask.price;
        let touch = Touch { bid_ticks: bid.price, bid_lots: bid.lots, ask_ticks: ask.price, ask_lots: ask.lots };
        whole.then_some((touch, market.statistics.volatility_per_day, market.statistics.daily_volume_lots))
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

    fn on_trade(&self, now_ns: i64, _price_ticks: i64, size_lots: i64) {
        lock(&self.state).statistics.on_trade(now_ns, size_lots);
    }
}

#[pymethods]
impl PyMarket {
    #[getter]
    fn bid_ticks(&self) -> i64 {
        lock(&self.state).bid.price
    }

    #[getter]
    fn bid_lots(&self) -> i64 {
        lock(&self.state).bid.lots
    }

    #[getter]
    fn ask_ticks(&self) -> i64 {
        lock(&self.state).ask.price
    }

    #[getter]
    fn ask_lots(&self) -> i64 {
        lock(&self.state).ask.lots
    }

    #[getter]
    fn bbo_time_ns(&self) -> i64 {
        lock(&self.state).bbo_time_ns
    }

    #[getter]
    fn live(&self) -> bool {
        lock(&self.state).live
    }

    #[getter]
    fn book_valid(&self) -> bool {
        lock(&self.state).book_valid
    }

    #[getter]
    fn halted(&self) -> bool {
        lock(&self.state).halted
    }

    #[getter]
    fn now_ns(&self) -> i64 {
        lock(&self.state).now_ns
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

    #[setter]
    fn set_now_ns(&self, now_ns: i64) {
        lock(&self.state).now_ns = now_ns;
    }

    #[setter]
    fn set_book_id(&self, book_id: i64) {
        lock(&self.state).book_id = book_id;
    }

    #[setter]
    fn set_quote_id(&self, quote_id: i64) {
        lock(&self.state).quote_id = quote_id;
    }

    #[setter]
    fn set_crossed(&self, crossed: u64) {
        lock(&self.state).crossed = crossed;
    }

    #[setter]
    fn set_stale_quotes(&self, stale_quotes: u64) {
        lock(&self.state).stale_quotes = stale_quotes;
    }

    fn set_best(&self, now_ns: i64, bid_ticks: i64, bid_lots: i64, ask_ticks: i64, ask_lots: i64) -> bool {
        let level = |price, lots| crate::book::Level { price, lots };
        lock(&self.state).set_best(now_ns, level(bid_ticks, bid_lots), level(ask_ticks, ask_lots))
    }

    #[pyo3(signature = (*, book_valid=None, halted=None))]
    fn set_status(&self, book_valid: Option<bool>, halted: Option<bool>) {
        lock(&self.state).set_status(book_valid, halted);
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

/// Runs messages through a wire decoder into native books and markets, up to the first one with a callback.
#[pyclass(name = "Fused", module = "mainspring_native._native")]
pub struct PyFused {
    runner: Runner,
    decoder: Py<PyWireDecoder>,
    #[pyo3(get)]
    markets: Py<PyList>,
    /// The place of the message that the last run refused.
    #[pyo3(get)]
    refused_at: usize,
}

#[pymethods]
impl PyFused {
    /// `options` has for each instrument: keep, warm_up_cells, daily_volume_lots, daily_volatility.
    #[new]
    fn new(
        py: Python<'_>,
        decoder: Py<PyWireDecoder>,
        instruments: Vec<Py<PyAny>>,
        books: Vec<Py<PyBook>>,
        options: Vec<(f64, i64, Option<f64>, Option<f64>)>,
        top_of_book: bool,
    ) -> PyResult<Self> {
        let wanted = decoder.borrow(py).decoder.program().grids.len();
        if [instruments.len(), books.len(), options.len()] != [wanted; 3] {
            return Err(PyValueError::new_err(format!(
                "the decoder has {wanted} instruments; each needs a book and options"
            )));
        }
        let mut places = Vec::new();
        let markets = PyList::empty(py);
        for (index, ((instrument, book), options)) in instruments.into_iter().zip(books).zip(options).enumerate() {
            let (keep, warm_up_cells, daily_volume_lots, daily_volatility) = options;
            let options = Options { keep, warm_up_cells, daily_volume_lots, daily_volatility };
            let state = Arc::new(Mutex::new(Market::new(options)));
            places.push(Place { book: book.get().shared(), market: Arc::clone(&state) });
            let statistics = Py::new(py, PyStatistics { state: Arc::clone(&state) })?;
            markets.append(Py::new(py, PyMarket { index, instrument, book, statistics, state })?)?;
        }
        Ok(PyFused { runner: Runner::new(places, top_of_book), decoder, markets: markets.unbind(), refused_at: 0 })
    }

    /// Runs the messages of a batch from `start` on; returns the place behind the last one that was run.
    ///
    /// It ends there because the next one comes at or after `until_ns`, because there is none or, with `callbacks`, because the
    /// last one changed best prices: then `changed` says whose. Raises what the plain reading raises for one that is refused:
    /// all before it were run, and `refused_at` is its place. Without `callbacks` the GIL is released.
    #[pyo3(signature = (batch, start, until_ns, *, callbacks, timed))]
    fn run(
        &mut self,
        py: Python<'_>,
        batch: &PyBatch,
        start: usize,
        until_ns: i64,
        callbacks: bool,
        timed: bool,
    ) -> PyResult<usize> {
        let mut decoder = self.decoder.bind(py).borrow_mut();
        let runner = &mut self.runner;
        let (count, stop) = if callbacks {
            runner.run(&mut decoder.decoder, batch.messages().from(start), until_ns, callbacks, timed)
        } else {
            let decoder = &mut decoder.decoder;
            py.detach(|| runner.run(decoder, batch.messages().from(start), until_ns, callbacks, timed))
        };
        match stop {
            Stop::Refused(fault) => {
                self.refused_at = start + count;
                let Some((now_ns, raw)) = batch.messages().from(start + count).next() else {
                    return Err(PyValueError::new_err("a message that isn't there was refused"));
                };
                Err(decoder.refusal(py, raw, now_ns, fault))
            }
            Stop::Due | Stop::Changed => Ok(start + count),
        }
    }

    /// Runs the messages in a chunk of WebSocket frames from byte `start` on; returns the place behind the last one that was
    /// run, and what else came: pings, pongs and a close, as `FrameDecoder.feed` returns them.
    ///
    /// It ends where the chunk ends or, with `callbacks`, behind a message that changed best prices. Raises what the plain reading
    /// raises for a message that is refused, and `FrameError`; `refused_at` is the place behind it then.
    #[pyo3(signature = (frame_decoder, chunk, start, now_ns, *, callbacks, timed))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of a Python method")]
    fn run_frames<'py>(
        &mut self,
        py: Python<'py>,
        frame_decoder: &PyFrameDecoder,
        chunk: &Bound<'py, PyBytes>,
        start: usize,
        now_ns: i64,
        callbacks: bool,
        timed: bool,
    ) -> PyResult<(usize, Bound<'py, PyTuple>)> {
        let mut decoder = self.decoder.bind(py).borrow_mut();
        let mut at = start;
        let mut others = Vec::new();
        let mut failed = None;
        let mut refused = Vec::new();
        let frames = (&mut *frame_decoder.lock(), chunk.as_bytes(), &mut at);
        let other = |event: Event<'_>| match told(py, event) {
            Ok(event) => others.push(event),
            Err(error) => failed = Some(error),
        };
        let keep = |raw: &[u8]| refused.extend_from_slice(raw);
        let stop = self.runner.run_frames(&mut decoder.decoder, frames, now_ns, callbacks, timed, other, keep);
        self.refused_at = at;
        match (failed, stop) {
            (Some(error), _) => Err(error),
            (None, Ok(Stop::Refused(fault))) => Err(decoder.refusal(py, &refused, now_ns, fault)),
            (None, Ok(_)) => Ok((at, PyTuple::new(py, others)?)),
            (None, Err(error)) => Err(raised(py, error, &PyTuple::new(py, others)?)?),
        }
    }

    /// The instruments whose best prices the last message of a run changed, in the order in which they did.
    fn changed(&self) -> Vec<usize> {
        self.runner.changed().to_vec()
    }

    /// The time that feed and book took for the message that ended the last run, in nanoseconds.
    #[getter]
    fn last_ns(&self) -> u64 {
        self.runner.last_ns
    }

    /// The times since the last call, for feed and book together and for the whole path of messages without a callback:
    /// the buckets of `mainspring.telemetry.Histogram` that were hit, the sum of all values and the largest.
    fn take_times<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        for (name, histogram) in [("fused", &mut self.runner.fused), ("whole_path", &mut self.runner.whole_path)] {
            let (buckets, sum, max) = histogram.take();
            let counts = PyDict::new(py);
            for (index, count) in buckets {
                counts.set_item(index, count)?;
            }
            found.set_item(name, (counts, sum, max))?;
        }
        Ok(found)
    }

    /// The events of each instrument that were run since the last call, as far as a router that was idle has to know them: the
    /// last of each kind, in order, without the rows of deltas and snapshots.
    fn take_conflated<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let events = PyList::empty(py);
        let model = model(py)?;
        for (instrument, place) in self.runner.places().iter().enumerate() {
            let conflated = {
                let mut market = lock(&place.market);
                if market.conflated.is_empty() {
                    continue;
                }
                std::mem::take(&mut market.conflated)
            };
            let mut made: Vec<(u64, Bound<'py, PyAny>)> = Vec::new();
            let no_rows = || PyList::empty(py);
            if let Some((number, quote)) = conflated.quote {
                made.push((number, model::quote(py, &quote)?));
            }
            if let Some((number, depth)) = conflated.delta {
                let (first, last, previous) = (depth.first_id, depth.last_id, depth.previous_id);
                let times = (depth.receive_time_ns, depth.event_time_ns);
                let delta = (instrument, times.0, times.1, first, last, previous, no_rows(), no_rows());
                made.push((number, model.delta.bind(py).call1(delta)?));
            }
            if let Some((number, depth)) = conflated.snapshot {
                let times = (depth.receive_time_ns, depth.event_time_ns);
                let snapshot = (instrument, times.0, times.1, depth.last_id, no_rows(), no_rows());
                made.push((number, model.snapshot.bind(py).call1(snapshot)?));
            }
            if let Some((number, receive_time_ns)) = conflated.invalid {
                made.push((number, model.invalid.bind(py).call1((instrument, receive_time_ns, "gap"))?));
            }
            if let Some((number, status)) = conflated.status {
                let times = (status.receive_time_ns, status.event_time_ns);
                let told = (instrument, times.0, times.1, &status.code, &status.text, status.trading);
                made.push((number, model.status.bind(py).call1(told)?));
            }
            made.sort_by_key(|(number, _)| *number);
            for (_, event) in made {
                events.append(event)?;
            }
        }
        Ok(events)
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyMarket>()?;
    module.add_class::<PyStatistics>()?;
    module.add_class::<PyFused>()
}
