//! What Python sees of the order log's records: straight from the fields of its objects to bytes, and back.
//!
//! The classes are msgspec's. Their fields lie at fixed places in an object, found once by looking for known values in one.
//! What isn't the usual case is left to `mainspring.model.records`, which raises what there is to raise.

use std::ffi::c_void;

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyInt, PyList, PyString, PyTuple, PyType};

use crate::book::Side;
use crate::orders::record::{Fault, Fill, NewOrder, Record, Request, TimeInForce, decode, encode_into};

/// A class of records, and where its fields are in an object.
struct Class {
    class: Py<PyType>,
    alloc: ffi::allocfunc,
    at: [usize; MOST_FIELDS],
}

const MOST_FIELDS: usize = 11;

/// What is known of Python, looked up once.
struct Known {
    /// In the order of `NAMES`.
    classes: Vec<Class>,
    sides: [Py<PyAny>; 2],
    kinds: [Py<PyAny>; 2],
    times_in_force: [Py<PyAny>; 3],
    requests: [Py<PyAny>; 3],
}

/// The classes and their fields, those of the most frequent records first.
const NAMES: [(&str, &[&str]); 16] = [
    ("SubmitRequested", &["time_ns", "order"]),
    ("RequestApproved", &["time_ns", "order_id", "request"]),
    ("Accepted", &["order_id", "instrument", "time_ns"]),
    ("CancelRequested", &["time_ns", "order_id"]),
    ("Cancelled", &["order_id", "instrument", "time_ns", "remaining_lots", "reason"]),
    (
        "Fill",
        &[
            "order_id",
            "instrument",
            "time_ns",
            "fill_id",
            "side",
            "price_ticks",
            "size_lots",
            "maker",
            "fee_ppb",
            "fee_amount",
            "fee_currency",
        ],
    ),
    ("ReplaceRequested", &["time_ns", "order_id", "price_ticks", "size_lots"]),
    ("Replaced", &["order_id", "instrument", "time_ns", "price_ticks", "size_lots"]),
    ("RequestRefused", &["time_ns", "order_id", "reason", "detail", "request"]),
    ("Rejected", &["order_id", "instrument", "time_ns", "reason", "request"]),
    ("Expired", &["order_id", "instrument", "time_ns", "remaining_lots", "reason"]),
    ("SessionStarted", &["time_ns", "session", "lane"]),
    ("MarkedUnknown", &["time_ns", "order_id", "reason"]),
    ("Discrepancy", &["time_ns", "order_id", "instrument", "what", "detail"]),
    ("DiscrepancyCleared", &["time_ns", "instrument"]),
    (
        "NewOrder",
        &[
            "order_id",
            "instrument",
            "side",
            "kind",
            "price_ticks",
            "size_lots",
            "created_ns",
            "time_in_force",
            "post_only",
            "strategy",
        ],
    ),
];
const SUBMIT: usize = 0;
const APPROVED: usize = 1;
const ACCEPTED: usize = 2;
const CANCEL: usize = 3;
const CANCELLED: usize = 4;
const FILL: usize = 5;
const REPLACE: usize = 6;
const REPLACED: usize = 7;
const REFUSED: usize = 8;
const REJECTED: usize = 9;
const EXPIRED: usize = 10;
const SESSION: usize = 11;
const UNKNOWN: usize = 12;
const DISCREPANCY: usize = 13;
const CLEARED: usize = 14;
const ORDER: usize = 15;

static KNOWN: PyOnceLock<Known> = PyOnceLock::new();

fn known(py: Python<'_>) -> PyResult<&Known> {
    KNOWN.get_or_try_init(py, || {
        let model = py.import("mainspring.model")?;
        let side = model.getattr("Side")?;
        let text = |name: &str| PyString::intern(py, name).into_any().unbind();
        Ok(Known {
            classes: NAMES
                .iter()
                .map(|(name, fields)| Class::new(&model.getattr(*name)?.cast_into::<PyType>()?, fields))
                .collect::<PyResult<_>>()?,
            sides: [side.getattr("BUY")?.unbind(), side.getattr("SELL")?.unbind()],
            kinds: ["limit", "market"].map(text),
            times_in_force: ["gtc", "ioc", "fok"].map(text),
            requests: ["new", "cancel", "replace"].map(text),
        })
    })
}

