//! State that Python's global lock guards, so that it costs no lock of its own.

use std::cell::{Cell, UnsafeCell};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

/// A value that is reached with the GIL held, and by one caller at a time.
pub struct Guarded<T> {
    value: UnsafeCell<T>,
    used: Cell<bool>,
}

// SAFETY: both cells are touched only with the GIL held, which one thread has at a time; the module says that it needs the GIL.
unsafe impl<T: Send> Sync for Guarded<T> {}

/// Ends the use of a value, also if its user panics.
struct Use<'a>(&'a Cell<bool>);

impl Drop for Use<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl<T> Guarded<T> {
    /// Guards a value.
    pub fn new(value: T) -> Self {
        Guarded { value: UnsafeCell::new(value), used: Cell::new(false) }
    }

    /// Uses the value. `user` runs nothing of Python's, which might come back here.
    ///
    /// # Panics
    ///
    /// If it comes back here.
    #[inline]
    pub fn with<R>(&self, _: Python<'_>, user: impl FnOnce(&mut T) -> R) -> R {
        assert!(!self.used.replace(true), "a value is used by its user");
        let _use = Use(&self.used);
        // SAFETY: the GIL is held, and nothing else uses the value.
        user(unsafe { &mut *self.value.get() })
    }

    /// Shows the value to the garbage collector, unless it is used just now: what isn't shown is kept.
    pub fn traverse(
        &self,
        visit: &PyVisit<'_>,
        show: impl FnOnce(&T, &PyVisit<'_>) -> Result<(), PyTraverseError>,
    ) -> Result<(), PyTraverseError> {
        if self.used.get() {
            return Ok(());
        }
        // SAFETY: the collector holds the GIL while it visits, and nothing uses the value.
        show(unsafe { &*self.value.get() }, visit)
    }
}

impl<T: Default> Default for Guarded<T> {
    fn default() -> Self {
        Guarded::new(T::default())
    }
}
