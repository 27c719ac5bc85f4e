//! The classes of `mainspring.model`, looked up once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyInt, PyString, PyType};

use crate::book::queues::{OrderId, RestingOrder};
use crate::book::{Bbo, Level, Side, Walk};
use crate::python::call::call;
use crate::wire::event::{Mark, Quote};

/// The classes that are made here.
pub struct Model {
    pub bbo: Py<PyType>,
    pub walk: Py<PyType>,
    pub delta: Py<PyType>,
    pub snapshot: Py<PyType>,
    pub invalid: Py<PyType>,
    pub orders: Py<PyType>,
    pub queue_place: Py<PyType>,
    pub quote: Py<PyType>,
    pub trade: Py<PyType>,
    pub correction: Py<PyType>,
    pub bar: Py<PyType>,
    pub status: Py<PyType>,
    pub mark: Py<PyType>,
    pub control: Py<PyType>,
    pub decimal: Py<PyType>,
    pub fill: Py<PyType>,
    sides: [Py<PyAny>; 2],
}

impl Model {
    /// A member of `mainspring.model.Side`.
    pub fn side<'py>(&self, py: Python<'py>, buy: bool) -> &Bound<'py, PyAny> {
        self.sides[usize::from(!buy)].bind(py)
    }
}

static MODEL: PyOnceLock<Model> = PyOnceLock::new();

/// The classes of `mainspring.model`.
pub fn model(py: Python<'_>) -> PyResult<&Model> {
    MODEL.get_or_try_init(py, || {
        let module = py.import("mainspring.model")?;
        let class = |name: &str| -> PyResult<Py<PyType>> { Ok(module.getattr(name)?.cast_into::<PyType>()?.unbind()) };
        let side = module.getattr("Side")?;
        Ok(Model {
            bbo: class("BBO")?,
            walk: class("Walk")?,
            delta: class("BookDelta")?,
            snapshot: class("BookSnapshot")?,
            invalid: class("BookInvalid")?,
            orders: class("BookOrders")?,
            queue_place: class("QueuePlace")?,
            quote: class("Quote")?,
            trade: class("Trade")?,
            correction: class("TradeCorrection")?,
            bar: class("Bar")?,
            status: class("InstrumentStatus")?,
            mark: class("MarkPrice")?,
            control: class("Control")?,
            decimal: py.import("decimal")?.getattr("Decimal")?.cast_into::<PyType>()?.unbind(),
            fill: class("Fill")?,
            sides: [side.getattr("BUY")?.unbind(), side.getattr("SELL")?.unbind()],
        })
    })
}

/// A Python integer.
pub fn int(py: Python<'_>, value: i64) -> Bound<'_, PyAny> {
    PyInt::new(py, value).into_any()
}

/// `mainspring.model.BBO`.
pub fn bbo<'py>(py: Python<'py>, best: &Bbo) -> PyResult<Bound<'py, PyAny>> {
    let [a, b, c, d] = [best.bid.price, best.bid.lots, best.ask.price, best.ask.lots].map(|value| int(py, value));
    call(model(py)?.bbo.bind(py), [&a, &b, &c, &d])
}

/// `mainspring.model.Walk`.
pub fn walk<'py>(py: Python<'py>, walk: &Walk) -> PyResult<Bound<'py, PyAny>> {
    let class = model(py)?.walk.bind(py);
    // An integer of 64 bits is made in a fifth of the time that one of 128 takes.
    match i64::try_from(walk.cost) {
        Ok(cost) => {
            let [a, b, c, d, e] =
                [walk.filled, walk.unfilled, cost, walk.worst, walk.levels].map(|value| int(py, value));
            call(class, [&a, &b, &c, &d, &e])
        }
        Err(_) => class.call1((walk.filled, walk.unfilled, walk.cost, walk.worst, walk.levels)),
    }
}

/// A list of `(price_ticks, size_lots)`.
pub fn levels<'py>(py: Python<'py>, rows: &[Level]) -> PyResult<Bound<'py, pyo3::types::PyList>> {
    pyo3::types::PyList::new(py, rows.iter().map(|row| (row.price, row.lots)))
}

/// A venue's id of an order.
pub fn order_id<'py>(py: Python<'py>, id: &OrderId) -> Bound<'py, PyAny> {
    match id {
        OrderId::Integer(number) => int(py, *number),
        other => PyString::new(py, &other.text().unwrap_or_default()).into_any(),
    }
}

/// A list of `(order_id, side, price_ticks, size_lots)`.
pub fn orders<'py>(py: Python<'py>, rows: &[RestingOrder]) -> PyResult<Bound<'py, pyo3::types::PyList>> {
    let side = |side: Side| if side == Side::Buy { 1 } else { -1 };
    pyo3::types::PyList::new(py, rows.iter().map(|row| (order_id(py, &row.id), side(row.side), row.price, row.lots)))
}

/// `mainspring.model.Quote`; `first` is the index of the decoder's first instrument.
pub fn quote<'py>(py: Python<'py>, quote: &Quote, first: usize) -> PyResult<Bound<'py, PyAny>> {
    let (bid, ask) = (quote.bid, quote.ask);
    let times = [quote.receive_time_ns, quote.event_time_ns, quote.update_id].map(|value| int(py, value));
    let prices = [bid.price, bid.lots, ask.price, ask.lots].map(|value| int(py, value));
    let ([a, b, c], [d, e, f, g]) = (times, prices);
    let instrument = PyInt::new(py, first + quote.instrument).into_any();
    call(model(py)?.quote.bind(py), [&instrument, &a, &b, &c, &d, &e, &f, &g])
}

/// `mainspring.model.MarkPrice`; `first` is the index of the decoder's first instrument.
pub fn mark<'py>(py: Python<'py>, mark: &Mark, first: usize) -> PyResult<Bound<'py, PyAny>> {
    let model = model(py)?;
    let decimal = |text: &String| model.decimal.bind(py).call1((text,));
    model.mark.bind(py).call1((
        first + mark.instrument,
        mark.receive_time_ns,
        mark.event_time_ns,
        decimal(&mark.mark_price)?,
        mark.funding_rate.as_ref().map(decimal).transpose()?,
        mark.funding_time_ns,
    ))
}
