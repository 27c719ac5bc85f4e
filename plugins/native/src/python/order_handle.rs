//! What Python sees of one order as its strategy knows it.

use std::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyWeakrefReference;

use crate::kernel::handles::{CREATED, FILLED, Handle, News, UNKNOWN};
use crate::kernel::view::OrderView;
use crate::python::asked::units;
use crate::python::guarded::Guarded;
use crate::python::own_orders::PyOwnOrders;
use crate::python::record_classes::known;
use crate::python::requests::Request;
use crate::python::shown;
use crate::trading::manager::Change;
use crate::trading::order::NewOrder;

/// The states by the numbers of `kernel::handles`, `UNKNOWN` last.
static STATES: PyOnceLock<Vec<Py<PyAny>>> = PyOnceLock::new();

const NAMES: [&str; 10] = [
    "created",
    "accepted",
    "partially-filled",
    "cancel-pending",
    "replace-pending",
    "filled",
    "cancelled",
    "rejected",
    "expired",
    "unknown",
];

fn state(py: Python<'_>, number: i64) -> PyResult<Py<PyAny>> {
    let states = STATES.get_or_try_init(py, || {
        let class = py.import("mainspring.orders")?.getattr("OrderState")?;
        NAMES.iter().map(|name| Ok(class.call1((*name,))?.unbind())).collect::<PyResult<_>>()
    })?;
    let at = if number == UNKNOWN { NAMES.len() - 1 } else { number as usize };
    Ok(states[at].clone_ref(py))
}

/// What the handles of a market's orders share: what tells its prices and sizes to a person, and whose the orders are.
pub struct Names {
    /// Refers weakly to these orders, once there is a handle.
    owner: PyOnceLock<Py<PyWeakrefReference>>,
    name: Py<PyAny>,
    prices: Py<PyAny>,
    sizes: Py<PyAny>,
}

impl Names {
    /// Those of a market.
    pub fn of(market: &Bound<'_, PyAny>) -> PyResult<Names> {
        let (py, instrument) = (market.py(), market.getattr("instrument")?);
        let grid = py.import("mainspring.model.exact")?.getattr("DecimalGrid")?;
        Ok(Names {
            owner: PyOnceLock::new(),
            name: market.getattr("name")?.unbind(),
            prices: grid.call1((instrument.getattr("tick_size")?,))?.unbind(),
            sizes: grid.call1((instrument.getattr("lot_size")?,))?.unbind(),
        })
    }

    /// Those of no market.
    pub fn none(py: Python<'_>) -> Names {
        Names { owner: PyOnceLock::new(), name: py.None(), prices: py.None(), sizes: py.None() }
    }
}

/// One order as its strategy knows it: keeps the contract of `mainspring.lane.LaneOrderHandle`.
///
/// It holds figures and names, and refers weakly to the orders that it is one of. So nothing leads from it to its lane, and the
/// garbage collector, which would walk all open orders again and again, doesn't know of it.
#[pyclass(name = "OrderHandle", module = "mainspring_native._native", frozen)]
pub struct PyOrderHandle {
    // What is read most, as fields of the object.
    order_id: i64,
    price_ticks: AtomicI64,
    size_lots: AtomicI64,
    state: UnsafeCell<Py<PyAny>>,
    side: Py<PyAny>,
    names: Arc<Names>,
    rest: Guarded<Rest>,
}

/// What is known of an order and isn't a field of its object.
#[derive(Default)]
struct Rest {
    filled_lots: i64,
    handle: Handle,
    state: i8,
    buy: bool,
}

// SAFETY: the cell is written only with the GIL held, and read by Python alone, which holds it.
unsafe impl Sync for PyOrderHandle {}