impl Class {
    fn new(class: &Bound<'_, PyType>, fields: &[&str]) -> PyResult<Class> {
        let py = class.py();
        let unknown = || {
            PyRuntimeError::new_err(format!(
                "the fields of {class} aren't where msgspec had them; set records.plugin = \"python\", or install the \
                 release of msgspec that constraints.txt names"
            ))
        };
        let names: Vec<String> = class.getattr("__struct_fields__")?.extract()?;
        let collected = class.getattr("__flags__")?.extract::<std::ffi::c_ulong>()? & ffi::Py_TPFLAGS_HAVE_GC != 0;
        if names != fields || collected {
            return Err(unknown());
        }
        // A decimal, since a fill asks whether its fee is one.
        let decimal = py.import("decimal")?.getattr("Decimal")?;
        let values = (0..fields.len()).map(|at| decimal.call1((at,))).collect::<PyResult<Vec<_>>>()?;
        let object = class.call1(PyTuple::new(py, &values)?)?;
        let words = class.getattr("__basicsize__")?.extract::<usize>()? / size_of::<usize>();
        let mut at = [0; MOST_FIELDS];
        for (place, value) in at.iter_mut().zip(&values) {
            // SAFETY: an object has `__basicsize__` bytes at least, and begins at a multiple of a word.
            let found = (0..words).find(|&word| unsafe { word_at(object.as_ptr(), word) } == value.as_ptr());
            *place = found.ok_or_else(unknown)?;
        }
        // SAFETY: it is a type, and `tp_alloc` is never null in one that is ready.
        let alloc = unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), ffi::Py_tp_alloc) };
        if alloc.is_null() {
            return Err(unknown());
        }
        // SAFETY: it is what `tp_alloc` holds, which has this type.
        let alloc = unsafe { std::mem::transmute::<*mut c_void, ffi::allocfunc>(alloc) };
        Ok(Class { class: class.clone().unbind(), alloc, at })
    }

    /// Makes an object of these values, in the order of the fields.
    fn make<'py, const N: usize>(
        &self,
        py: Python<'py>,
        values: [Bound<'py, PyAny>; N],
    ) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the GIL is held. `tp_alloc` returns a new reference to an object of zeros, or null with an exception set.
        let made = unsafe { Bound::from_owned_ptr_or_err(py, (self.alloc)(self.class.as_ptr().cast(), 0))? };
        for (value, at) in values.into_iter().zip(self.at) {
            // SAFETY: nobody else has the object yet. The place is that of a field, which is null, and which owns what is
            // put there as the object is deallocated.
            unsafe { *made.as_ptr().cast::<*mut ffi::PyObject>().add(at) = value.into_ptr() };
        }
        Ok(made)
    }
}

/// # Safety
///
/// The object has so many words.
unsafe fn word_at(object: *mut ffi::PyObject, word: usize) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    unsafe { *object.cast::<*mut ffi::PyObject>().add(word) }
}

/// The fields of an object whose class is known exactly. What isn't of the usual type is `None`.
#[derive(Clone, Copy)]
struct Fields<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    class: &'a Class,
    known: &'a Known,
}

impl<'a, 'py> Fields<'a, 'py> {
    #[inline]
    fn of(object: &'a Bound<'py, PyAny>, known: &'a Known, class: usize) -> Self {
        Fields { object, class: &known.classes[class], known }
    }

    #[inline]
    fn get(self, field: usize) -> *mut ffi::PyObject {
        // SAFETY: the object is of the class, whose field is at this place.
        unsafe { word_at(self.object.as_ptr(), self.class.at[field]) }
    }

    #[inline]
    fn number(self, field: usize) -> Option<i64> {
        let value = self.get(field);
        // SAFETY: the GIL is held, and the object keeps its field alive. It is null only if it was deleted.
        unsafe {
            if value.is_null() || ffi::PyLong_CheckExact(value) == 0 {
                return None;
            }
            let mut overflow = 0;
            let number = ffi::PyLong_AsLongLongAndOverflow(value, &mut overflow);
            (overflow == 0).then_some(number)
        }
    }

    #[inline]
    fn numbers<const N: usize>(self, fields: [usize; N]) -> Option<[i64; N]> {
        let mut numbers = [0; N];
        for (number, field) in numbers.iter_mut().zip(fields) {
            *number = self.number(field)?;
        }
        Some(numbers)
    }

