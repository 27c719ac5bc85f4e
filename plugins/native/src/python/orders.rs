//! What Python sees of records, queues and the pool.

use std::sync::{Mutex, PoisonError, TryLockError};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PyString};

use crate::orders::fixed::{BYTES, KINDS, Kind, Record};
use crate::orders::pool::Pool;
use crate::orders::queue::{Mpsc, SpscReceiver, SpscSender, spsc};
use crate::python::call::call;

/// Classes and values of `mainspring.model`, looked up once.
struct Classes {
    classes: Vec<Py<PyAny>>,
    sides: [Py<PyAny>; 2],
    kinds: [Py<PyAny>; 2],
    times_in_force: [Py<PyAny>; 3],
    requests: [Py<PyAny>; 3],
    twin: Py<PyAny>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

const KIND_NAMES: [&str; 2] = ["limit", "market"];
const TIME_NAMES: [&str; 3] = ["gtc", "ioc", "fok"];
const REQUEST_NAMES: [&str; 3] = ["new", "cancel", "replace"];

fn classes(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get_or_try_init(py, || {
        let model = py.import("mainspring.model")?;
        let class = |kind: &Kind| {
            let name = if kind.request().is_some() { "Approved".to_owned() } else { format!("{kind:?}") };
            Ok(model.getattr(name)?.unbind())
        };
        let side = model.getattr("Side")?;
        let text = |name: &str| PyString::intern(py, name).into_any().unbind();
        Ok(Classes {
            classes: KINDS.iter().map(class).collect::<PyResult<_>>()?,
            sides: [side.getattr("BUY")?.unbind(), side.getattr("SELL")?.unbind()],
            kinds: KIND_NAMES.map(text),
            times_in_force: TIME_NAMES.map(text),
            requests: REQUEST_NAMES.map(text),
            twin: py.import("mainspring.model.records")?.into_any().unbind(),
        })
    })
}

/// The place of a name among names, counted from one.
fn code(value: &Bound<'_, PyAny>, names: &[&str]) -> Option<u8> {
    let value = value.cast::<PyString>().ok()?;
    let value = value.to_cow().ok()?;
    names.iter().position(|name| *name == value).map(|at| at as u8 + 1)
}

fn int(value: &Bound<'_, PyAny>) -> Option<i64> {
    (value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>()).then(|| value.extract().ok()).flatten()
}

fn flag(value: &Bound<'_, PyAny>) -> Option<u8> {
    value.cast::<PyBool>().ok().map(|value| u8::from(value.is_true()))
}

/// The record of a value; `None` if it has none, in which case the twin writes the error text.
fn record_of(value: &Bound<'_, PyAny>) -> PyResult<Option<Record>> {
    let py = value.py();
    let classes = &classes(py)?.classes;
    if value.get_type().is(&classes[Kind::ApprovedNewOrder as usize - 1]) {
        let request = value.getattr(intern!(py, "request"))?;
        let Some(kind) = KINDS
            .into_iter()
            .find(|kind| kind.request().is_some_and(|plain| request.get_type().is(&classes[plain as usize - 1])))
        else {
            return Ok(None);
        };
        let mut record = Record::new(kind);
        let read = plain(kind.request().unwrap_or(kind), &request, &mut record)?;
        let Some(approved_ns) = int(&value.getattr(intern!(py, "approved_ns"))?) else { return Ok(None) };
        record.approved_ns = approved_ns;
        return Ok(read.map(|()| record));
    }
    let known = classes.iter().position(|known| value.get_type().is(known));
    let Some(kind) = known.map(|at| KINDS[at]) else { return Ok(None) };
    let mut record = Record::new(kind);
    Ok(plain(kind, value, &mut record)?.map(|()| record))
}

/// Reads a value that isn't an approval.
fn plain(kind: Kind, value: &Bound<'_, PyAny>, record: &mut Record) -> PyResult<Option<()>> {
    let field = |name: &str| value.getattr(PyString::intern(value.py(), name));
    match kind {
        Kind::NewOrder => order(value, record),
        Kind::ReplaceRequest | Kind::CancelRequest => change(kind, &field, record),
        _ => event(kind, &field, record),
    }
}

fn change<'py>(
    kind: Kind,
    field: &impl Fn(&str) -> PyResult<Bound<'py, PyAny>>,
    record: &mut Record,
) -> PyResult<Option<()>> {
    let common = [field("order_id")?, field("instrument")?, field("created_ns")?];
    let [Some(order_id), Some(instrument), Some(created_ns)] = common.map(|value| int(&value)) else {
        return Ok(None);
    };
    (record.order_id, record.instrument, record.time_ns) = (order_id, instrument, created_ns);
    if kind == Kind::ReplaceRequest {
        let (Some(price), Some(size)) = (int(&field("price_ticks")?), int(&field("size_lots")?)) else {
            return Ok(None);
        };
        (record.price_ticks, record.size_lots) = (price, size);
    }
    Ok(text(&field("strategy")?, record))
}

