//! What a strategy asks for when it calls its market's `buy` or `sell`, or replaces an order.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyInt, PyString};

use crate::python::own_orders::PyOwnOrders;
use crate::python::record_classes::known;
use crate::venue::orders::TimeInForce;

/// The arguments of `buy` and `sell`.
pub struct Asked<'a, 'py> {
    pub size: Option<&'a Bound<'py, PyAny>>,
    pub price: Option<&'a Bound<'py, PyAny>>,
    pub size_lots: Option<&'a Bound<'py, PyAny>>,
    pub price_ticks: Option<&'a Bound<'py, PyAny>>,
    pub time_in_force: Option<&'a Bound<'py, PyAny>>,
    pub post_only: Option<&'a Bound<'py, PyAny>>,
    pub expires_ns: Option<&'a Bound<'py, PyAny>>,
    pub reduce_only: Option<&'a Bound<'py, PyAny>>,
}

/// The methods of `mainspring.lane.LaneStrategyMarket`: `buy`, then `sell`.
static PLAIN: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();

impl Asked<'_, '_> {
    /// For how long the order is, if that is said, and whether it may only rest; `None` for what isn't the usual case.
    pub fn usual(&self) -> Option<(Option<TimeInForce>, bool)> {
        if self.expires_ns.is_some() || self.reduce_only.is_some() {
            return None;
        }
        let post_only = match self.post_only {
            Some(value) => value.cast_exact::<PyBool>().ok()?.is_true(),
            None => false,
        };
        let Some(wanted) = self.time_in_force else { return Some((None, post_only)) };
        let names = &known(wanted.py()).ok()?.times_in_force;
        let found = names.iter().position(|name| name.is(wanted)).or_else(|| {
            let text = wanted.cast_exact::<PyString>().ok()?;
            names.iter().position(|name| name.extract::<&str>(wanted.py()).is_ok_and(|name| text == name))
        })?;
        let time_in_force = TimeInForce::ALL[found];
        // How long a day is, and whether a time was given, is the market's to say.
        let ends = matches!(time_in_force, TimeInForce::Day | TimeInForce::Gtd);
        (!ends).then_some((Some(time_in_force), post_only))
    }

    /// Does it as a plain market does.
    pub fn plainly(&self, own: &PyOwnOrders, buy: bool, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let plain = PLAIN.get_or_try_init(py, || {
            let class = py.import("mainspring.lane")?.getattr("LaneStrategyMarket")?;
            PyResult::Ok([class.getattr("buy")?.unbind(), class.getattr("sell")?.unbind()])
        })?;
        let arguments = PyDict::new(py);
        for (name, value) in [
            ("size", self.size),
            ("price", self.price),
            ("size_lots", self.size_lots),
            ("price_ticks", self.price_ticks),
            ("time_in_force", self.time_in_force),
            ("post_only", self.post_only),
            ("expires_ns", self.expires_ns),
            ("reduce_only", self.reduce_only),
        ] {
            if let Some(value) = value {
                arguments.set_item(name, value)?;
            }
        }
        plain[usize::from(!buy)].call(py, (&own.market,), Some(&arguments))
    }
}

/// A price or a size as whole units; `None` if neither form of it is given. What isn't the usual case is for the market's
/// `method`, which raises what there is to raise.
pub fn units(
    market: &Bound<'_, PyAny>,
    method: &Bound<'_, PyString>,
    decimal: Option<&Bound<'_, PyAny>>,
    whole: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<i64>> {
    match (decimal, whole) {
        (None, None) => return Ok(None),
        (None, Some(whole)) if whole.is_exact_instance_of::<PyInt>() => {
            if let Ok(units @ 1..) = whole.extract::<i64>() {
                return Ok(Some(units));
            }
        }
        _ => {}
    }
    market.call_method1(method, (decimal, whole))?.extract()
}