    #[inline]
    fn text(self, field: usize) -> Option<&'a str> {
        let value = self.get(field);
        // SAFETY: the GIL is held. The bytes belong to the text, which the object keeps alive; it is frozen.
        unsafe {
            if value.is_null() || ffi::PyUnicode_CheckExact(value) == 0 {
                return None;
            }
            let mut length = 0;
            let bytes = ffi::PyUnicode_AsUTF8AndSize(value, &mut length);
            if bytes.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize);
            Some(std::str::from_utf8_unchecked(bytes))
        }
    }

    /// Which of these it is: each exists once, and texts of the same letters are found, too.
    #[inline]
    fn choice(self, field: usize, choices: &[Py<PyAny>]) -> Option<usize> {
        let value = self.get(field);
        choices.iter().position(|choice| choice.as_ptr() == value).or_else(|| self.by_letters(field, choices))
    }

    #[cold]
    fn by_letters(self, field: usize, choices: &[Py<PyAny>]) -> Option<usize> {
        let (text, py) = (self.text(field)?, self.object.py());
        choices.iter().position(|choice| choice.extract::<&str>(py).is_ok_and(|choice| choice == text))
    }

    #[inline]
    fn flag(self, field: usize) -> Option<bool> {
        let value = self.get(field);
        // SAFETY: the GIL is held.
        unsafe { if value == ffi::Py_True() { Some(true) } else { (value == ffi::Py_False()).then_some(false) } }
    }

    fn side(self, field: usize) -> Option<Side> {
        Some([Side::Buy, Side::Sell][self.choice(field, &self.known.sides)?])
    }

    fn request(self, field: usize) -> Option<Request> {
        Some([Request::New, Request::Cancel, Request::Replace][self.choice(field, &self.known.requests)?])
    }

    fn is_none(self, field: usize) -> bool {
        // SAFETY: the GIL is held.
        unsafe { self.get(field) == ffi::Py_None() }
    }

    fn order(self) -> Option<NewOrder<'a>> {
        let [order_id, instrument, price_ticks, size_lots, created_ns] = self.numbers([0, 1, 4, 5, 6])?;
        Some(NewOrder {
            order_id,
            instrument,
            side: self.side(2)?,
            limit: self.choice(3, &self.known.kinds)? == 0,
            price_ticks,
            size_lots,
            created_ns,
            time_in_force: [TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok]
                [self.choice(7, &self.known.times_in_force)?],
            post_only: self.flag(8)?,
            strategy: self.text(9)?,
        })
    }

    fn fill(self) -> Option<Fill<'a>> {
        let [order_id, instrument, time_ns, fill_id, price_ticks, size_lots, fee_ppb] =
            self.numbers([0, 1, 2, 3, 5, 6, 8])?;
        let fee_currency = self.text(10)?;
        self.is_none(9).then_some(Fill {
            time_ns,
            order_id,
            instrument,
            fill_id,
            side: self.side(4)?,
            price_ticks,
            size_lots,
            maker: self.flag(7)?,
            fee_ppb,
            fee_amount: None,
            fee_currency,
        })
    }
}

/// Appends the record of an object; false if that isn't the usual case.
#[inline]
fn encode(out: &mut Vec<u8>, object: &Bound<'_, PyAny>, known: &Known) -> bool {
    // SAFETY: the GIL is held, as the object is bound.
    let class = unsafe { ffi::Py_TYPE(object.as_ptr()) };
    let Some(at) = known.classes.iter().position(|known| known.class.as_ptr().cast() == class) else { return false };
    let fields = Fields::of(object, known, at);
    let long = |record: &Record<'_>| texts(record) > LONG_TEXTS;
    let order;
    let record = match at {
        SUBMIT => {
            // SAFETY: the GIL is held, and the object keeps its field alive.
            let Some(value) = (unsafe { Bound::from_borrowed_ptr_or_opt(object.py(), fields.get(1)) }) else {
                return false;
            };
            order = value;
            if !order.get_type().is(known.classes[ORDER].class.bind(object.py())) {
                return false;
            }
            fields
                .number(0)
                .zip(Fields::of(&order, known, ORDER).order())
                .map(|(time_ns, order)| Record::SubmitRequested { time_ns, order })
        }
        _ => usual(fields, at),
    };
    match record {
        Some(record) if !long(&record) => {
            encode_into(out, &record);
            true
        }
        _ => false,
    }
}

