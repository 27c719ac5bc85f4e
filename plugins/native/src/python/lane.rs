//! What Python sees of the fused part of a lane.

use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::costs::Costs;
use crate::frames::Event;
use crate::lane::instant::Instant;
use crate::lane::market::Market;
use crate::lane::runner::{Place, Runner, Stop, lock};
use crate::lane::statistics::Options;
use crate::python::batch::PyBatch;
use crate::python::books::PyBook;
use crate::python::costs::PyCosts;
use crate::python::frames::{PyFrameDecoder, raised, told};
use crate::python::market::PyMarket;
use crate::python::model::{self, model};
use crate::python::reaction::{Next, Reaction};
use crate::python::venue::PyPaperVenue;
use crate::python::wire::PyWireDecoder;
use crate::venue::NEVER_NS;

/// Runs messages through a wire decoder into native books and markets, up to the first one with a callback.
#[pyclass(name = "Fused", module = "mainspring_native._native")]
pub struct PyFused {
    runner: Runner,
    decoder: Py<PyWireDecoder>,
    #[pyo3(get)]
    markets: Py<PyList>,
    /// The markets again, each to be shown what has changed.
    shown: Vec<Py<PyMarket>>,
    /// The place behind the last message that was run, after a run that raised.
    #[pyo3(get)]
    raised_at: usize,
    reaction: Option<Reaction>,
    /// The markouts of fills, which are measured before the message that may move the mid.
    costs: Option<Arc<Mutex<Costs>>>,
}

