//! What Python sees of the requests of a lane's strategies.

use std::collections::VecDeque;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyString};

use crate::python::call::call;
use crate::python::guarded::Guarded;
use crate::python::model::int;
use crate::python::order_events::made_order;
use crate::python::own_orders::PyOwnOrders;
use crate::python::record_classes::{CANCEL_REQUEST, Fields, REPLACE_REQUEST, known};
use crate::trading::answers::Answers;
use crate::trading::manager::Change;
use crate::trading::order::NewOrder;

/// A request.
pub enum Request {
    /// A new order, by the owner of the orders that it is one of.
    New(NewOrder, Py<PyOwnOrders>),
    /// What is asked of an order, and when.
    Change { order_id: i64, created_ns: i64, change: Change, owner: Py<PyOwnOrders> },
    /// One that was made in Python.
    Other(Py<PyAny>),
}

/// A request that waits.
pub struct Waiting {
    pub request: Request,
    /// Whether its strategy asks for too much.
    pub surplus: bool,
}

struct Queue {
    waiting: VecDeque<Waiting>,
    next_order_id: i64,
    answers: Answers,
    strategies: Vec<String>,
}

/// The requests: keeps the contract of `mainspring.lane.Requests`.
#[pyclass(name = "Requests", module = "mainspring_native._native", frozen)]
pub struct PyRequests {
    queue: Guarded<Queue>,
}

/// `mainspring.lane.Surplus`.
static SURPLUS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

impl PyRequests {
    /// The id of the next order, which is taken.
    pub fn take_order_id(&self, py: Python<'_>) -> i64 {
        self.queue.with(py, |queue| {
            let order_id = queue.next_order_id;
            queue.next_order_id += 1;
            order_id
        })
    }

    /// Adds a request.
    pub fn push(&self, py: Python<'_>, request: Request) {
        self.queue.with(py, |queue| queue.waiting.push_back(Waiting { request, surplus: false }));
    }

    /// The oldest request, which is taken.
    pub fn pop(&self, py: Python<'_>) -> Option<Waiting> {
        self.queue.with(py, |queue| queue.waiting.pop_front())
    }

    /// Takes back the oldest request.
    pub fn give_back(&self, py: Python<'_>, waiting: Waiting) {
        self.queue.with(py, |queue| queue.waiting.push_front(waiting));
    }

    /// How many there are.
    pub fn len(&self, py: Python<'_>) -> usize {
        self.queue.with(py, |queue| queue.waiting.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self, py: Python<'_>) -> bool {
        self.len(py) == 0
    }
}

impl Request {
    /// The order that it cancels.
    fn cancels(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        Ok(match self {
            Request::New(..) => None,
            Request::Change { order_id, change, .. } => matches!(change, Change::Cancel).then_some(*order_id),
            Request::Other(request) => {
                Fields::of_exactly(request.bind(py), known(py)?, CANCEL_REQUEST).and_then(|fields| fields.number(0))
            }
        })
    }

    /// The request as Python has it.
    pub fn made<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Request::New(order, owner) => made_order(py, order, owner.get().strategy(py)),
            Request::Change { order_id, created_ns, change, owner } => {
                let (owner, known) = (owner.get(), known(py)?);
                let [order_id, created] = [*order_id, *created_ns].map(|value| int(py, value));
                let (index, strategy) = (owner.index(py), owner.strategy(py).clone().into_any());
                match *change {
                    Change::Cancel => known.classes[CANCEL_REQUEST].make(py, [order_id, index, created, strategy]),
                    Change::Replace(ticks, lots) => {
                        let [ticks, lots] = [ticks, lots].map(|value| int(py, value));
                        let values = [order_id, index, ticks, lots, created, strategy];
                        known.classes[REPLACE_REQUEST].make(py, values)
                    }
                }
            }
            Request::Other(request) => Ok(request.bind(py).clone()),
        }
    }
}

#[pymethods]
impl PyRequests {
    #[new]
    pub fn new(most_answers: u64) -> Self {
        let (waiting, strategies) = (VecDeque::new(), Vec::new());
        PyRequests {
            queue: Guarded::new(Queue { waiting, next_order_id: 1, answers: Answers::new(most_answers), strategies }),
        }
    }

    #[getter]
    pub fn next_order_id(&self, py: Python<'_>) -> i64 {
        self.queue.with(py, |queue| queue.next_order_id)
    }

    #[setter]
    fn set_next_order_id(&self, py: Python<'_>, order_id: i64) {
        self.queue.with(py, |queue| queue.next_order_id = order_id);
    }

    fn append(&self, py: Python<'_>, request: Py<PyAny>) {
        self.push(py, Request::Other(request));
    }

    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let (waiting, most) = self.queue.with(py, |queue| (std::mem::take(&mut queue.waiting), queue.answers.most()));
        let taken = PyList::empty(py);
        for one in waiting {
            let request = one.request.made(py)?;
            taken.append(if one.surplus {
                let class = SURPLUS
                    .get_or_try_init(py, || PyResult::Ok(py.import("mainspring.lane")?.getattr("Surplus")?.unbind()))?;
                call(class.bind(py), [&request, most.into_pyobject(py)?.as_any()])?
            } else {
                request
            })?;
        }
        Ok(taken)
    }

    pub fn limit_answers(&self, strategy: &Bound<'_, PyString>, first: usize, now_ns: i64) -> PyResult<()> {
        let (py, name) = (strategy.py(), strategy.to_cow()?);
        // Reading them may run code of Python's, which then finds none waiting.
        let waiting = self.queue.with(py, |queue| std::mem::take(&mut queue.waiting));
        let cancels = waiting.iter().skip(first).map(|one| one.request.cancels(py)).collect::<PyResult<Vec<_>>>();
        self.queue.with(py, |queue| {
            let Queue { waiting: kept, answers, strategies, .. } = queue;
            *kept = waiting;
            let number = strategies.iter().position(|known| *known == name).unwrap_or_else(|| {
                strategies.push(name.into_owned());
                strategies.len() - 1
            });
            for (one, cancels) in kept.iter_mut().skip(first).zip(cancels?) {
                one.surplus = answers.surplus(number, now_ns, cancels);
            }
            Ok(())
        })
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.len(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.queue.traverse(&visit, |queue, visit| {
            queue.waiting.iter().try_for_each(|one| match &one.request {
                Request::New(_, owner) | Request::Change { owner, .. } => visit.call(owner),
                Request::Other(request) => visit.call(request),
            })
        })
    }

    /// Lets go of the requests, whose owners lead back here.
    fn __clear__(&self, py: Python<'_>) {
        let waiting = self.queue.with(py, |queue| std::mem::take(&mut queue.waiting));
        drop(waiting);
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyRequests>()
}
