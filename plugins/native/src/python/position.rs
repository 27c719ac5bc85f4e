//! What Python sees of a position in whole numbers.

use std::cell::UnsafeCell;

use ethnum::I256;
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyInt, PyString};

use crate::python::call::call;
use crate::python::guarded::Guarded;
use crate::python::model::int;
use crate::python::shown;
use crate::trading::position::Position;

/// Counts a position: keeps the contract of `mainspring.portfolio.PositionUnits`. What doesn't fit its figures it hands over to
/// that, for good.
#[pyclass(name = "PositionUnits", module = "mainspring_native._native", frozen)]
pub struct PyPositionUnits {
    /// The position in lots, as Python reads it: a field of the object.
    shown: UnsafeCell<Py<PyAny>>,
    valuation: Py<PyAny>,
    held: Guarded<Held>,
}

enum Held {
    Here(Box<Position>),
    Plain(Py<PyAny>),
}

// SAFETY: the cell is written only with the GIL held, and read by Python alone, which holds it.
unsafe impl Sync for PyPositionUnits {}

/// An integer of Python's.
pub fn whole(py: Python<'_>, value: I256) -> PyResult<Bound<'_, PyAny>> {
    if let Ok(value) = i128::try_from(value) {
        return Ok(value.into_pyobject(py)?.into_any());
    }
    py.get_type::<PyInt>().call1((value.to_string(),))
}

/// An integer of Python's in 256 bits; `None` if it doesn't fit.
pub fn wide(value: &Bound<'_, PyAny>) -> PyResult<Option<I256>> {
    if let Ok(value) = value.extract::<i128>() {
        return Ok(Some(I256::new(value)));
    }
    Ok(value.str()?.to_cow()?.parse().ok())
}

impl PyPositionUnits {
    /// The position in lots, if it fits.
    pub fn lots(&self, py: Python<'_>) -> PyResult<i128> {
        match self.read(py, |position| position.lots) {
            Ok(lots) => Ok(lots),
            Err(plain) => plain.bind(py).getattr(intern!(py, "position_lots"))?.extract(),
        }
    }

    /// The profit at twice a mark in ticks, if all of it fits: see `mainspring.portfolio.Position.net_ppb`. The mark is asked for only
    /// if something is held.
    pub fn net_ppb(&self, py: Python<'_>, half_ticks: impl FnOnce() -> Option<i128>) -> Option<I256> {
        let position = self.read(py, |position| *position).ok()?;
        position.net_ppb(if position.lots == 0 { 0 } else { half_ticks()? })
    }

    /// The position in lots, if it is counted here.
    pub fn own_lots(&self, py: Python<'_>) -> Option<i128> {
        self.read(py, |position| position.lots).ok()
    }

    /// Reads the position, or what it was handed over to.
    #[inline]
    fn read<T>(&self, py: Python<'_>, of: impl FnOnce(&Position) -> T) -> Result<T, Py<PyAny>> {
        self.held.with(py, |held| match held {
            Held::Here(position) => Ok(of(position)),
            Held::Plain(plain) => Err(plain.clone_ref(py)),
        })
    }

    fn figure(&self, py: Python<'_>, name: &Bound<'_, PyString>, of: fn(&Position) -> I256) -> PyResult<Py<PyAny>> {
        match self.read(py, of) {
            Ok(value) => whole(py, value).map(Bound::unbind),
            Err(plain) => plain.getattr(py, name),
        }
    }

    fn show(&self, lots: Bound<'_, PyAny>) {
        // SAFETY: the GIL is held, as `lots` is bound, and nothing else refers to the cell.
        let before = unsafe { std::mem::replace(&mut *self.shown.get(), lots.unbind()) };
        drop(before);
    }

    /// The twin with the figures as they are here.
    fn plain<'py>(&self, py: Python<'py>, from: &Position) -> PyResult<Bound<'py, PyAny>> {
        let class = py.import("mainspring.portfolio")?.getattr("PositionUnits")?;
        let plain = class.call1((self.valuation.bind(py),))?;
        for (name, value) in [
            ("position_lots", I256::new(from.lots)),
            ("bought_lots", I256::new(from.bought_lots)),
            ("sold_lots", I256::new(from.sold_lots)),
            ("bought_units", from.bought_units),
            ("sold_units", from.sold_units),
            ("cost_fine", from.cost_fine),
            ("fees_ppb_units", from.fees_ppb_units),
            ("rebates_ppb_units", from.rebates_ppb_units),
            ("reported_ppb_units", from.reported_ppb_units),
        ] {
            plain.setattr(name, whole(py, value)?)?;
        }
        Ok(plain)
    }

    /// Hands the figures over to the twin, which is returned.
    fn hand_over<'py>(&self, py: Python<'py>, from: &Position) -> PyResult<Bound<'py, PyAny>> {
        let plain = self.plain(py, from)?;
        let handed_over = Held::Plain(plain.clone().unbind());
        let before = self.held.with(py, |held| std::mem::replace(held, handed_over));
        drop(before);
        Ok(plain)
    }

    /// Books a fill whose figures are those of Rust.
    pub fn book(&self, py: Python<'_>, buys: bool, lots: i64, price_ticks: i64, fee_ppb: i64) -> PyResult<()> {
        let booked = self.held.with(py, |held| match held {
            Held::Here(position) => position.on_fill(buys, lots, price_ticks, fee_ppb).then_some(position.lots),
            Held::Plain(_) => None,
        });
        if let Some(lots) = booked {
            let now = match i64::try_from(lots) {
                Ok(lots) => int(py, lots),
                Err(_) => lots.into_pyobject(py)?.into_any(),
            };
            self.show(now);
            return Ok(());
        }
        let buys = buys.into_pyobject(py)?.to_owned().into_any();
        self.book_plainly(&buys, [lots, price_ticks, fee_ppb].map(|value| int(py, value)).each_ref())
    }

    fn book_plainly(&self, buys: &Bound<'_, PyAny>, figures: [&Bound<'_, PyAny>; 3]) -> PyResult<()> {
        let py = buys.py();
        let plain = match self.read(py, |position| *position) {
            Ok(position) => self.hand_over(py, &position)?,
            Err(plain) => plain.into_bound(py),
        };
        let [lots, price_ticks, fee_ppb] = figures;
        call(&plain.getattr(intern!(py, "on_fill"))?, [buys, lots, price_ticks, fee_ppb])?;
        self.show(plain.getattr(intern!(py, "position_lots"))?);
        Ok(())
    }
}

