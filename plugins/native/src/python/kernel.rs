//! What Python sees of the trading kernel.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::book::any::{AnyBook, Structure};
use crate::kernel::event::{ROW, Rows};
use crate::kernel::handles::Handles;
use crate::kernel::manager::{Manager, Place};
use crate::kernel::record::REASONS;
use crate::kernel::runner::{Ended, Kernel, Subscription};
use crate::kernel::strategy::{self, Compiled};
use crate::lane::market::Market;
use crate::lane::statistics::Options;
use crate::python::batch::PyBatch;
use crate::python::plain_strategy::Plain;
use crate::python::position::whole;
use crate::python::venue_models::{Described, queue};
use crate::python::wire::PyWireDecoder;
use crate::trading::gate::{Check, FIGURES};
use crate::trading::position::Position;
use crate::trading::tracker::Tracker;
use crate::venue::PaperVenue;

/// A position in lots, its cash and its fees.
type Account<'py> = (i128, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// The trading kernel with one strategy, over rows of events.
#[pyclass(name = "Kernel", module = "mainspring_native._native")]
pub struct PyKernel {
    kernel: Kernel,
    strategy: Entered,
}

/// The strategy, as it is entered.
enum Entered {
    Compiled(Compiled),
    Plain(Plain),
}

// SAFETY: the pointers in the views are set before each call of the strategy, and read in it alone.
unsafe impl Send for PyKernel {}
// SAFETY: as above; Python's lock on the object gives out one mutable borrow at a time.
unsafe impl Sync for PyKernel {}

/// A market: its risk checks by name with their figures, how its statistics are estimated, and its queue model.
#[derive(FromPyObject)]
struct Spec {
    checks: Vec<(String, [i64; FIGURES])>,
    statistics: (f64, i64, Option<f64>, Option<f64>),
    queue: (String, f64),
    request: Described,
    response: Described,
}

impl Spec {
    fn place(&self, structure: Structure) -> PyResult<Place> {
        let (keep, warm_up_cells, daily_volume_lots, daily_volatility) = self.statistics;
        let check = |(name, figures): &(String, [i64; FIGURES])| {
            Check::described(name, *figures)
                .ok_or_else(|| PyValueError::new_err(format!("no native risk check is named {name:?}")))
        };
        Ok(Place {
            book: AnyBook::new(structure),
            market: Market::new(Options { keep, warm_up_cells, daily_volume_lots, daily_volatility }),
            position: Position::default(),
            handles: Handles::default(),
            checks: self.checks.iter().map(check).collect::<PyResult<_>>()?,
        })
    }
}

fn ended(ended: Ended) -> PyErr {
    match ended {
        Ended::Raised(at) => PyRuntimeError::new_err(format!("the strategy raised at event {at}")),
        Ended::Refused(at, what) => PyValueError::new_err(format!("event {at} {what}")),
    }
}

/// The kernel and its compiled strategy, sent along while the GIL is released.
struct Parts<'a>(&'a mut Kernel, &'a mut Compiled);

// SAFETY: both are borrowed from an object that this thread holds mutably; the pointers in the views are set in the run.
unsafe impl Send for Parts<'_> {}

impl Parts<'_> {
    fn run(&mut self, rows: &[[u8; ROW]], start: usize, count: usize) -> Result<usize, Ended> {
        self.0.run(rows, start, count, self.1)
    }

    fn finish(&mut self) -> Result<(), Ended> {
        self.0.finish(self.1)
    }
}

#[pymethods]
impl PyKernel {
    /// `subscription` says whether the strategy wants best prices, trades, order events and rows, and the period of its timer;
    /// `most_answers` is how many requests it may make at one instant in answer to its own order events.
    /// `entry` is a compiled strategy's address, and `state` that of the memory that it keeps between calls: both are kept alive
    /// by the caller. Or `entry` is what binds a strategy's body to the addresses of the records, see
    /// `mainspring_native.replay.uncompiled.bind_body`.
    #[new]
    #[allow(clippy::too_many_arguments, reason = "one caller, and each is a part of a replay")]
    fn new(
        structure: &str,
        markets: Vec<Spec>,
        fees_ppb: (i64, i64),
        settle_ns: i64,
        subscription: (bool, bool, bool, bool, i64),
        most_answers: u64,
        entry: Bound<'_, PyAny>,
        state: usize,
    ) -> PyResult<Self> {
        let structure = Structure::named(structure)
            .ok_or_else(|| PyValueError::new_err(format!("no native book is named {structure:?}")))?;
        let places = markets.iter().map(|market| market.place(structure)).collect::<PyResult<Vec<_>>>()?;
        let (mut queues, mut requests, mut responses) = (Vec::new(), Vec::new(), Vec::new());
        for market in markets {
            queues.push(queue(&market.queue.0, market.queue.1)?);
            requests.push(market.request.delay()?);
            responses.push(market.response.delay()?);
        }
        let strategy = if entry.is_callable() {
            Entered::Plain(Plain::new(entry.unbind()))
        } else {
            // SAFETY: `mainspring_native.replay` is the one caller, and keeps the function and the state alive.
            let compiled = unsafe { Compiled::new(entry.extract()?, state) };
            Entered::Compiled(compiled.ok_or_else(|| PyValueError::new_err("there is no strategy at address 0"))?)
        };
        let manager = Manager {
            tracker: Tracker::new(places.len(), 0),
            venue: PaperVenue::new(queues, requests, responses, fees_ppb, settle_ns),
            log: Vec::new(),
            refusals: std::collections::VecDeque::new(),
        };
        let (bbo, trades, orders, rows, timer_ns) = subscription;
        let kernel = Kernel::new(places, manager, Subscription { bbo, trades, orders, rows, timer_ns }, most_answers);
        Ok(PyKernel { kernel, strategy })
    }