fn text(value: &Bound<'_, PyAny>, record: &mut Record) -> Option<()> {
    let value = value.cast::<PyString>().ok()?;
    let value = value.to_cow().ok()?;
    record.set_text(&value).then_some(())
}

fn order(value: &Bound<'_, PyAny>, record: &mut Record) -> PyResult<Option<()>> {
    let py = value.py();
    let field = |name: &str| value.getattr(PyString::intern(py, name));
    let [order_id, instrument, side, kind] = [field("order_id")?, field("instrument")?, field("side")?, field("kind")?];
    let [price, size, created] = [field("price_ticks")?, field("size_lots")?, field("created_ns")?];
    let [time_in_force, post_only, strategy] = [field("time_in_force")?, field("post_only")?, field("strategy")?];
    let mut read = || {
        record.order_id = int(&order_id)?;
        record.instrument = int(&instrument)?;
        record.side = int(&side).filter(|side| matches!(side, 1 | -1))? as i8;
        record.order_kind = code(&kind, &KIND_NAMES)?;
        record.price_ticks = int(&price)?;
        record.size_lots = int(&size)?;
        record.time_ns = int(&created)?;
        record.time_in_force = code(&time_in_force, &TIME_NAMES)?;
        record.flag = flag(&post_only)?;
        text(&strategy, record)
    };
    Ok(read())
}

fn event<'py>(
    kind: Kind,
    field: &impl Fn(&str) -> PyResult<Bound<'py, PyAny>>,
    record: &mut Record,
) -> PyResult<Option<()>> {
    let common = [field("order_id")?, field("instrument")?, field("time_ns")?];
    let [Some(order_id), Some(instrument), Some(time_ns)] = common.map(|value| int(&value)) else { return Ok(None) };
    (record.order_id, record.instrument, record.time_ns) = (order_id, instrument, time_ns);
    let number = |name: &str| field(name).map(|value| int(&value));
    let mut read = || -> PyResult<Option<()>> {
        match kind {
            Kind::Rejected => {
                let Some(request) = code(&field("request")?, &REQUEST_NAMES) else { return Ok(None) };
                record.request = request;
                Ok(text(&field("reason")?, record))
            }
            Kind::Fill => {
                let side = number("side")?.filter(|side| matches!(side, 1 | -1));
                let maker = flag(&field("maker")?);
                let numbers = [number("fill_id")?, number("price_ticks")?, number("size_lots")?, number("fee_ppb")?];
                let (Some(side), Some(maker), [Some(fill_id), Some(price), Some(size), Some(fee)]) =
                    (side, maker, numbers)
                else {
                    return Ok(None);
                };
                (record.side, record.flag, record.fill_id) = (side as i8, maker, fill_id);
                (record.price_ticks, record.size_lots, record.fee_ppb) = (price, size, fee);
                if field("fee_amount")?.is_none() {
                    return Ok(Some(()));
                }
                Ok(text(&field("reported_fee")?, record))
            }
            Kind::Cancelled | Kind::Expired => {
                let Some(remaining) = number("remaining_lots")? else { return Ok(None) };
                record.size_lots = remaining;
                Ok(text(&field("reason")?, record))
            }
            Kind::Replaced => {
                let (Some(price), Some(size)) = (number("price_ticks")?, number("size_lots")?) else {
                    return Ok(None);
                };
                (record.price_ticks, record.size_lots) = (price, size);
                Ok(Some(()))
            }
            _ => Ok(Some(())),
        }
    };
    read()
}

