//! A strategy whose body runs as it stands, called by the trading kernel.

#![forbid(unsafe_code)]

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::kernel::strategy::Strategy;
use crate::kernel::view::{BUFFER, MarketView, Request};
use crate::python::call::call;

/// A strategy's body, bound to the records that it reads and writes.
pub struct Plain {
    bind: Py<PyAny>,
    /// The address of the views that `calls` are bound to.
    bound: usize,
    /// What calls the body about each market.
    calls: Vec<Py<PyAny>>,
    /// The buffer that the body writes to: it stays where it is, unlike the kernel's.
    rows: Box<[Request; BUFFER]>,
    raised: Option<PyErr>,
}

impl Plain {
    /// `bind` takes the addresses of the views and of the buffer, and returns what calls the body about each market.
    pub fn new(bind: Py<PyAny>) -> Plain {
        Plain { bind, bound: 0, calls: Vec::new(), rows: Box::new([Request::EMPTY; BUFFER]), raised: None }
    }

    /// The error, with what the body raised as its cause.
    pub fn because(&mut self, py: Python<'_>, error: PyErr) -> PyErr {
        error.set_cause(py, self.raised.take());
        error
    }

    /// Shows the garbage collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.bind)?;
        self.calls.iter().try_for_each(|call| visit.call(call))
    }

    /// Lets go of what was bound, which leads to the strategy.
    pub fn clear(&mut self) {
        (self.calls, self.bound, self.raised) = (Vec::new(), 0, None);
    }

    fn enter(&mut self, py: Python<'_>, views: usize, market: usize) -> PyResult<()> {
        let rows = self.rows.as_mut_ptr().expose_provenance();
        if views != self.bound {
            self.calls = self.bind.bind(py).call1((views, rows))?.extract()?;
            self.bound = views;
        }
        call(self.calls[market].bind(py), [])?;
        Ok(())
    }
}

impl Strategy for Plain {
    fn call(&mut self, views: &mut [MarketView], market: usize, requests: &mut [Request; BUFFER]) -> bool {
        // Exposed at each call, since Python reads the views and writes the rows by their addresses.
        let address = views.as_mut_ptr().expose_provenance();
        self.rows[0] = requests[0];
        match Python::attach(|py| self.enter(py, address, market)) {
            Ok(()) => {
                let asked = self.rows[0].action.clamp(0, BUFFER as i64 - 1) as usize;
                requests[..=asked].copy_from_slice(&self.rows[..=asked]);
                true
            }
            Err(error) => {
                self.raised = Some(error);
                false
            }
        }
    }
}