impl PyFused {
    /// See `run`.
    fn run_messages(
        &mut self,
        py: Python<'_>,
        batch: &PyBatch,
        start: usize,
        until_ns: i64,
        reacts: bool,
        timed: bool,
    ) -> PyResult<usize> {
        let mut decoder = self.decoder.bind(py).borrow_mut();
        let reaction = self.reaction.as_ref().filter(|_| reacts);
        let (mut at, mut until_ns, runner) = (start, until_ns, &mut self.runner);
        let costs = self.costs.as_deref();
        // Since the end of what was done before.
        let mut since = timed.then(Instant::now);
        loop {
            let messages = batch.messages().from(at);
            let stop_ns = until_ns.min(costs.map_or(NEVER_NS, |costs| lock(costs).markouts.due_ns));
            let (count, stop) = if reaction.is_some() {
                runner.run(&mut decoder.decoder, messages, stop_ns, true, &mut since)
            } else {
                let decoder = &mut decoder.decoder;
                py.detach(|| runner.run(decoder, messages, stop_ns, false, &mut since))
            };
            runner.take_touched(|place| self.shown[place].get().publish());
            at += count;
            if !runner.marks().is_empty() && matches!(stop, Stop::Changed) {
                return Ok(at);
            }
            match (stop, reaction) {
                (Stop::Refused(fault), _) => {
                    self.raised_at = at;
                    let Some((now_ns, raw)) = batch.messages().from(at).next() else {
                        return Err(PyValueError::new_err("a message that isn't there was refused"));
                    };
                    return Err(decoder.refusal(py, raw, now_ns, fault));
                }
                (Stop::Changed, Some(reaction)) => {
                    let started = since.unwrap_or_else(Instant::now);
                    let took = runner.last_ns;
                    let (now_ns, places, times) = runner.change();
                    let next = reaction.react(py, now_ns, places, until_ns, started, times);
                    let (next, done) = next.inspect_err(|_| self.raised_at = at)?;
                    since = timed.then_some(done);
                    let took = took.saturating_add(done.ns_since(started));
                    if let Next::Leave = next {
                        runner.last_ns = took;
                        return Ok(at);
                    }
                    if timed {
                        runner.whole_path.record(took);
                    }
                    let Next::Until(next_ns) = next else { return Ok(at) };
                    until_ns = next_ns;
                }
                (Stop::Due, reaction) => {
                    let due_ns = runner.venue_due_ns();
                    let Some((next_ns, _)) = batch.messages().from(at).next() else { return Ok(at) };
                    // What else is due by then comes first, and so do messages.
                    if due_ns <= next_ns && due_ns < until_ns {
                        let Some(reaction) = reaction else { return Ok(at) };
                        let next = reaction.execute(py, due_ns, &mut runner.times);
                        let Next::Until(next_ns) = next.inspect_err(|_| self.raised_at = at)? else { return Ok(at) };
                        until_ns = next_ns;
                        since = timed.then(Instant::now);
                    } else if due_ns > next_ns
                        && next_ns < until_ns
                        && let Some(costs) = costs
                    {
                        lock(costs).measure(next_ns);
                    } else {
                        return Ok(at);
                    }
                }
                (Stop::Changed, None) => return Ok(at),
            }
        }
    }
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
        let (mut places, mut natives) = (Vec::new(), Vec::new());
        let markets = PyList::empty(py);
        let first = decoder.borrow(py).first;
        for (place, ((instrument, book), options)) in instruments.into_iter().zip(books).zip(options).enumerate() {
            let (keep, warm_up_cells, daily_volume_lots, daily_volatility) = options;
            let options = Options { keep, warm_up_cells, daily_volume_lots, daily_volatility };
            let state = Arc::new(Mutex::new(Market::new(options)));
            places.push(Place { book: book.get().shared(), market: Arc::clone(&state) });
            let market = PyMarket::new(py, first + place, instrument, book, state, top_of_book)?;
            let market = Py::new(py, market)?;
            markets.append(&market)?;
            natives.push(market);
        }
        Ok(PyFused {
            runner: Runner::new(places, top_of_book),
            decoder,
            markets: markets.unbind(),
            shown: natives,
            raised_at: 0,
            reaction: None,
            costs: None,
        })
    }

    /// Runs the messages of a batch from `start` on; returns the place behind the last one that was run.
    ///
    /// It ends there because the next one comes at or after `until_ns`, because the venue has something for us, because there is
    /// none, or because the last one had a mark price (see `marks`, and `changed` for whose best prices it changed). With `react`
    /// it does what `mainspring.seams.Reaction` says after each other that changed best prices; without it the GIL is released. Raises what the plain reading raises for one that is refused, and
    /// what `react` raises: all before the place `raised_at` were run.
    #[pyo3(signature = (batch, start, until_ns, react, *, timed))]
    fn run(
        &mut self,
        py: Python<'_>,
        batch: &PyBatch,
        start: usize,
        until_ns: i64,
        react: Option<&Bound<'_, PyAny>>,
        timed: bool,
    ) -> PyResult<usize> {
        let first = self.decoder.borrow(py).first;
        if let Some(react) = react
            && !self.reaction.as_ref().is_some_and(|known| known.is_of(react))
        {
            self.reaction = Some(Reaction::new(react, self.markets.bind(py), first)?);
        }
        if let Some(reaction) = self.reaction.as_ref().filter(|_| react.is_some()) {
            reaction.begin(py)?;
        }
        let done = self.run_messages(py, batch, start, until_ns, react.is_some(), timed);
        if let Some(reaction) = &self.reaction {
            reaction.flush(py)?;
        }
        done
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.decoder)?;
        visit.call(&self.markets)?;
        self.shown.iter().try_for_each(|market| visit.call(market))?;
        self.reaction.as_ref().map_or(Ok(()), |reaction| reaction.traverse(&visit))
    }

    fn __clear__(&mut self) {
        self.reaction = None;
    }

    /// Shows a paper venue each event from now on.
    fn attach(&mut self, venue: &PyPaperVenue) {
        self.runner.venue = Some(venue.shared());
    }

    /// Measures the markouts of a lane's fills from now on.
    fn measure(&mut self, costs: &PyCosts) {
        self.costs = Some(costs.shared());
    }

    /// Runs the messages in a chunk of WebSocket frames from byte `start` on; returns the place behind the last one that was
    /// run, and what else came: pings, pongs and a close, as `FrameDecoder.feed` returns them.
    ///
    /// It ends where the chunk ends or, with `callbacks`, behind a message that changed best prices. Raises what the plain reading
    /// raises for a message that is refused, and `FrameError`; `raised_at` is the place behind it then.
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
        self.runner.take_touched(|place| self.shown[place].get().publish());
        self.raised_at = at;
        match (failed, stop) {
            (Some(error), _) => Err(error),
            (None, Ok(Stop::Refused(fault))) => Err(decoder.refusal(py, &refused, now_ns, fault)),
            (None, Ok(_)) => Ok((at, PyTuple::new(py, others)?)),
            (None, Err(error)) => Err(raised(py, error, &PyTuple::new(py, others)?)?),
        }
    }

    /// The instruments whose best prices the last message changed, of `run_frames` or one with a mark price, in the order in which they did.
    fn changed(&self) -> Vec<usize> {
        self.runner.changed().to_vec()
    }

    /// Whether the message that ended the last run had a mark price.
    #[getter]
    fn marked(&self) -> bool {
        !self.runner.marks().is_empty()
    }

    /// The mark prices of the message that ended the last run.
    fn marks<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let first = self.decoder.borrow(py).first;
        self.runner.marks().iter().map(|mark| model::mark(py, mark, first)).collect()
    }

    /// The time that the message at which `react` ended the last run took until then, in nanoseconds.
    #[getter]
    fn last_ns(&self) -> u64 {
        self.runner.last_ns
    }

    /// The times since the last call, for feed and book together, calls of strategies, and the whole path of messages at which a
    /// run didn't end:
    /// the buckets of `mainspring.telemetry.Histogram` that were hit, the sum of all values and the largest.
    fn take_times<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        let runner = &mut self.runner;
        for (name, histogram) in [
            ("fused", &mut runner.fused),
            ("strategy", &mut runner.times.strategy),
            ("slippage", &mut runner.times.slippage),
            ("risk", &mut runner.times.risk),
            ("route", &mut runner.times.route),
            ("whole_path", &mut runner.whole_path),
        ] {
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
        let first = self.decoder.borrow(py).first;
        for (at, place) in self.runner.places().iter().enumerate() {
            let instrument = first + at;
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
                made.push((number, model::quote(py, &quote, first)?));
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
    module.add_class::<PyFused>()
}
