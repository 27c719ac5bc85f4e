//! What Python sees of the order log's records: straight from the fields of its objects to bytes, and back.
//!
//! What isn't the usual case is left to `mainspring.model.records`, which raises what there is to raise.

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PyString};

use crate::book::Side;
use crate::orders::record::{Decimal, Fault, Fill, Record, Request, decode, encode_into};
use crate::python::call::call;
use crate::python::record_classes::{
    ACCEPTED, APPROVED, CANCEL, CANCELLED, CLEARED, DISCREPANCY, EXPIRED, FILL, Fields, Known, ORDER, REFUSED,
    REJECTED, REPLACE, REPLACED, SESSION, SUBMIT, UNKNOWN, known,
};

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

/// The object of a record; `None` if that isn't the usual case.
fn object_of<'py>(py: Python<'py>, record: &Record<'_>, known: &Known) -> PyResult<Option<Bound<'py, PyAny>>> {
    let number = |value: i64| PyInt::new(py, value).into_any();
    let text = |text: &str| PyString::new(py, text).into_any();
    let flag = |value: bool| PyBool::new(py, value).to_owned().into_any();
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
                    number(order.expires_ns),
                    flag(order.reduce_only),
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
        Record::Fill(Fill { fee_amount: Some(Decimal::Long(_)), .. })
        | Record::Funding { .. }
        | Record::GroupChanged { .. } => {
            return Ok(None);
        }
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
                match fill.fee_amount {
                    Some(Decimal::Short { coefficient, exponent }) => {
                        let digits = text(&format!("{coefficient}E{exponent}"));
                        call(known.decimal.bind(py), [&digits])?
                    }
                    _ => py.None().into_bound(py),
                },
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
