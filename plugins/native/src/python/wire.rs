//! What Python sees of the wire decoder.

use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::python::model::{self, Model, model};
use crate::wire::declared::Instrument;
use crate::wire::decoder::{Decoder, Encoding};
use crate::wire::event::{CAUSES, Event, Sink, Trade};
use crate::wire::program::Program;
use crate::wire::value::Fault;

/// Runs a format's declarations over raw messages.
#[pyclass(name = "WireDecoder", module = "mainspring_native._native")]
pub struct PyWireDecoder {
    pub(crate) decoder: Decoder,
    kinds: Vec<String>,
    explain: Py<PyAny>,
    /// The index of the first instrument in its lane.
    pub(crate) first: usize,
}

impl PyWireDecoder {
    /// The error for a message that was refused: `explain` raises it, in the words of the plain reading.
    pub(crate) fn refusal(&self, py: Python<'_>, raw: &[u8], receive_time_ns: i64, fault: Fault) -> PyErr {
        let raw = PyBytes::new(py, self.decoder.read_from(raw));
        match self.explain.bind(py).call1((raw, receive_time_ns, fault.at, fault.what)) {
            Err(error) => error,
            Ok(_) => PyValueError::new_err(format!("refused at byte {}: {}", fault.at, fault.what)),
        }
    }
}

#[pymethods]
impl PyWireDecoder {
    /// `kinds` are what each declaration's messages count as, or are emitted as: see `Control.kind`. `alone`: the session
    /// has no other instruments than these. `first_index` is the index of the first one in its lane. `flat` is that of
    /// `mainspring.wire.Format`: all values stand under keys of one object.
    #[new]
    #[allow(clippy::too_many_arguments, reason = "one caller, and each is a field of its context")]
    fn new(
        declared: &[u8],
        instruments: &[u8],
        encoding: &str,
        kinds: Vec<String>,
        explain: Py<PyAny>,
        alone: bool,
        first_index: usize,
        flat: bool,
    ) -> PyResult<Self> {
        let encoding = match encoding {
            "json" => Encoding::Json,
            "msgpack" => Encoding::Msgpack,
            other => return Err(PyValueError::new_err(format!("no encoding is named {other:?}"))),
        };
        let invalid = |error: serde_json::Error| PyValueError::new_err(error.to_string());
        let declared = serde_json::from_slice(declared).map_err(invalid)?;
        let instruments: Vec<Instrument> = serde_json::from_slice(instruments).map_err(invalid)?;
        let decoder = if flat {
            let program = Program::new(declared, &instruments).map_err(PyValueError::new_err)?;
            Decoder::new(if alone { program } else { program.among_others() }, encoding)
        } else {
            Decoder::by_paths(declared, &instruments, encoding, alone).map_err(PyValueError::new_err)?
        };
        Ok(PyWireDecoder { decoder, kinds, explain, first: first_index })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.explain)
    }

    /// The events of one message. Raises what `explain` raises where it is refused.
    fn on_message<'py>(
        &mut self,
        py: Python<'py>,
        raw: &Bound<'py, PyBytes>,
        receive_time_ns: i64,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut sink = Objects::new(py, &self.kinds, self.first)?;
        let read = self.decoder.on_message(raw.as_bytes(), receive_time_ns, &mut sink);
        let events = sink.finish()?;
        match read {
            Ok(()) => Ok(events),
            Err(fault) => Err(self.refusal(py, raw.as_bytes(), receive_time_ns, fault)),
        }
    }

    /// How many messages came of each declaration, how many of kinds that aren't declared, and how many notes.
    fn counts(&self) -> (Vec<u64>, u64, u64) {
        (self.decoder.counts().to_vec(), self.decoder.ignored(), self.decoder.notes())
    }

    /// How many messages weren't applied when they came, by cause; causes that never came are left out.
    fn causes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        for (cause, &count) in CAUSES.iter().zip(self.decoder.causes()) {
            if count > 0 {
                found.set_item(cause, count)?;
            }
        }
        Ok(found)
    }

    /// How many gaps and resynchronisations there were.
    fn gaps(&mut self) -> (u64, u64) {
        let lost = self.decoder.gaps();
        let syncs = self.decoder.syncs();
        let found = syncs.iter().map(|sync| sync.gaps).sum::<u64>();
        (found + lost, syncs.iter().map(|sync| sync.resyncs).sum())
    }

    /// How many of the venue's checksums were compared, and how many were right.
    fn checksums(&self) -> (u64, u64) {
        self.decoder.checksums()
    }

    /// The instruments whose snapshots are to be fetched; each is reported once.
    fn take_wanted(&mut self) -> Vec<usize> {
        let syncs = self.decoder.syncs().iter_mut().enumerate();
        syncs.filter_map(|(at, sync)| std::mem::take(&mut sync.wants_snapshot).then_some(at)).collect()
    }

    /// How many messages were read on the general way.
    fn general(&self) -> u64 {
        self.decoder.general()
    }
}