fn usual<'a>(fields: Fields<'a, '_>, class: usize) -> Option<Record<'a>> {
    Some(match class {
        APPROVED => {
            let [time_ns, order_id] = fields.numbers([0, 1])?;
            Record::RequestApproved { time_ns, order_id, request: fields.request(2)? }
        }
        ACCEPTED => {
            let [order_id, instrument, time_ns] = fields.numbers([0, 1, 2])?;
            Record::Accepted { time_ns, order_id, instrument }
        }
        CANCEL => {
            let [time_ns, order_id] = fields.numbers([0, 1])?;
            Record::CancelRequested { time_ns, order_id }
        }
        CANCELLED | EXPIRED => {
            let [order_id, instrument, time_ns, remaining_lots] = fields.numbers([0, 1, 2, 3])?;
            let reason = fields.text(4)?;
            if class == CANCELLED {
                Record::Cancelled { time_ns, order_id, instrument, remaining_lots, reason }
            } else {
                Record::Expired { time_ns, order_id, instrument, remaining_lots, reason }
            }
        }
        FILL => Record::Fill(fields.fill()?),
        REPLACE => {
            let [time_ns, order_id, price_ticks, size_lots] = fields.numbers([0, 1, 2, 3])?;
            Record::ReplaceRequested { time_ns, order_id, price_ticks, size_lots }
        }
        REPLACED => {
            let [order_id, instrument, time_ns, price_ticks, size_lots] = fields.numbers([0, 1, 2, 3, 4])?;
            Record::Replaced { time_ns, order_id, instrument, price_ticks, size_lots }
        }
        REFUSED => {
            let [time_ns, order_id] = fields.numbers([0, 1])?;
            let (reason, detail) = (fields.text(2)?, fields.text(3)?);
            Record::RequestRefused { time_ns, order_id, reason, detail, request: fields.request(4)? }
        }
        REJECTED => {
            let [order_id, instrument, time_ns] = fields.numbers([0, 1, 2])?;
            let (reason, request) = (fields.text(3)?, fields.request(4)?);
            Record::Rejected { time_ns, order_id, instrument, reason, request }
        }
        SESSION => {
            let [time_ns, lane] = fields.numbers([0, 2])?;
            Record::SessionStarted { time_ns, session: fields.text(1)?, lane }
        }
        UNKNOWN => {
            let [time_ns, order_id] = fields.numbers([0, 1])?;
            Record::MarkedUnknown { time_ns, order_id, reason: fields.text(2)? }
        }
        DISCREPANCY => {
            let [time_ns, order_id, instrument] = fields.numbers([0, 1, 2])?;
            Record::Discrepancy { time_ns, order_id, instrument, what: fields.text(3)?, detail: fields.text(4)? }
        }
        CLEARED => {
            let [time_ns, instrument] = fields.numbers([0, 1])?;
            Record::DiscrepancyCleared { time_ns, instrument }
        }
        _ => return None,
    })
}

/// Texts of so many bytes may have too many for a record.
const LONG_TEXTS: usize = 1 << 16;

fn texts(record: &Record<'_>) -> usize {
    match record {
        Record::SessionStarted { session: text, .. }
        | Record::Rejected { reason: text, .. }
        | Record::Cancelled { reason: text, .. }
        | Record::Expired { reason: text, .. }
        | Record::MarkedUnknown { reason: text, .. } => text.len(),
        Record::SubmitRequested { order, .. } => order.strategy.len(),
        Record::Fill(fill) => fill.fee_currency.len(),
        Record::RequestRefused { reason: one, detail: two, .. }
        | Record::Discrepancy { what: one, detail: two, .. } => one.len() + two.len(),
        _ => 0,
    }
}

