//! What Python sees of the slippage models.

use std::sync::Mutex;

use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyString, PyTuple};

use crate::book::any::AnyBook;
use crate::book::{Book, Side};
use crate::lane::runner::lock;
use crate::python::books::PyBook;
use crate::python::call::call;
use crate::python::market::{Met as Market, PyMarket};
use crate::slippage::{Estimate, Met, Model, NAMES, Order, Resting, Touch};
use crate::trading::order::NewOrder;

struct Classes {
    estimate: Py<PyAny>,
    cause: Py<PyAny>,
    names: Vec<Py<PyString>>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

/// A slippage model. It leaves what it can't price to its Python twin, which writes the error text.
#[pyclass(name = "Slippage", module = "mainspring_native._native", frozen)]
pub struct PySlippage {
    model: Model,
    tick: f64,
    twin: Py<PyAny>,
}

/// What a model reads of a market.
struct Seen {
    touch: Touch,
    volatility: f64,
    volume: f64,
}

#[pymethods]
impl PySlippage {
    /// `figures` are those of the model's twin, worked out from its options; `twin` is its `estimate`.
    #[new]
    fn new(model: &str, tick: f64, figures: Vec<f64>, twin: Py<PyAny>) -> PyResult<Self> {
        let model = match (model, figures.as_slice()) {
            ("square-root", &[coefficient, lasting_share, chase_spreads, wait_days]) => {
                Model::SquareRoot { coefficient, lasting_share, resting: Resting { chase_spreads, wait_days } }
            }
            ("almgren-chriss", &[permanent, temporary, chase_spreads, wait_days]) => {
                Model::AlmgrenChriss { permanent, temporary, resting: Resting { chase_spreads, wait_days } }
            }
            ("book-walk", &[fill_probability, chase_spreads]) => Model::BookWalk { fill_probability, chase_spreads },
            _ => return Err(PyValueError::new_err(format!("no model {model:?} of {} figures", figures.len()))),
        };
        Ok(PySlippage { model, tick, twin })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.twin)
    }

    fn estimate<'py>(&self, order: &Bound<'py, PyAny>, market: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self.priced(order, market)? {
            Some(estimate) => made(order.py(), &estimate),
            None => self.twin.bind(order.py()).call1((order, market)),
        }
    }
}

impl PySlippage {
    /// The estimate for an order in a native market that it met like that; `None` where it is for the twin.
    pub fn priced_for(&self, order: &NewOrder, market: &PyMarket, met: &Market) -> Option<Estimate> {
        let limit_ticks = order.limit.then_some(order.price_ticks);
        let (buys, post_only) = (order.buy, order.limit && order.post_only);
        let order = foreseen(Order { buys, limit_ticks, size_lots: order.size_lots, post_only })?;
        if let Model::BookWalk { .. } = self.model {
            self.walked(&order, met.touch().is_some(), &market.book().get().shared())
        } else {
            let seen = seen_native(met)?;
            self.model.by_volume(self.tick, &order, &seen.touch, seen.volatility, seen.volume)
        }
    }

    /// `None` where the order is for the twin: it can't be priced, or isn't what was foreseen.
    fn priced(&self, order: &Bound<'_, PyAny>, market: &Bound<'_, PyAny>) -> PyResult<Option<Estimate>> {
        let Some(order) = order_of(order)? else { return Ok(None) };
        if let Model::BookWalk { .. } = self.model {
            return self.walked_in(&order, market);
        }
        let seen = match market.cast::<PyMarket>() {
            Ok(native) => seen_native(&native.get().met()),
            Err(_) => seen(market)?,
        };
        Ok(seen.and_then(|seen| self.model.by_volume(self.tick, &order, &seen.touch, seen.volatility, seen.volume)))
    }

    fn walked_in(&self, order: &Order, market: &Bound<'_, PyAny>) -> PyResult<Option<Estimate>> {
        let py = market.py();
        let (whole, book) = match market.cast::<PyMarket>() {
            Ok(native) => (native.get().met().touch().is_some(), native.get().book().get().shared()),
            Err(_) => match market.getattr(intern!(py, "book"))?.cast_into::<PyBook>() {
                Ok(book) => (touch(market)?.is_some(), book.get().shared()),
                Err(_) => return Ok(None),
            },
        };
        Ok(self.walked(order, whole, &book))
    }