/// Makes the objects of `mainspring.model`.
pub(crate) struct Objects<'a, 'py> {
    py: Python<'py>,
    model: &'py Model,
    kinds: &'a [String],
    first: usize,
    events: Vec<Bound<'py, PyAny>>,
    failed: Option<PyErr>,
}

impl<'a, 'py> Objects<'a, 'py> {
    pub(crate) fn new(py: Python<'py>, kinds: &'a [String], first: usize) -> PyResult<Self> {
        Ok(Objects { py, model: model(py)?, kinds, first, events: Vec::new(), failed: None })
    }

    /// The list of all events. Raises what making one of them raised.
    pub(crate) fn finish(self) -> PyResult<Bound<'py, PyList>> {
        match self.failed {
            Some(error) => Err(error),
            None => PyList::new(self.py, self.events),
        }
    }

    fn trade(&self, trade: &Trade) -> PyResult<Bound<'py, PyAny>> {
        self.model.trade.bind(self.py).call1((
            self.first + trade.instrument,
            trade.receive_time_ns,
            trade.event_time_ns,
            trade.trade_id,
            trade.price_ticks,
            trade.size_lots,
            trade.aggressor,
            trade.counts,
            trade.fraction_nanoticks,
        ))
    }

    fn made(&self, event: Event<'_>) -> PyResult<Bound<'py, PyAny>> {
        let (py, model) = (self.py, self.model);
        match event {
            Event::Delta(depth, bids, asks) => model.delta.bind(py).call1((
                self.first + depth.instrument,
                depth.receive_time_ns,
                depth.event_time_ns,
                depth.first_id,
                depth.last_id,
                depth.previous_id,
                model::levels(py, bids)?,
                model::levels(py, asks)?,
            )),
            Event::Snapshot(depth, bids, asks) => model.snapshot.bind(py).call1((
                self.first + depth.instrument,
                depth.receive_time_ns,
                depth.event_time_ns,
                depth.last_id,
                model::levels(py, bids)?,
                model::levels(py, asks)?,
            )),
            Event::Invalid { instrument, receive_time_ns, cause } => {
                model.invalid.bind(py).call1((self.first + instrument, receive_time_ns, CAUSES[cause as usize]))
            }
            Event::Orders(depth, orders) => model.orders.bind(py).call1((
                self.first + depth.instrument,
                depth.receive_time_ns,
                depth.event_time_ns,
                model::orders(py, orders)?,
            )),
            // What stays within the decoder never comes here.
            Event::Changes(_) => Ok(py.None().into_bound(py)),
            Event::Quote(quote) => model::quote(py, quote, self.first),
            Event::Trade(trade) => self.trade(trade),
            Event::Correction(correction) => model.correction.bind(py).call1((
                self.first + correction.instrument,
                correction.receive_time_ns,
                correction.event_time_ns,
                self.trade(&correction.was)?,
                correction.now.as_ref().map(|now| self.trade(now)).transpose()?,
            )),
            Event::Bar(bar) => model.bar.bind(py).call1((
                self.first + bar.instrument,
                bar.receive_time_ns,
                bar.event_time_ns,
                bar.prices[0],
                bar.prices[1],
                bar.prices[2],
                bar.prices[3],
                bar.volume_lots,
                bar.trades,
                bar.vwap,
                <(i64, i64, i64, i64)>::from(bar.fractions_nanoticks),
            )),
            Event::Status(status) => model.status.bind(py).call1((
                self.first + status.instrument,
                status.receive_time_ns,
                status.event_time_ns,
                &status.code,
                &status.text,
                status.trading,
            )),
            Event::Mark(mark) => model::mark(py, mark, self.first),
            Event::Control(control) => {
                let kind = self.kinds.get(control.declaration).map_or("", String::as_str);
                model.control.bind(py).call1((control.receive_time_ns, kind, &control.code, &control.text))
            }
        }
    }
}

impl Sink for Objects<'_, '_> {
    fn event(&mut self, event: Event<'_>) {
        if self.failed.is_none() {
            match self.made(event) {
                Ok(made) => self.events.push(made),
                Err(error) => self.failed = Some(error),
            }
        }
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyWireDecoder>()
}