/// The value of a record.
fn value_of<'py>(py: Python<'py>, record: &Record) -> PyResult<Bound<'py, PyAny>> {
    let known = classes(py)?;
    let class = |kind: Kind| known.classes[kind as usize - 1].bind(py);
    let number = |value: i64| PyInt::new(py, value).into_any();
    let name = |names: &[Py<PyAny>], code: u8| names[usize::from(code) - 1].bind(py).clone();
    let side = known.sides[usize::from(record.side < 0)].bind(py);
    let flag = PyBool::new(py, record.flag != 0).to_owned().into_any();
    let text = || PyString::new(py, record.text()).into_any();
    let (order_id, instrument, time_ns) = (number(record.order_id), number(record.instrument), number(record.time_ns));
    let (price, size) = (number(record.price_ticks), number(record.size_lots));
    if let Some(kind) = record.kind.request() {
        let request = value_of(py, &Record { kind, ..*record })?;
        return call(class(record.kind), [&request, &number(record.approved_ns)]);
    }
    match record.kind {
        Kind::NewOrder => {
            let (kind, time_in_force) =
                (name(&known.kinds, record.order_kind), name(&known.times_in_force, record.time_in_force));
            call(
                class(Kind::NewOrder),
                [&order_id, &instrument, side, &kind, &price, &size, &time_ns, &time_in_force, &flag, &text()],
            )
        }
        Kind::ReplaceRequest => {
            call(class(Kind::ReplaceRequest), [&order_id, &instrument, &price, &size, &time_ns, &text()])
        }
        Kind::CancelRequest => call(class(Kind::CancelRequest), [&order_id, &instrument, &time_ns, &text()]),
        Kind::Accepted => call(class(Kind::Accepted), [&order_id, &instrument, &time_ns]),
        Kind::Rejected => {
            let request = name(&known.requests, record.request);
            call(class(Kind::Rejected), [&order_id, &instrument, &time_ns, &text(), &request])
        }
        Kind::Fill => {
            let (fill_id, fee) = (number(record.fill_id), number(record.fee_ppb));
            let class = class(Kind::Fill);
            if record.text_bytes == 0 {
                return call(class, [&order_id, &instrument, &time_ns, &fill_id, side, &price, &size, &flag, &fee]);
            }
            let parsed = known.twin.bind(py).call_method1("parse_reported_fee", (text(),))?;
            let (amount, currency): (Bound<'_, PyAny>, Bound<'_, PyAny>) = parsed.extract()?;
            call(
                class,
                [&order_id, &instrument, &time_ns, &fill_id, side, &price, &size, &flag, &fee, &amount, &currency],
            )
        }
        Kind::Cancelled | Kind::Expired => call(class(record.kind), [&order_id, &instrument, &time_ns, &size, &text()]),
        // Approved kinds were dealt with above.
        _ => call(class(Kind::Replaced), [&order_id, &instrument, &time_ns, &price, &size]),
    }
}

/// The record of a value. Raises what the twin raises where it has none.
fn recorded(value: &Bound<'_, PyAny>) -> PyResult<Record> {
    if let Some(record) = record_of(value)? {
        return Ok(record);
    }
    classes(value.py())?.twin.bind(value.py()).call_method1("encode_record", (value,))?;
    Err(PyRuntimeError::new_err("a value that the plain twin takes was refused"))
}

/// See `mainspring.model.records.encode_record`.
#[pyfunction]
fn encode_record<'py>(py: Python<'py>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &recorded(value)?.to_bytes()))
}

/// See `mainspring.model.records.decode_record`.
#[pyfunction]
#[pyo3(signature = (data, offset=0))]
fn decode_record<'py>(py: Python<'py>, data: &Bound<'py, PyBytes>, offset: i64) -> PyResult<Bound<'py, PyAny>> {
    let at = usize::try_from(offset).ok();
    let bytes = at.and_then(|at| data.as_bytes().get(at..)?.first_chunk::<BYTES>());
    match bytes.and_then(Record::from_bytes) {
        Some(record) => value_of(py, &record),
        None => classes(py)?.twin.bind(py).call_method1("decode_record", (data, offset)),
    }
}

/// See `mainspring.model.records.decode_records`.
#[pyfunction]
fn decode_records<'py>(py: Python<'py>, data: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyList>> {
    let values = PyList::empty(py);
    for at in (0..data.as_bytes().len()).step_by(BYTES) {
        values.append(decode_record(py, data, at as i64)?)?;
    }
    Ok(values)
}

/// The capacity of a queue, as its twin takes it.
fn capacity_of(capacity: i64) -> PyResult<usize> {
    usize::try_from(capacity)
        .ok()
        .filter(|&capacity| capacity > 0)
        .ok_or_else(|| PyValueError::new_err(format!("a queue's capacity must be at least 1, not {capacity}")))
}