    /// Runs whole messages of `events` from row `start` on until `count` rows or more are run, a compiled strategy with the GIL
    /// released; returns the next row's number. Nothing may write to the events meanwhile.
    ///
    /// Raises `ValueError` for a row that can't be, `RuntimeError` where the strategy raised: its cause is what a body raised that
    /// isn't compiled.
    fn run(&mut self, py: Python<'_>, events: &Bound<'_, PyAny>, start: usize, count: usize) -> PyResult<usize> {
        let buffer = PyBuffer::<u8>::get(events)?;
        if !buffer.is_c_contiguous() || buffer.len_bytes() % ROW != 0 {
            return Err(PyValueError::new_err("events must be rows of EVENT, one after the other"));
        }
        if buffer.len_bytes() == 0 {
            return Ok(0);
        }
        // SAFETY: the buffer is contiguous, has that many bytes, isn't freed while it is held, and nothing writes to it.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.buf_ptr().cast::<u8>(), buffer.len_bytes()) };
        let rows = bytes.as_chunks::<ROW>().0;
        match &mut self.strategy {
            Entered::Compiled(strategy) => {
                let mut parts = Parts(&mut self.kernel, strategy);
                py.detach(|| parts.run(rows, start, count)).map_err(ended)
            }
            Entered::Plain(strategy) => {
                self.kernel.run(rows, start, count, strategy).map_err(|end| strategy.because(py, ended(end)))
            }
        }
    }

    /// Ends the session: see `mainspring.session.driver.Driver.stop`.
    fn finish(&mut self, py: Python<'_>) -> PyResult<()> {
        match &mut self.strategy {
            Entered::Compiled(strategy) => {
                let mut parts = Parts(&mut self.kernel, strategy);
                py.detach(|| parts.finish()).map_err(ended)
            }
            Entered::Plain(strategy) => self.kernel.finish(strategy).map_err(|end| strategy.because(py, ended(end))),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.strategy {
            Entered::Plain(strategy) => strategy.traverse(&visit),
            Entered::Compiled(_) => Ok(()),
        }
    }

    fn __clear__(&mut self) {
        if let Entered::Plain(strategy) = &mut self.strategy {
            strategy.clear();
        }
    }

    /// How many events were run.
    #[getter]
    fn events(&self) -> u64 {
        self.kernel.events
    }

    /// Of each market: the position in lots, cash before fees in ticks times lots, fees in parts per billion of that.
    fn accounts<'py>(&self, py: Python<'py>) -> PyResult<Vec<Account<'py>>> {
        let positions = self.kernel.places.iter().map(|place| place.position);
        positions.map(|one| Ok((one.lots, whole(py, one.cash_units())?, whole(py, one.fees_ppb_units)?))).collect()
    }

    /// Rows of `mainspring_native.replay.LOG`.
    fn log<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let log = &self.kernel.manager.log;
        // SAFETY: the records are plain numbers without a gap between them: see `Record`.
        let bytes = unsafe { std::slice::from_raw_parts(log.as_ptr().cast::<u8>(), size_of_val(log.as_slice())) };
        PyBytes::new(py, bytes)
    }
}

/// The rows of the events of some instruments in a batch of messages: see `mainspring_native.replay.EVENT`. Raises what the plain
/// reading raises for a message that is refused.
#[pyfunction]
fn event_rows<'py>(
    py: Python<'py>,
    decoder: &Bound<'py, PyWireDecoder>,
    batch: &PyBatch,
    instruments: Vec<usize>,
    quotes: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut decoder = decoder.borrow_mut();
    let mut rows = Rows::new(instruments, quotes);
    for (now_ns, raw) in batch.messages().from(0) {
        match decoder.decoder.on_message(raw, now_ns, &mut rows) {
            Ok(()) => rows.end_message(),
            Err(fault) => return Err(decoder.refusal(py, raw, now_ns, fault)),
        }
    }
    Ok(PyBytes::new(py, &rows.bytes))
}

/// The addresses of the functions by which a strategy reads the book, by their names.
#[pyfunction]
fn book_functions(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("level_ticks", strategy::level_ticks as *const () as usize)?;
    found.set_item("level_lots", strategy::level_lots as *const () as usize)?;
    found.set_item("lots_at", strategy::lots_at as *const () as usize)?;
    found.set_item("average_ticks", strategy::average_ticks as *const () as usize)?;
    Ok(found)
}

/// Every reason of a record of the log, by its number less 1.
#[pyfunction]
fn record_reasons() -> Vec<&'static str> {
    REASONS.to_vec()
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(event_rows, module)?)?;
    module.add_function(wrap_pyfunction!(book_functions, module)?)?;
    module.add_function(wrap_pyfunction!(record_reasons, module)?)?;
    module.add_class::<PyKernel>()
}