impl PyOrderHandle {
    /// The handle of an order that is asked for.
    pub fn of(owner: &Bound<'_, PyOwnOrders>, order: &NewOrder) -> PyResult<Py<Self>> {
        let (py, names) = (owner.py(), &owner.get().names);
        names.owner.get_or_try_init(py, || PyResult::Ok(PyWeakrefReference::new(owner)?.unbind()))?;
        let handle = PyOrderHandle {
            order_id: order.order_id,
            price_ticks: AtomicI64::new(order.price_ticks),
            size_lots: AtomicI64::new(order.size_lots),
            state: UnsafeCell::new(state(py, CREATED)?),
            side: known(py)?.sides[usize::from(!order.buy)].clone_ref(py),
            names: Arc::clone(names),
            rest: Guarded::new(Rest { state: CREATED as i8, buy: order.buy, ..Rest::default() }),
        };
        let handle = Py::new(py, handle)?;
        // SAFETY: it is an object that CPython has just made and tracks. What isn't tracked is never walked, and freed by its count.
        unsafe { ffi::PyObject_GC_UnTrack(handle.as_ptr().cast()) };
        Ok(handle)
    }

    /// Asks for the order's cancel, unless one is under way or it has ended.
    pub fn ask_cancel(&self, py: Python<'_>) -> PyResult<()> {
        if self.change(py, |view, handle| handle.cancel(view))? {
            self.ask(py, Change::Cancel)?;
        }
        Ok(())
    }

    /// Asks for another price, another total size, or both, unless the order has ended.
    pub fn ask_replace(&self, py: Python<'_>, ticks: Option<i64>, lots: Option<i64>) -> PyResult<()> {
        let asked = self.change(py, |view, handle| {
            // What an earlier replace asked for is on its way: it stays too.
            let (present_ticks, present_lots) = handle.present(view);
            let to = (ticks.unwrap_or(present_ticks), lots.unwrap_or(present_lots));
            handle.replace(view, to).then_some(to)
        })?;
        if let Some((ticks, lots)) = asked {
            self.ask(py, Change::Replace(ticks, lots))?;
        }
        Ok(())
    }

    fn ask(&self, py: Python<'_>, change: Change) -> PyResult<()> {
        // What is asked of a session that is gone, nobody reads.
        let Some(bound) = self.owner(py)? else { return Ok(()) };
        let (order_id, owner) = (self.order_id, bound.get());
        let created_ns = owner.now_ns();
        owner.requests.get().push(py, Request::Change { order_id, created_ns, change, owner: bound.clone().unbind() });
        Ok(())
    }

    /// The orders that it is one of, while their session is there.
    fn owner<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyOwnOrders>>> {
        let Some(owner) = self.names.owner.get(py) else { return Ok(None) };
        owner.bind(py).upgrade_as::<PyOwnOrders>()
    }

    /// The same, for what can't be had without.
    fn session<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyOwnOrders>> {
        let gone = || PyRuntimeError::new_err(format!("order {}: its session is gone", self.order_id));
        self.owner(py)?.ok_or_else(gone)
    }

    /// The order's number.
    pub fn order_id(&self) -> i64 {
        self.order_id
    }

    /// Takes that its state isn't known any more.
    pub fn lose(&self, py: Python<'_>) -> PyResult<()> {
        self.change(py, |view, _| view.state = UNKNOWN)
    }

    /// Changes what is known, and shows that.
    fn change<T>(&self, py: Python<'_>, change: impl FnOnce(&mut OrderView, &mut Handle) -> T) -> PyResult<T> {
        let (before, after, done) = self.rest.with(py, |rest| {
            let mut view = self.view_of(rest);
            let before = view.state;
            let done = change(&mut view, &mut rest.handle);
            (rest.filled_lots, rest.state) = (view.filled_lots, view.state as i8);
            (before, view, done)
        });
        self.price_ticks.store(after.price_ticks, Relaxed);
        self.size_lots.store(after.size_lots, Relaxed);
        if after.state != before {
            let shown = state(py, after.state)?;
            // SAFETY: the GIL is held, and nothing else refers to the cell.
            drop(unsafe { std::mem::replace(&mut *self.state.get(), shown) });
        }
        Ok(done)
    }

    /// The order as compiled strategies read it.
    pub fn view(&self, py: Python<'_>) -> OrderView {
        self.rest.with(py, |rest| self.view_of(rest))
    }

    fn view_of(&self, rest: &Rest) -> OrderView {
        OrderView {
            order_id: self.order_id,
            side: if rest.buy { 1 } else { -1 },
            price_ticks: self.price_ticks.load(Relaxed),
            size_lots: self.size_lots.load(Relaxed),
            filled_lots: rest.filled_lots,
            state: i64::from(rest.state),
        }
    }

