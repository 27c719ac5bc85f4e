//! What Python sees of the paper venue.

use std::sync::{Arc, Mutex, MutexGuard};

use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyString};

use rustc_hash::FxHashMap;

use crate::book::Level;
use crate::book::any::AnyBook;
use crate::lane::runner::lock;
use crate::python::books::PyBook;
use crate::python::call::call;
use crate::python::model::{int, model};
use crate::python::order_events::new_order;
use crate::python::venue_models::{Described, queue};
use crate::trading::order::NOBODY;
use crate::venue::levels::Changed;
use crate::venue::orders::Order;
use crate::venue::outbox::{Told, What};
use crate::venue::{PaperVenue, Sent};
use crate::wire::event::{NO_ID, Quote, Trade};

/// The classes of order events, the sides, and the error for what a router can't be asked.
struct Classes {
    accepted: Py<PyAny>,
    rejected: Py<PyAny>,
    fill: Py<PyAny>,
    cancelled: Py<PyAny>,
    expired: Py<PyAny>,
    replaced: Py<PyAny>,
    funding: Py<PyAny>,
    new_order: Py<PyAny>,
    cancel: Py<PyAny>,
    buy: Py<PyAny>,
    sell: Py<PyAny>,
    order_state_error: Py<PyAny>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

fn classes(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get_or_try_init(py, || {
        let module = py.import("mainspring.model")?;
        let class = |name: &str| -> PyResult<Py<PyAny>> { Ok(module.getattr(name)?.unbind()) };
        let side = module.getattr("Side")?;
        Ok(Classes {
            accepted: class("Accepted")?,
            rejected: class("Rejected")?,
            fill: class("Fill")?,
            cancelled: class("Cancelled")?,
            expired: class("Expired")?,
            replaced: class("Replaced")?,
            funding: class("Funding")?,
            new_order: class("NewOrder")?,
            cancel: class("CancelRequest")?,
            buy: side.getattr("BUY")?.unbind(),
            sell: side.getattr("SELL")?.unbind(),
            order_state_error: py.import("mainspring.errors")?.getattr("OrderStateError")?.unbind(),
        })
    })
}

/// `mainspring.errors.OrderStateError`.
pub fn order_state_error(py: Python<'_>, text: String) -> PyErr {
    match classes(py).and_then(|classes| classes.order_state_error.bind(py).call1((text,))) {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}

/// The paper venue over native books: keeps the contract of `mainspring.seams.Router`.
#[pyclass(name = "PaperVenue", module = "mainspring_native._native", frozen)]
pub struct PyPaperVenue {
    shared: Arc<Mutex<PaperVenue>>,
    books: Vec<Arc<Mutex<AnyBook>>>,
    first: usize,
    /// `mainspring.venue.paper_funding.PaperFunding`, which knows what is due.
    funding: Py<PyAny>,
    /// The funding that was settled and hasn't been told yet, by its number.
    funded: Mutex<(u64, FxHashMap<u64, Py<PyAny>>)>,
    /// What was taken of the venue and not handed on, since a plugin raised: it comes first.
    left: Mutex<Vec<Told>>,
}

impl PyPaperVenue {
    /// The venue, to be shown the market elsewhere.
    pub fn shared(&self) -> Arc<Mutex<PaperVenue>> {
        Arc::clone(&self.shared)
    }

    fn venue(&self) -> MutexGuard<'_, PaperVenue> {
        lock(&self.shared)
    }

    /// The place of the instrument that a request names.
    fn place(&self, request: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = request.py();
        let index = request.getattr(intern!(py, "instrument"))?;
        let place = index.extract::<usize>().ok().and_then(|index| index.checked_sub(self.first));
        place.filter(|place| *place < self.books.len()).ok_or_else(|| {
            let order_id = request.getattr(intern!(py, "order_id")).map_or(String::new(), |id| id.to_string());
            order_state_error(py, format!("order {order_id}: the venue has no instrument {index}"))
        })
    }

    /// Settles the funding that a mark price announced.
    fn fund(&self, venue: &mut PaperVenue, mark: &Bound<'_, PyAny>, now_ns: i64) -> PyResult<()> {
        let py = mark.py();
        let place = self.place(mark)?;
        let lots = venue.position(place);
        if lots == 0 {
            return Ok(());
        }
        let amount = self.funding.bind(py).call_method1(intern!(py, "amount"), (mark, lots))?;
        let (rate, price) = (mark.getattr(intern!(py, "funding_rate"))?, mark.getattr(intern!(py, "mark_price"))?);
        let funding = classes(py)?.funding.bind(py).call1((self.first + place, now_ns, amount, "", rate, price))?;
        let mut funded = lock(&self.funded);
        let number = funded.0;
        funded.0 += 1;
        funded.1.insert(number, funding.unbind());
        venue.fund(place, now_ns, number);
        Ok(())
    }

    /// The events that have reached us by now, in that order.
    pub fn take(&self, py: Python<'_>, now_ns: i64) -> PyResult<Vec<Told>> {
        let mut told = std::mem::take(&mut *lock(&self.left));
        let mut venue = self.venue();
        while now_ns >= venue.funding_due_ns() {
            let at_ns = venue.funding_due_ns();
            self.arrive(&mut venue, at_ns);
            let mark = self.funding.bind(py).call_method0(intern!(py, "take"))?;
            self.fund(&mut venue, &mark, at_ns)?;
            venue.set_funding_due_ns(self.funding_due_ns(py)?);
        }
        self.arrive(&mut venue, now_ns);
        venue.poll(now_ns, &mut told);
        Ok(told)
    }

    /// Takes back events that weren't handed on: they are due at once.
    pub fn give_back(&self, events: Vec<Told>, now_ns: i64) {
        if !events.is_empty() {
            let mut venue = self.venue();
            venue.due_ns = venue.due_ns.min(now_ns);
            lock(&self.left).extend(events);
        }
    }

    /// The event as Python has it.
    pub fn made<'py>(&self, py: Python<'py>, event: &Told) -> PyResult<Bound<'py, PyAny>> {
        let funded = match event.what {
            What::Funded { number } => lock(&self.funded).1.remove(&number),
            _ => None,
        };
        match funded {
            Some(funding) => Ok(funding.into_bound(py)),
            None => made(py, event, self.first),
        }
    }

    /// Sends a request that is known to be right.
    pub fn send_plain(&self, request: Sent, now_ns: i64) {
        self.venue().send(request, now_ns);
    }

    /// Sends an approved request of any kind.
    pub fn send(&self, approved: &Bound<'_, PyAny>, now_ns: i64) -> PyResult<()> {
        let py = approved.py();
        let classes = classes(py)?;
        let kind = approved.getattr(intern!(py, "request"))?.get_type();
        if kind.is(classes.new_order.bind(py)) {
            self.submit(approved, now_ns)
        } else if kind.is(classes.cancel.bind(py)) {
            self.cancel(approved, now_ns)
        } else {
            self.replace(approved, now_ns)
        }
    }

    fn funding_due_ns(&self, py: Python<'_>) -> PyResult<i64> {
        self.funding.bind(py).getattr(intern!(py, "due_ns"))?.extract()
    }

    fn arrive(&self, venue: &mut PaperVenue, now_ns: i64) {
        if now_ns >= venue.next_ns {
            venue.arrive(now_ns, |place, see: &mut dyn FnMut(&AnyBook)| see(&lock(&self.books[place])));
        }
    }
}