/// The object of a record; `None` if it has decimals.
fn object_of<'py>(py: Python<'py>, record: &Record<'_>, known: &Known) -> PyResult<Option<Bound<'py, PyAny>>> {
    let number = |value: i64| PyInt::new(py, value).into_any();
    let text = |text: &str| PyString::new(py, text).into_any();
    let flag = |value: bool| pyo3::types::PyBool::new(py, value).to_owned().into_any();
    let side = |side: Side| known.sides[usize::from(side == Side::Sell)].bind(py).clone();
    let request = |request: Request| known.requests[request as usize].bind(py).clone();
    let class = |class: usize| &known.classes[class];
    Ok(Some(match *record {
        Record::SessionStarted { time_ns, session, lane } => {
            class(SESSION).make(py, [number(time_ns), text(session), number(lane)])?
        }
        Record::SubmitRequested { time_ns, order } => {
            let made = class(ORDER).make(
                py,
                [
                    number(order.order_id),
                    number(order.instrument),
                    side(order.side),
                    known.kinds[usize::from(!order.limit)].bind(py).clone(),
                    number(order.price_ticks),
                    number(order.size_lots),
                    number(order.created_ns),
                    known.times_in_force[order.time_in_force as usize].bind(py).clone(),
                    flag(order.post_only),
                    text(order.strategy),
                ],
            )?;
            class(SUBMIT).make(py, [number(time_ns), made])?
        }
        Record::CancelRequested { time_ns, order_id } => class(CANCEL).make(py, [time_ns, order_id].map(number))?,
        Record::ReplaceRequested { time_ns, order_id, price_ticks, size_lots } => {
            class(REPLACE).make(py, [time_ns, order_id, price_ticks, size_lots].map(number))?
        }
        Record::RequestApproved { time_ns, order_id, request: what } => {
            class(APPROVED).make(py, [number(time_ns), number(order_id), request(what)])?
        }
        Record::RequestRefused { time_ns, order_id, reason, detail, request: what } => {
            class(REFUSED).make(py, [number(time_ns), number(order_id), text(reason), text(detail), request(what)])?
        }
        Record::Accepted { time_ns, order_id, instrument } => {
            class(ACCEPTED).make(py, [order_id, instrument, time_ns].map(number))?
        }
        Record::Rejected { time_ns, order_id, instrument, reason, request: what } => class(REJECTED)
            .make(py, [number(order_id), number(instrument), number(time_ns), text(reason), request(what)])?,
        Record::Fill(Fill { fee_amount: Some(_), .. }) | Record::Funding { .. } => return Ok(None),
        Record::Fill(fill) => class(FILL).make(
            py,
            [
                number(fill.order_id),
                number(fill.instrument),
                number(fill.time_ns),
                number(fill.fill_id),
                side(fill.side),
                number(fill.price_ticks),
                number(fill.size_lots),
                flag(fill.maker),
                number(fill.fee_ppb),
                py.None().into_bound(py),
                text(fill.fee_currency),
            ],
        )?,
        Record::Cancelled { time_ns, order_id, instrument, remaining_lots, reason } => class(CANCELLED)
            .make(py, [number(order_id), number(instrument), number(time_ns), number(remaining_lots), text(reason)])?,
        Record::Expired { time_ns, order_id, instrument, remaining_lots, reason } => class(EXPIRED)
            .make(py, [number(order_id), number(instrument), number(time_ns), number(remaining_lots), text(reason)])?,
        Record::Replaced { time_ns, order_id, instrument, price_ticks, size_lots } => {
            class(REPLACED).make(py, [order_id, instrument, time_ns, price_ticks, size_lots].map(number))?
        }
        Record::Discrepancy { time_ns, order_id, instrument, what, detail } => class(DISCREPANCY)
            .make(py, [number(time_ns), number(order_id), number(instrument), text(what), text(detail)])?,
        Record::DiscrepancyCleared { time_ns, instrument } => {
            class(CLEARED).make(py, [time_ns, instrument].map(number))?
        }
        Record::MarkedUnknown { time_ns, order_id, reason } => {
            class(UNKNOWN).make(py, [number(time_ns), number(order_id), text(reason)])?
        }
    }))
}

fn twin<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("mainspring.model.records")?.getattr(name)
}

/// See `mainspring.model.encode_records`.
#[pyfunction]
fn encode_records<'py>(records: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let py = records.py();
    let known = known(py)?;
    let mut out = Vec::with_capacity(40 * records.len().unwrap_or(1));
    let mut add = |record: &Bound<'py, PyAny>| {
        if !encode(&mut out, record, known) {
            let bytes = twin(py, "encode_records")?.call1(([record],))?;
            out.extend_from_slice(bytes.cast::<PyBytes>()?.as_bytes());
        }
        Ok::<_, PyErr>(())
    };
    if let Ok(list) = records.cast_exact::<PyList>() {
        for record in list {
            add(&record)?;
        }
    } else {
        for record in records.try_iter()? {
            add(&record?)?;
        }
    }
    Ok(PyBytes::new(py, &out))
}

/// See `mainspring.model.decode_records`.
#[pyfunction]
#[pyo3(signature = (data, offset=0))]
fn decode_records<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyBytes>,
    offset: u64,
) -> PyResult<(Bound<'py, PyList>, usize)> {
    let (known, bytes) = (known(py)?, data.as_bytes());
    let mut objects = Vec::new();
    let mut at = 0;
    loop {
        let (rest, place) = (&bytes[at..], offset + at as u64);
        match decode(rest) {
            Ok((record, taken)) => {
                objects.push(match object_of(py, &record, known)? {
                    Some(object) => object,
                    None => {
                        let slow = twin(py, "decode_records")?.call1((PyBytes::new(py, &rest[..taken]), place))?;
                        slow.get_item(0)?.get_item(0)?
                    }
                });
                at += taken;
            }
            Err(Fault::Torn) => return Ok((PyList::new(py, objects)?, at)),
            Err(Fault::Damaged) => {
                twin(py, "decode_records")?.call1((PyBytes::new(py, rest), place))?;
                return Err(PyRuntimeError::new_err("a record that the plain twin takes was refused"));
            }
        }
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(encode_records, module)?)?;
    module.add_function(wrap_pyfunction!(decode_records, module)?)
}