#[pymethods]
impl PyPositionUnits {
    #[new]
    fn new(valuation: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = valuation.py();
        let inverse = valuation.getattr(intern!(py, "sign"))?.extract::<i64>()? < 0;
        Ok(PyPositionUnits {
            shown: UnsafeCell::new(int(py, 0).unbind()),
            valuation: valuation.clone().unbind(),
            held: Guarded::new(Held::Here(Box::new(Position::new(inverse)))),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.valuation)?;
        self.held.traverse(&visit, |held, visit| match held {
            Held::Here(_) => Ok(()),
            Held::Plain(plain) => visit.call(plain),
        })
    }

    fn on_fill(
        &self,
        buys: &Bound<'_, PyAny>,
        lots: &Bound<'_, PyAny>,
        price_ticks: &Bound<'_, PyAny>,
        fee_ppb: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = buys.py();
        match (lots.extract(), price_ticks.extract(), fee_ppb.extract()) {
            (Ok(lots), Ok(price_ticks), Ok(fee_ppb)) => self.book(py, buys.is_truthy()?, lots, price_ticks, fee_ppb),
            _ => self.book_plainly(buys, [lots, price_ticks, fee_ppb]),
        }
    }

    #[getter]
    fn bought_lots(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.figure(py, intern!(py, "bought_lots"), |position| I256::new(position.bought_lots))
    }

    #[getter]
    fn sold_lots(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.figure(py, intern!(py, "sold_lots"), |position| I256::new(position.sold_lots))
    }

    #[getter]
    fn bought_units(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.figure(py, intern!(py, "bought_units"), |position| position.bought_units)
    }

    #[getter]
    fn sold_units(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.figure(py, intern!(py, "sold_units"), |position| position.sold_units)
    }

    #[getter]
    fn cost_fine(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.figure(py, intern!(py, "cost_fine"), |position| position.cost_fine)
    }

    #[getter]
    fn fees_ppb_units(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.figure(py, intern!(py, "fees_ppb_units"), |position| position.fees_ppb_units)
    }

    #[getter]
    fn rebates_ppb_units(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.figure(py, intern!(py, "rebates_ppb_units"), |position| position.rebates_ppb_units)
    }

    #[getter]
    fn reported_ppb_units(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.figure(py, intern!(py, "reported_ppb_units"), |position| position.reported_ppb_units)
    }

    #[setter]
    fn set_reported_ppb_units(&self, reported: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = reported.py();
        let plain = match (self.read(py, |position| *position), wide(reported)?) {
            (Ok(_), Some(reported)) => {
                self.held.with(py, |held| {
                    if let Held::Here(position) = held {
                        position.reported_ppb_units = reported;
                    }
                });
                return Ok(());
            }
            (Ok(position), None) => self.hand_over(py, &position)?,
            (Err(plain), _) => plain.into_bound(py),
        };
        plain.setattr(intern!(py, "reported_ppb_units"), reported)
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyPositionUnits>()?;
    // Where the field that is read in place is, any object tells.
    let py = module.py();
    let sign = py.import("types")?.getattr("SimpleNamespace")?.call((), Some(&[("sign", 1)].into_py_dict(py)?))?;
    let one = Bound::new(py, PyPositionUnits::new(&sign)?)?;
    shown::define(one.as_any(), [(c"position_lots", ffi::Py_T_OBJECT_EX, one.get().shown.get().addr())])
}