fn field<'py, T>(object: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    object.getattr(name)?.extract()
}

#[pymethods]
impl PyPaperVenue {
    /// `models` has for each book the name of the queue model with its figure, and the delays of requests and of answers.
    #[new]
    fn new(
        books: Vec<Py<PyBook>>,
        models: Vec<(String, f64, Described, Described)>,
        first_index: usize,
        fees_ppb: (i64, i64),
        settle_ns: i64,
        funding: Py<PyAny>,
    ) -> PyResult<Self> {
        if models.len() != books.len() {
            return Err(PyValueError::new_err("each book needs a queue model and two delays"));
        }
        let (mut queues, mut requests, mut responses) = (Vec::new(), Vec::new(), Vec::new());
        for (name, figure, request, response) in models {
            queues.push(queue(&name, figure)?);
            requests.push(request.delay()?);
            responses.push(response.delay()?);
        }
        let venue = PaperVenue::new(queues, requests, responses, fees_ppb, settle_ns);
        let books = books.iter().map(|book| book.get().shared()).collect();
        Ok(PyPaperVenue {
            shared: Arc::new(Mutex::new(venue)),
            books,
            first: first_index,
            funding,
            funded: Mutex::default(),
            left: Mutex::default(),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.funding)
    }

    #[getter]
    fn due_ns(&self) -> i64 {
        self.venue().due_ns
    }

    #[getter]
    fn idle(&self) -> bool {
        self.venue().is_idle() && lock(&self.left).is_empty()
    }

    fn submit(&self, order: &Bound<'_, PyAny>, now_ns: i64) -> PyResult<()> {
        let py = order.py();
        let new = order.getattr(intern!(py, "request"))?;
        let order_id: i64 = field(&new, intern!(py, "order_id"))?;
        let mut venue = self.venue();
        if let Some(last) = venue.last_order_id()
            && order_id <= last
        {
            let text = format!("order {order_id} comes after {last}: is it sent a second time?");
            return Err(order_state_error(py, text));
        }
        let order = new_order(&new, self.place(&new)?, NOBODY)?;
        venue.send(Sent::New(Order::of(&order, order.instrument)), now_ns);
        Ok(())
    }

    fn cancel(&self, cancel: &Bound<'_, PyAny>, now_ns: i64) -> PyResult<()> {
        let py = cancel.py();
        let request = cancel.getattr(intern!(py, "request"))?;
        let sent = Sent::Cancel(field(&request, intern!(py, "order_id"))?, self.place(&request)?);
        self.venue().send(sent, now_ns);
        Ok(())
    }

    fn replace(&self, replace: &Bound<'_, PyAny>, now_ns: i64) -> PyResult<()> {
        let py = replace.py();
        let request = replace.getattr(intern!(py, "request"))?;
        let (order_id, place) = (field(&request, intern!(py, "order_id"))?, self.place(&request)?);
        let price = field(&request, intern!(py, "price_ticks"))?;
        let size = field(&request, intern!(py, "size_lots"))?;
        self.venue().send(Sent::Replace(order_id, place, price, size), now_ns);
        Ok(())
    }

    fn poll<'py>(&self, py: Python<'py>, now_ns: i64) -> PyResult<Bound<'py, PyList>> {
        let events = PyList::empty(py);
        for event in self.take(py, now_ns)? {
            events.append(self.made(py, &event)?)?;
        }
        Ok(events)
    }

    fn on_market(&self, event: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = event.py();
        let classes = model(py)?;
        let kind = event.get_type();
        let is = |class: &Py<pyo3::types::PyType>| kind.is(class.bind(py));
        if is(&classes.control) || is(&classes.bar) || is(&classes.correction) {
            return Ok(());
        }
        let now_ns = field(event, intern!(py, "receive_time_ns"))?;
        let index: usize = field(event, intern!(py, "instrument"))?;
        let place = index.checked_sub(self.first).filter(|place| *place < self.books.len());
        let place = place.ok_or_else(|| PyKeyError::new_err(index))?;
        let mut venue = self.venue();
        self.arrive(&mut venue, now_ns);
        if is(&classes.mark) {
            let due = self.funding.bind(py).call_method1(intern!(py, "announce"), (event,))?;
            if !due.is_none() {
                self.fund(&mut venue, &due, now_ns)?;
            }
            venue.set_funding_due_ns(self.funding_due_ns(py)?);
            return Ok(());
        }
        let book = lock(&self.books[place]);
        if is(&classes.quote) {
            let level = |price, lots| -> PyResult<Level> {
                Ok(Level { price: field(event, price)?, lots: field(event, lots)? })
            };
            let quote = Quote {
                instrument: place,
                receive_time_ns: now_ns,
                event_time_ns: 0,
                update_id: field(event, intern!(py, "update_id"))?,
                bid: level(intern!(py, "bid_ticks"), intern!(py, "bid_lots"))?,
                ask: level(intern!(py, "ask_ticks"), intern!(py, "ask_lots"))?,
            };
            venue.on_market(place, |market, outbox| market.on_quote(&quote, &*book, outbox));
        } else if is(&classes.trade) {
            let trade = Trade {
                instrument: place,
                receive_time_ns: now_ns,
                event_time_ns: 0,
                trade_id: NO_ID,
                price_ticks: field(event, intern!(py, "price_ticks"))?,
                size_lots: field(event, intern!(py, "size_lots"))?,
                aggressor: field(event, intern!(py, "aggressor"))?,
                counts: field(event, intern!(py, "counts"))?,
                fraction_nanoticks: field(event, intern!(py, "fraction_nanoticks"))?,
            };
            venue.on_market(place, |market, outbox| market.on_trade(&trade, &*book, outbox));
        } else if is(&classes.delta) || is(&classes.snapshot) {
            let last_id = field(event, intern!(py, "last_id"))?;
            venue.on_market(place, |market, outbox| {
                if is(&classes.delta) {
                    market.on_delta(last_id, &Changed::ANYTHING, now_ns, &*book, outbox);
                } else {
                    market.on_snapshot(last_id, now_ns, &*book, outbox);
                }
            });
        } else if is(&classes.invalid) {
            venue.on_market(place, |market, _| market.on_invalid());
        } else if is(&classes.status) {
            let trading = field(event, intern!(py, "trading"))?;
            venue.on_market(place, |market, _| market.on_status(trading));
        } else {
            return Err(PyTypeError::new_err(format!("a market has no event of the type {kind}")));
        }
        Ok(())
    }

    fn lots_ahead(&self, order_id: i64) -> PyResult<i128> {
        self.venue().lots_ahead(order_id).ok_or_else(|| PyKeyError::new_err(order_id))
    }
}