    /// `whole` says whether the market has best prices that can be trusted.
    fn walked(&self, order: &Order, whole: bool, book: &Mutex<AnyBook>) -> Option<Estimate> {
        if !whole {
            return None;
        }
        let book = lock(book);
        let best = book.bbo();
        let (bid, ask) = (best.bid, best.ask);
        if bid.lots <= 0 || ask.lots <= 0 || bid.price >= ask.price {
            return None;
        }
        let walk = book.walk(if order.buys { Side::Buy } else { Side::Sell }, order.size_lots);
        if walk.unfilled > 0 || walk.filled <= 0 {
            return None;
        }
        let filled = i128::from(walk.filled);
        let beyond = if order.buys {
            walk.cost - i128::from(ask.price) * filled
        } else {
            i128::from(bid.price) * filled - walk.cost
        };
        let beyond = i64::try_from(beyond).ok()?;
        let touch = Touch { bid_ticks: bid.price, bid_lots: bid.lots, ask_ticks: ask.price, ask_lots: ask.lots };
        self.model.by_walk(self.tick, order, &touch, &Met { beyond, filled: walk.filled })
    }
}

fn order_of(order: &Bound<'_, PyAny>) -> PyResult<Option<Order>> {
    let py = order.py();
    let kind = order.getattr(intern!(py, "kind"))?;
    let takes = kind.cast::<PyString>()?.to_str()? == "market";
    let size_lots: i64 = order.getattr(intern!(py, "size_lots"))?.extract()?;
    let buys = order.getattr(intern!(py, "side"))?.extract::<i64>()? > 0;
    let (limit_ticks, post_only) = if takes {
        (None, false)
    } else {
        let limit: i64 = order.getattr(intern!(py, "price_ticks"))?.extract()?;
        (Some(limit), order.getattr(intern!(py, "post_only"))?.is_truthy()?)
    };
    Ok(foreseen(Order { buys, limit_ticks, size_lots, post_only }))
}

/// The order, unless its figures are none that models foresee.
fn foreseen(order: Order) -> Option<Order> {
    (order.size_lots > 0 && order.limit_ticks.unwrap_or(0) >= 0).then_some(order)
}

fn seen_native(market: &Market) -> Option<Seen> {
    known(market.touch()?, market.volatility_per_day?, market.daily_volume_lots?)
}

fn known(touch: Touch, volatility: f64, volume: f64) -> Option<Seen> {
    let known = volatility >= 0.0 && volatility.is_finite() && volume > 0.0 && volume.is_finite();
    known.then_some(Seen { touch, volatility, volume })
}

fn seen(market: &Bound<'_, PyAny>) -> PyResult<Option<Seen>> {
    let py = market.py();
    let Some(touch) = touch(market)? else { return Ok(None) };
    let statistics = market.getattr(intern!(py, "statistics"))?;
    let volatility: Option<f64> = statistics.getattr(intern!(py, "volatility_per_day"))?.extract()?;
    let volume: Option<f64> = statistics.getattr(intern!(py, "daily_volume_lots"))?.extract()?;
    let (Some(volatility), Some(volume)) = (volatility, volume) else { return Ok(None) };
    Ok(known(touch, volatility, volume))
}

/// The best prices of a market that is live and not crossed; `None` of any other.
fn touch(market: &Bound<'_, PyAny>) -> PyResult<Option<Touch>> {
    let py = market.py();
    if !market.getattr(intern!(py, "live"))?.is_truthy()? {
        return Ok(None);
    }
    let touch = Touch {
        bid_ticks: market.getattr(intern!(py, "bid_ticks"))?.extract()?,
        bid_lots: market.getattr(intern!(py, "bid_lots"))?.extract()?,
        ask_ticks: market.getattr(intern!(py, "ask_ticks"))?.extract()?,
        ask_lots: market.getattr(intern!(py, "ask_lots"))?.extract()?,
    };
    let whole = touch.bid_lots > 0 && touch.ask_lots > 0 && 0 <= touch.bid_ticks && touch.bid_ticks < touch.ask_ticks;
    Ok(whole.then_some(touch))
}

fn made<'py>(py: Python<'py>, estimate: &Estimate) -> PyResult<Bound<'py, PyAny>> {
    let classes = CLASSES.get_or_try_init(py, || {
        let model = py.import("mainspring.model.slippage")?;
        let names = NAMES.iter().map(|name| PyString::intern(py, name).unbind()).collect();
        Ok::<_, PyErr>(Classes {
            estimate: model.getattr("SlippageEstimate")?.unbind(),
            cause: model.getattr("Cause")?.unbind(),
            names,
        })
    })?;
    let float = |value: f64| PyFloat::new(py, value).into_any();
    let cause = |at: usize| {
        let (cause, price) = estimate.causes[at];
        call(classes.cause.bind(py), [classes.names[cause as usize].bind(py).as_any(), &float(price)])
    };
    let causes = if estimate.count == 2 {
        PyTuple::new(py, [cause(0)?, cause(1)?])?
    } else {
        PyTuple::new(py, [cause(0)?, cause(1)?, cause(2)?])?
    };
    let fill_probability = float(estimate.fill_probability);
    call(classes.estimate.bind(py), [&float(estimate.price), &float(estimate.mid), causes.as_any(), &fill_probability])
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PySlippage>()
}