/// A queue of one producer and one consumer: see `mainspring.orders.OrderQueue`. Each end is for one thread at a time; two at
/// one end at the same moment are an error.
#[pyclass(name = "SpscQueue", module = "mainspring_native._native", frozen)]
struct PySpsc {
    #[pyo3(get)]
    capacity: usize,
    sender: Mutex<SpscSender>,
    receiver: Mutex<SpscReceiver>,
}

fn end<'a, T>(end: &'a Mutex<T>, who: &str) -> PyResult<std::sync::MutexGuard<'a, T>> {
    match end.try_lock() {
        Ok(held) => Ok(held),
        Err(TryLockError::Poisoned(held)) => Ok(held.into_inner()),
        Err(TryLockError::WouldBlock) => {
            Err(PyRuntimeError::new_err(format!("two {who} at once: a SpscQueue is for one, a MpscQueue for more")))
        }
    }
}

#[pymethods]
impl PySpsc {
    #[new]
    fn new(capacity: i64) -> PyResult<Self> {
        let capacity = capacity_of(capacity)?;
        let (sender, receiver) = spsc(capacity);
        Ok(PySpsc { capacity, sender: Mutex::new(sender), receiver: Mutex::new(receiver) })
    }

    fn push(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let record = recorded(value)?;
        Ok(end(&self.sender, "producers")?.push(record))
    }

    fn pop<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let record = end(&self.receiver, "consumers")?.pop();
        record.map(|record| value_of(py, &record)).transpose()
    }

    fn __len__(&self) -> usize {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// A queue of any number of producers: see `mainspring.orders.OrderQueue`.
#[pyclass(name = "MpscQueue", module = "mainspring_native._native", frozen)]
struct PyMpsc {
    #[pyo3(get)]
    capacity: usize,
    queue: Mpsc,
}

#[pymethods]
impl PyMpsc {
    #[new]
    fn new(capacity: i64) -> PyResult<Self> {
        let capacity = capacity_of(capacity)?;
        Ok(PyMpsc { capacity, queue: Mpsc::new(capacity) })
    }

    fn push(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.queue.push(recorded(value)?))
    }

    fn pop<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.queue.pop().map(|record| value_of(py, &record)).transpose()
    }

    fn __len__(&self) -> usize {
        self.queue.len()
    }
}

/// A pool of records, allocated once: see `mainspring.orders.OrderPool`.
#[pyclass(name = "OrderPool", module = "mainspring_native._native")]
struct PyPool(Pool);

fn no_place(handle: &Bound<'_, PyAny>) -> PyErr {
    PyValueError::new_err(format!("handle {handle} isn't in use: it was released, or never returned by take()"))
}

#[pymethods]
impl PyPool {
    #[new]
    fn new(capacity: i64) -> PyResult<Self> {
        match u32::try_from(capacity) {
            Ok(capacity @ 1..) => Ok(PyPool(Pool::new(capacity))),
            _ => Err(PyValueError::new_err(format!("a pool's capacity must be 1 to 2**32 - 1, not {capacity}"))),
        }
    }

    #[getter]
    fn capacity(&self) -> usize {
        self.0.capacity()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, value: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
        Ok(self.0.take(recorded(value)?))
    }

    fn get<'py>(&mut self, py: Python<'py>, handle: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let record = handle.extract().ok().and_then(|handle| self.0.get(handle).copied());
        value_of(py, &record.ok_or_else(|| no_place(handle))?)
    }

    fn put(&mut self, handle: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let record = recorded(value)?;
        let place = handle.extract().ok().and_then(|handle| self.0.get(handle));
        *place.ok_or_else(|| no_place(handle))? = record;
        Ok(())
    }

    fn release(&mut self, handle: &Bound<'_, PyAny>) -> PyResult<()> {
        let released = handle.extract().is_ok_and(|handle| self.0.release(handle));
        if released { Ok(()) } else { Err(no_place(handle)) }
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(encode_record, module)?)?;
    module.add_function(wrap_pyfunction!(decode_record, module)?)?;
    module.add_function(wrap_pyfunction!(decode_records, module)?)?;
    module.add_class::<PySpsc>()?;
    module.add_class::<PyMpsc>()?;
    module.add_class::<PyPool>()
}