/// The order event as Python has it; `first` is the index of the first instrument.
fn made<'py>(py: Python<'py>, told: &Told, first: usize) -> PyResult<Bound<'py, PyAny>> {
    let classes = classes(py)?;
    let [order_id, time] = [told.order_id, told.time_ns].map(|value| int(py, value));
    let instrument = (first + told.instrument).into_pyobject(py)?.into_any();
    let text = |text: &str| PyString::intern(py, text).into_any();
    match told.what {
        What::Accepted => call(classes.accepted.bind(py), [&order_id, &instrument, &time]),
        What::Rejected { reason, request } => {
            let class = classes.rejected.bind(py);
            call(class, [&order_id, &instrument, &time, &text(reason), &text(request.name())])
        }
        What::Filled { fill_id, buy, price, lots, maker, fee_ppb } => {
            let side = if buy { &classes.buy } else { &classes.sell }.bind(py);
            let [fill_id, price, lots, fee] = [fill_id, price, lots, fee_ppb].map(|value| int(py, value));
            let maker = pyo3::types::PyBool::new(py, maker).to_owned().into_any();
            let class = classes.fill.bind(py);
            call(class, [&order_id, &instrument, &time, &fill_id, side, &price, &lots, &maker, &fee])
        }
        What::Cancelled { lots, reason } => {
            call(classes.cancelled.bind(py), [&order_id, &instrument, &time, &int(py, lots), &text(reason)])
        }
        What::Expired { lots, reason } => {
            call(classes.expired.bind(py), [&order_id, &instrument, &time, &int(py, lots), &text(reason)])
        }
        What::Funded { number } => Err(PyKeyError::new_err(number)),
        What::Replaced { price, lots } => {
            call(classes.replaced.bind(py), [&order_id, &instrument, &time, &int(py, price), &int(py, lots)])
        }
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyPaperVenue>()
}
