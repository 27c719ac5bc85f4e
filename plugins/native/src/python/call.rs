//! Calls a Python class with positional arguments, without a tuple for them.

use pyo3::prelude::*;

#[cfg(not(windows))]
mod vector {
    use pyo3::ffi;

    unsafe extern "C" {
        /// Exported by CPython from 3.9 on, part of its stable ABI from 3.12 on. On Windows the stable ABI's library
        /// has no others, and the tuple has to do.
        pub fn PyObject_Vectorcall(
            callable: *mut ffi::PyObject,
            args: *const *mut ffi::PyObject,
            nargsf: usize,
            kwnames: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject;
    }
}

/// `callable(*arguments)`.
#[cfg(not(windows))]
pub fn call<'py, const N: usize>(
    callable: &Bound<'py, PyAny>,
    arguments: [&Bound<'py, PyAny>; N],
) -> PyResult<Bound<'py, PyAny>> {
    let pointers = arguments.map(Bound::as_ptr);
    // SAFETY: the GIL is held, as `callable` is bound. The pointers are those of live objects, borrowed for the call, and
    // there are N of them. What is returned is a new reference, or null with an exception set.
    unsafe {
        let made = vector::PyObject_Vectorcall(callable.as_ptr(), pointers.as_ptr(), N, std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(callable.py(), made)
    }
}

/// `callable(*arguments)`.
#[cfg(windows)]
pub fn call<'py, const N: usize>(
    callable: &Bound<'py, PyAny>,
    arguments: [&Bound<'py, PyAny>; N],
) -> PyResult<Bound<'py, PyAny>> {
    callable.call1(pyo3::types::PyTuple::new(callable.py(), arguments)?)
}