    /// Takes an event; whether the order has ended.
    pub fn update(&self, py: Python<'_>, news: News) -> PyResult<bool> {
        self.change(py, |view, handle| handle.update(view, news))
    }

    fn size_of<'py>(&self, py: Python<'py>, lots: i64) -> PyResult<Bound<'py, PyAny>> {
        self.names.sizes.bind(py).call_method1(intern!(py, "decimal"), (lots,))
    }
}

#[pymethods]
impl PyOrderHandle {
    #[getter]
    fn market(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(self.session(py)?.get().market.clone_ref(py))
    }

    #[getter]
    fn filled_lots(&self, py: Python<'_>) -> i64 {
        self.view(py).filled_lots
    }

    #[getter]
    fn ended(&self, py: Python<'_>) -> bool {
        self.view(py).state >= FILLED
    }

    #[getter]
    fn leaves_lots(&self, py: Python<'_>) -> i64 {
        let view = self.view(py);
        if view.state >= FILLED { 0 } else { view.size_lots - view.filled_lots }
    }

    #[getter]
    fn client_order_id(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.session(py)?.get().client_order_id.call1(py, (self.order_id,))
    }

    #[getter]
    fn price<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let ticks = self.view(py).price_ticks;
        if ticks == 0 {
            return Ok(None);
        }
        self.names.prices.bind(py).call_method1(intern!(py, "decimal"), (ticks,)).map(Some)
    }

    #[getter]
    fn size<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.size_of(py, self.view(py).size_lots)
    }

    #[getter]
    fn filled<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.size_of(py, self.view(py).filled_lots)
    }

    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        self.ask_cancel(py)
    }

    #[pyo3(signature = (*, price=None, size=None, price_ticks=None, size_lots=None))]
    fn replace(
        &self,
        py: Python<'_>,
        price: Option<&Bound<'_, PyAny>>,
        size: Option<&Bound<'_, PyAny>>,
        price_ticks: Option<&Bound<'_, PyAny>>,
        size_lots: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        if self.view(py).price_ticks == 0 {
            let text = format!("order {} is a market order, which can't be replaced", self.order_id);
            return Err(PyValueError::new_err(text));
        }
        let Some(owner) = self.owner(py)? else { return Ok(()) };
        let market = owner.get().market.bind(py);
        let ticks = units(market, intern!(py, "ticks_of"), price, price_ticks)?;
        let lots = units(market, intern!(py, "lots_of"), size, size_lots)?;
        if ticks.is_none() && lots.is_none() {
            return Err(PyValueError::new_err("a replace needs a price, a size, or both"));
        }
        self.ask_replace(py, ticks, lots)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let view = self.view(py);
        let side = if view.side > 0 { "buy" } else { "sell" };
        let price = self.price(py)?.map_or_else(|| "market".to_owned(), |price| price.to_string());
        let (size, filled, name) = (self.size(py)?, self.filled(py)?, &self.names.name);
        let state = state(py, view.state)?;
        Ok(format!("<order {}: {side} {size} {name} at {price}, {state}, {filled} filled>", self.order_id))
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyOrderHandle>()?;
    // Where the fields that are read in place are, any object tells.
    let py = module.py();
    let none = || py.None();
    let handle = PyOrderHandle {
        order_id: 0,
        price_ticks: AtomicI64::new(0),
        size_lots: AtomicI64::new(0),
        state: UnsafeCell::new(none()),
        side: none(),
        names: Arc::new(Names::none(py)),
        rest: Guarded::default(),
    };
    let handle = Bound::new(py, handle)?;
    let one = handle.get();
    let number = |name, address: usize| (name, ffi::Py_T_LONGLONG, address);
    let object = |name, address: usize| (name, ffi::Py_T_OBJECT_EX, address);
    shown::define(
        handle.as_any(),
        [
            number(c"order_id", (&raw const one.order_id).addr()),
            number(c"price_ticks", one.price_ticks.as_ptr().addr()),
            number(c"size_lots", one.size_lots.as_ptr().addr()),
            object(c"state", one.state.get().addr()),
            object(c"side", (&raw const one.side).addr()),
        ],
    )
}
