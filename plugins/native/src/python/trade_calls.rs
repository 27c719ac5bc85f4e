//! The calls of a market's `buy` and `sell`: where all that is given are keyword arguments whose names the interpreter has interned,
//! as it does with those in code, they are told by their addresses. Any other call is read by PyO3, which words its errors.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::python::asked::Asked;
use crate::python::own_orders::PyOwnOrders;

/// What is known of Python, looked up once.
struct Known {
    /// The names, in the order of the fields of `Asked`.
    names: [Py<PyString>; 8],
    /// `buy` and `sell` as PyO3 reads them.
    general: [Py<PyAny>; 2],
}

static KNOWN: PyOnceLock<Known> = PyOnceLock::new();

/// A call as CPython makes it: the arguments given by position, then those by name, and these names.
struct Call {
    own: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    by_position: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
}

impl Call {
    /// # Safety
    ///
    /// The call is one that CPython makes just now, of a method of `PyOwnOrders`.
    unsafe fn run(&self, py: Python<'_>, buy: bool) -> PyResult<Py<PyAny>> {
        let known = KNOWN.get(py).ok_or_else(|| PyRuntimeError::new_err("the module isn't whole"))?;
        let mut given = [ptr::null_mut(); 8];
        // SAFETY: `names` is a tuple or null, and there is an argument for each of its names.
        unsafe {
            let count = if self.names.is_null() { 0 } else { ffi::PyTuple_Size(self.names) };
            for at in 0..count {
                let name = ffi::PyTuple_GetItem(self.names, at);
                let place = known.names.iter().position(|known| known.as_ptr() == name);
                let Some(place) = place.filter(|_| self.by_position == 0) else { return self.general(known, py, buy) };
                given[place] = *self.arguments.add(at as usize);
            }
            if self.by_position != 0 {
                return self.general(known, py, buy);
            }
        }
        // SAFETY: the arguments are live objects during the call.
        let given = given.map(|one| unsafe { Borrowed::from_ptr_or_opt(py, one) });
        let [size, price, size_lots, price_ticks, time_in_force, post_only, expires_ns, reduce_only] =
            given.each_ref().map(|one| one.as_deref().filter(|one| !one.is_none()));
        let asked = Asked { size, price, size_lots, price_ticks, time_in_force, post_only, expires_ns, reduce_only };
        // SAFETY: a method's descriptor has seen to the class of its object.
        let own = unsafe { Borrowed::from_ptr(py, self.own).cast_unchecked::<PyOwnOrders>() };
        PyOwnOrders::trade(&own, buy, &asked)
    }

    /// # Safety
    ///
    /// As for `run`.
    unsafe fn general(&self, known: &Known, py: Python<'_>, buy: bool) -> PyResult<Py<PyAny>> {
        // SAFETY: there are as many arguments as are given by position and by name, and all are live objects during the call.
        let object = |pointer: *mut ffi::PyObject| unsafe { Borrowed::from_ptr(py, pointer) }.to_owned();
        // SAFETY: as above.
        let argument = |at: isize| object(unsafe { *self.arguments.offset(at) });
        let by_position = std::iter::once(object(self.own)).chain((0..self.by_position).map(argument));
        let by_position = PyTuple::new(py, by_position.collect::<Vec<_>>())?;
        let by_name = PyDict::new(py);
        // SAFETY: `names` is a tuple or null.
        let names = unsafe { Borrowed::from_ptr_or_opt(py, self.names) };
        for name in names.iter().flat_map(|names| names.try_iter()).flatten() {
            by_name.set_item(name?, argument(self.by_position + by_name.len() as isize))?;
        }
        known.general[usize::from(!buy)].call(py, by_position, Some(&by_name))
    }

    /// What `run` returns, or null with the exception set.
    ///
    /// # Safety
    ///
    /// As for `run`.
    unsafe fn answer(&self, buy: bool) -> *mut ffi::PyObject {
        // SAFETY: CPython calls with the GIL held.
        let py = unsafe { Python::assume_attached() };
        // SAFETY: the caller's.
        let done = catch_unwind(AssertUnwindSafe(|| unsafe { self.run(py, buy) }));
        let done = done.unwrap_or_else(|_| Err(PanicException::new_err("an order couldn't be asked for")));
        match done {
            Ok(handle) => handle.into_ptr(),
            Err(error) => {
                error.restore(py);
                ptr::null_mut()
            }
        }
    }
}

unsafe extern "C" fn buy(
    own: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    by_position: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: it is CPython that calls, by the descriptor that `define` makes.
    unsafe { Call { own, arguments, by_position, names }.answer(true) }
}

unsafe extern "C" fn sell(
    own: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    by_position: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as for `buy`.
    unsafe { Call { own, arguments, by_position, names }.answer(false) }
}

/// Puts these calls in the place of those that PyO3 reads.
pub fn define(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let general = [class.getattr("buy")?.unbind(), class.getattr("sell")?.unbind()];
    let names =
        ["size", "price", "size_lots", "price_ticks", "time_in_force", "post_only", "expires_ns", "reduce_only"];
    let names = names.map(|name| PyString::intern(py, name).unbind());
    // It is set once: a module is initialised once in a process.
    let _ = KNOWN.set(py, Known { names, general });
    let calls: [(&CStr, ffi::PyCFunctionFastWithKeywords, &CStr); 2] = [
        (c"buy", buy, c"buy($self, *, size=None, price=None, size_lots=None, price_ticks=None, time_in_force=None, post_only=None, expires_ns=None, reduce_only=None)\n--\n\nSee `mainspring.seams.StrategyMarket.buy`."),
        (c"sell", sell, c"sell($self, *, size=None, price=None, size_lots=None, price_ticks=None, time_in_force=None, post_only=None, expires_ns=None, reduce_only=None)\n--\n\nSee `mainspring.seams.StrategyMarket.sell`."),
    ];
    for (name, call, doc) in calls {
        // The class lives as long as the process, and so do its methods.
        let method = Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: name.as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: call },
            ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            ml_doc: doc.as_ptr(),
        }));
        // SAFETY: the flags say what kind of function it is; a new reference is returned, or null with an exception set.
        let made = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewMethod(class.as_type_ptr(), method))? };
        class.setattr(name.to_string_lossy().as_ref(), made)?;
    }
    Ok(())
}
