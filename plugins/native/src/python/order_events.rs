//! Reads new orders and order events of `mainspring.model`.

use std::borrow::Cow;

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyString, PyType};

use crate::python::model::int;
use crate::python::record_classes::{ORDER, known};
use crate::trading::order::{Event, NewOrder, RequestKind, StrategyId, Told};
use crate::venue::orders::TimeInForce;

/// The classes of order events.
struct Classes {
    accepted: Py<PyType>,
    rejected: Py<PyType>,
    fill: Py<PyType>,
    cancelled: Py<PyType>,
    expired: Py<PyType>,
    replaced: Py<PyType>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

fn classes(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get_or_try_init(py, || {
        let module = py.import("mainspring.model")?;
        let class = |name: &str| -> PyResult<Py<PyType>> { Ok(module.getattr(name)?.cast_into::<PyType>()?.unbind()) };
        Ok(Classes {
            accepted: class("Accepted")?,
            rejected: class("Rejected")?,
            fill: class("Fill")?,
            cancelled: class("Cancelled")?,
            expired: class("Expired")?,
            replaced: class("Replaced")?,
        })
    })
}

/// An integer field.
pub fn number(object: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> PyResult<i64> {
    let value = object.getattr(name)?;
    value.extract().map_err(|error: PyErr| {
        if !error.is_instance_of::<PyOverflowError>(object.py()) {
            return error;
        }
        let class = object.get_type().name().map_or_else(|_| String::new(), |class| class.to_string());
        PyOverflowError::new_err(format!("{class}.{name} of {value} doesn't fit into 64 bits"))
    })
}

fn text(object: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> PyResult<Cow<'static, str>> {
    Ok(Cow::Owned(object.getattr(name)?.extract()?))
}

fn buys(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(number(object, intern!(object.py(), "side"))? > 0)
}

/// A `mainspring.model.NewOrder` in the instrument of this place, by the strategy of this number.
pub fn new_order(order: &Bound<'_, PyAny>, instrument: usize, strategy: StrategyId) -> PyResult<NewOrder> {
    let py = order.py();
    let time_in_force = order.getattr(intern!(py, "time_in_force"))?;
    Ok(NewOrder {
        order_id: number(order, intern!(py, "order_id"))?,
        instrument,
        buy: buys(order)?,
        limit: order.getattr(intern!(py, "kind"))?.cast::<PyString>()? == "limit",
        price_ticks: number(order, intern!(py, "price_ticks"))?,
        size_lots: number(order, intern!(py, "size_lots"))?,
        created_ns: number(order, intern!(py, "created_ns"))?,
        time_in_force: TimeInForce::named(&time_in_force.cast::<PyString>()?.to_cow()?)
            .ok_or_else(|| PyTypeError::new_err(format!("an order has no time in force {time_in_force}")))?,
        post_only: order.getattr(intern!(py, "post_only"))?.extract()?,
        strategy,
        expires_ns: number(order, intern!(py, "expires_ns"))?,
        reduce_only: order.getattr(intern!(py, "reduce_only"))?.extract()?,
    })
}

/// A new order as Python has it, by the strategy of that name.
pub fn made_order<'py>(
    py: Python<'py>,
    order: &NewOrder,
    strategy: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let known = known(py)?;
    let number = |value: i64| int(py, value);
    let instrument = i64::try_from(order.instrument).unwrap_or(i64::MAX);
    let values = [
        number(order.order_id),
        number(instrument),
        known.sides[usize::from(!order.buy)].bind(py).clone(),
        known.kinds[usize::from(!order.limit)].bind(py).clone(),
        number(order.price_ticks),
        number(order.size_lots),
        number(order.created_ns),
        known.times_in_force[order.time_in_force as usize].bind(py).clone(),
        PyBool::new(py, order.post_only).to_owned().into_any(),
        strategy.clone().into_any(),
        number(order.expires_ns),
        PyBool::new(py, order.reduce_only).to_owned().into_any(),
    ];
    known.classes[ORDER].make(py, values)
}

/// A `mainspring.model.OrderEvent`.
pub fn order_event(event: &Bound<'_, PyAny>) -> PyResult<Event> {
    let py = event.py();
    let (classes, kind) = (classes(py)?, event.get_type());
    let is = |class: &Py<PyType>| kind.is(class.bind(py));
    let what = if is(&classes.fill) {
        Told::Fill {
            fill_id: number(event, intern!(py, "fill_id"))?,
            buy: buys(event)?,
            price_ticks: number(event, intern!(py, "price_ticks"))?,
            size_lots: number(event, intern!(py, "size_lots"))?,
            maker: event.getattr(intern!(py, "maker"))?.extract()?,
            fee_ppb: number(event, intern!(py, "fee_ppb"))?,
        }
    } else if is(&classes.accepted) {
        Told::Accepted
    } else if is(&classes.cancelled) || is(&classes.expired) {
        let remaining_lots = number(event, intern!(py, "remaining_lots"))?;
        let reason = text(event, intern!(py, "reason"))?;
        if is(&classes.cancelled) {
            Told::Cancelled { remaining_lots, reason }
        } else {
            Told::Expired { remaining_lots, reason }
        }
    } else if is(&classes.replaced) {
        let price_ticks = number(event, intern!(py, "price_ticks"))?;
        Told::Replaced { price_ticks, size_lots: number(event, intern!(py, "size_lots"))? }
    } else if is(&classes.rejected) {
        let request = event.getattr(intern!(py, "request"))?;
        let request = match request.cast::<PyString>()?.to_cow()?.as_ref() {
            "new" => RequestKind::New,
            "cancel" => RequestKind::Cancel,
            _ => RequestKind::Replace,
        };
        Told::Rejected { reason: text(event, intern!(py, "reason"))?, request }
    } else {
        return Err(PyTypeError::new_err(format!("an order has no event of the type {kind}")));
    };
    Ok(Event {
        order_id: number(event, intern!(py, "order_id"))?,
        instrument: number(event, intern!(py, "instrument"))?,
        time_ns: number(event, intern!(py, "time_ns"))?,
        what,
    })
}
