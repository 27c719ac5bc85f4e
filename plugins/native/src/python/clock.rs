//! The lane's time, which both sides read and set as fields of the object.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;

use pyo3::ffi;
use pyo3::prelude::*;

use crate::python::shown;
use crate::venue::NEVER_NS;

/// Holds the time: keeps the contract of `mainspring.lane.LaneClock`.
#[pyclass(name = "LaneClock", module = "mainspring_native._native", frozen)]
pub struct PyLaneClock {
    now_ns: AtomicI64,
    timer_ns: AtomicI64,
}

impl PyLaneClock {
    /// The time, in nanoseconds since the Unix epoch.
    pub fn now_ns(&self) -> i64 {
        self.now_ns.load(Relaxed)
    }

    /// When the next of the strategies' timers is due.
    pub fn timer_ns(&self) -> i64 {
        self.timer_ns.load(Relaxed)
    }

    /// Sets the time, which never goes back; returns it.
    pub fn advance(&self, now_ns: i64) -> i64 {
        self.now_ns.fetch_max(now_ns, Relaxed).max(now_ns)
    }
}

#[pymethods]
impl PyLaneClock {
    #[new]
    #[pyo3(signature = (now_ns=0))]
    pub fn new(now_ns: i64) -> Self {
        PyLaneClock { now_ns: AtomicI64::new(now_ns), timer_ns: AtomicI64::new(NEVER_NS) }
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyLaneClock>()?;
    // Where the fields are, any object tells.
    let one = Bound::new(module.py(), PyLaneClock::new(0))?;
    let field = |name, of: &AtomicI64| (name, ffi::Py_T_LONGLONG, of.as_ptr().addr());
    let PyLaneClock { now_ns, timer_ns } = one.get();
    shown::define_writable(one.as_any(), [field(c"now_ns", now_ns), field(c"timer_ns", timer_ns)])
}
