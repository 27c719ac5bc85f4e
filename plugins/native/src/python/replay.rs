//! What Python sees of the replay.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::book::any::{AnyBook, Structure};
use crate::python::batch::PyBatch;
use crate::python::wire::PyWireDecoder;
use crate::replay::event::Rows;
use crate::replay::runner::{Ended, Replay};
use crate::replay::strategy::{self, Compiled, MarketView};

/// A replay of events through a native book, a simulated exchange and a compiled strategy.
#[pyclass(name = "Replay", module = "mainspring_native._native")]
pub struct PyReplay {
    replay: Replay,
    market: MarketView,
    strategy: Compiled,
}

// SAFETY: the pointer in `market` is set before each call of the strategy, and read in it alone.
unsafe impl Send for PyReplay {}
// SAFETY: as above; Python's lock on the object gives out one mutable borrow at a time.
unsafe impl Sync for PyReplay {}

#[pymethods]
impl PyReplay {
    /// `entry` is the address of the compiled strategy, `state` that of the memory that it keeps between calls: both as
    /// `mainspring_native.replay.compiled` makes them, and kept alive by it.
    #[new]
    fn new(structure: &str, latency_ns: i64, entry: usize, state: usize) -> PyResult<Self> {
        let structure = Structure::named(structure)
            .ok_or_else(|| PyValueError::new_err(format!("no native book is named {structure:?}")))?;
        // SAFETY: `mainspring_native.replay.compiled` is the one caller, and keeps what it compiled and the state alive.
        let strategy = unsafe { Compiled::new(entry, state) };
        let strategy = strategy.ok_or_else(|| PyValueError::new_err("there is no strategy at address 0"))?;
        let replay = Replay::new(AnyBook::new(structure), latency_ns);
        Ok(PyReplay { replay, market: MarketView::default(), strategy })
    }

    /// Runs rows of events, one after the other, with the GIL released.
    ///
    /// Raises `ValueError` for a row that can't be, `RuntimeError` where the strategy raised.
    fn run(&mut self, py: Python<'_>, events: &Bound<'_, PyAny>) -> PyResult<()> {
        let rows = PyBuffer::<u8>::get(events)?.to_vec(py)?;
        let (replay, market, strategy) = (&mut self.replay, &mut self.market, &mut self.strategy);
        let mut parts = Parts(market, strategy);
        match py.detach(|| parts.run(replay, &rows)) {
            Ok(()) => Ok(()),
            Err(Ended::Raised(at)) => Err(PyRuntimeError::new_err(format!("the strategy raised at event {at}"))),
            Err(Ended::Refused(at, what)) => Err(PyValueError::new_err(format!("event {at} {what}"))),
        }
    }

    /// How many events were run.
    #[getter]
    fn events(&self) -> u64 {
        self.replay.events
    }

    #[getter]
    fn position_lots(&self) -> i128 {
        self.replay.exchange.position
    }

    /// What was received less what was paid, in ticks times lots.
    #[getter]
    fn cash(&self) -> i128 {
        self.replay.exchange.cash
    }

    /// Rows of `mainspring_native.replay.layout.MADE`.
    fn requests<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let rows = self.replay.exchange.requests.iter().map(|made| {
            let asked = made.request;
            [made.time_ns, asked.action, asked.order_id, asked.side, asked.price_ticks, asked.size_lots]
        });
        bytes(py, rows)
    }

    /// Rows of `mainspring_native.replay.layout.FILL`.
    fn fills<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let rows = self.replay.exchange.fills.iter().map(|fill| {
            [fill.time_ns, fill.order_id, fill.side, fill.price_ticks, fill.size_lots, i64::from(fill.maker)]
        });
        bytes(py, rows)
    }

    /// Rows of `mainspring_native.replay.layout.REJECTION`.
    fn rejections<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let rows = self.replay.exchange.rejections.iter();
        bytes(py, rows.map(|rejection| [rejection.time_ns, rejection.order_id, rejection.reason as i64]))
    }
}

/// What a run works on besides the replay, sent along while the GIL is released.
struct Parts<'a>(&'a mut MarketView, &'a mut Compiled);

// SAFETY: both are borrowed from an object that this thread holds mutably; the pointer in the view is set in the run.
unsafe impl Send for Parts<'_> {}

impl Parts<'_> {
    fn run(&mut self, replay: &mut Replay, rows: &[u8]) -> Result<(), Ended> {
        replay.run(rows, self.0, self.1)
    }
}

fn bytes<'py, const N: usize>(py: Python<'py>, rows: impl Iterator<Item = [i64; N]>) -> Bound<'py, PyBytes> {
    let bytes: Vec<u8> = rows.flatten().flat_map(i64::to_le_bytes).collect();
    PyBytes::new(py, &bytes)
}

/// The rows of one instrument's events in a batch of messages: see `mainspring_native.replay.layout.EVENT`. Raises what the
/// plain reading raises for a message that is refused.
#[pyfunction]
fn event_rows<'py>(
    py: Python<'py>,
    decoder: &Bound<'py, PyWireDecoder>,
    batch: &PyBatch,
    instrument: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut decoder = decoder.borrow_mut();
    let mut rows = Rows::new(instrument);
    for (now_ns, raw) in batch.messages().from(0) {
        match decoder.decoder.on_message(raw, now_ns, &mut rows) {
            Ok(()) => rows.end_message(),
            Err(fault) => return Err(decoder.refusal(py, raw, now_ns, fault)),
        }
    }
    Ok(PyBytes::new(py, &rows.bytes))
}

/// The addresses of the functions by which a compiled strategy reads the book, by their names.
#[pyfunction]
fn book_functions(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("level_ticks", strategy::level_ticks as *const () as usize)?;
    found.set_item("level_lots", strategy::level_lots as *const () as usize)?;
    found.set_item("lots_at", strategy::lots_at as *const () as usize)?;
    found.set_item("average_ticks", strategy::average_ticks as *const () as usize)?;
    Ok(found)
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(event_rows, module)?)?;
    module.add_function(wrap_pyfunction!(book_functions, module)?)?;
    module.add_class::<PyReplay>()
}
