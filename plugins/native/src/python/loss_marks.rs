//! What Python sees of what losses are measured from.

use ethnum::I256;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::python::guarded::Guarded;
use crate::python::heard::Near;
use crate::python::position::{whole, wide};
use crate::trading::heard;

/// Keeps the contract of `mainspring_plugins.risk._loss_marks.LossMarks`. A figure beyond 255 bits is taken as the last of these.
#[pyclass(module = "mainspring_native._native", frozen)]
pub struct LossMarks {
    pub marks: Guarded<heard::LossMarks>,
}

/// A whole number, the nearest of 255 bits: a difference of two such fits 256.
pub fn near(value: &Bound<'_, PyAny>) -> PyResult<I256> {
    let (least, most) = (I256::MIN >> 1, I256::MAX >> 1);
    Ok(match wide(value)? {
        Some(value) => value.clamp(least, most),
        None if value.lt(0)? => least,
        None => most,
    })
}

#[pymethods]
impl LossMarks {
    #[new]
    #[pyo3(signature = (*, follows_best, ratio))]
    fn new(follows_best: bool, ratio: Option<(Bound<'_, PyAny>, Bound<'_, PyAny>)>) -> PyResult<Self> {
        let ratio = ratio.map(|(one, other)| PyResult::Ok((near(&one)?, near(&other)?))).transpose()?;
        Ok(LossMarks { marks: Guarded::new(heard::LossMarks::new(follows_best, ratio)) })
    }

    #[getter]
    fn follows_best(&self, py: Python<'_>) -> bool {
        self.marks.with(py, |marks| marks.follows_best)
    }

    #[getter]
    fn ratio<'py>(&self, py: Python<'py>) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
        let ratio = self.marks.with(py, |marks| marks.ratio);
        ratio.map(|(one, other)| Ok((whole(py, one)?, whole(py, other)?))).transpose()
    }

    #[getter]
    fn least_ppb<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        whole(py, self.marks.with(py, |marks| marks.least_ppb))
    }

    #[getter]
    fn beyond_ppb<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        whole(py, self.marks.with(py, |marks| marks.beyond_ppb))
    }

    #[getter]
    fn begins_ns(&self, py: Python<'_>) -> i64 {
        self.marks.with(py, |marks| marks.begins_ns)
    }

    #[getter]
    fn ends_ns(&self, py: Python<'_>) -> i64 {
        self.marks.with(py, |marks| marks.ends_ns)
    }

    fn get<'py>(&self, py: Python<'py>, currency: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.marks.with(py, |marks| marks.get(currency)).map(|found| whole(py, found)).transpose()
    }

    fn put(&self, currency: &str, measured_from: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, measured_from) = (measured_from.py(), near(measured_from)?);
        self.marks.with(py, |marks| marks.put(currency, measured_from));
        Ok(())
    }

    fn set_day(&self, py: Python<'_>, begins_ns: Near, ends_ns: Near) {
        self.marks.with(py, |marks| (marks.begins_ns, marks.ends_ns) = (begins_ns.0, ends_ns.0));
    }

    fn bound(&self, currency: &str, measured_from: &Bound<'_, PyAny>, limit: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, measured_from, limit) = (limit.py(), near(measured_from)?, near(limit)?);
        self.marks.with(py, |marks| marks.bound(currency, measured_from, limit));
        Ok(())
    }

    fn unbound(&self, py: Python<'_>, currency: &str) {
        self.marks.with(py, |marks| marks.unbound(currency));
    }

    fn look_again(&self, py: Python<'_>) {
        self.marks.with(py, heard::LossMarks::look_again);
    }

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let state = PyDict::new(py);
        let all: Vec<_> =
            self.marks.with(py, |marks| marks.all().map(|(name, from)| (name.to_owned(), from)).collect());
        for (currency, measured_from) in all {
            state.set_item(currency, whole(py, measured_from)?)?;
        }
        Ok(state)
    }

    fn restore(&self, state: &Bound<'_, PyDict>) -> PyResult<()> {
        let py = state.py();
        self.marks.with(py, heard::LossMarks::clear);
        for (currency, measured_from) in state {
            self.put(currency.extract::<&str>()?, &measured_from)?;
        }
        Ok(())
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<LossMarks>()
}
