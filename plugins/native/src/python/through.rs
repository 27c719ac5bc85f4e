//! Attributes of a class of Python's that read a field of the native object that a slot of theirs holds: what
//! `property(attrgetter("slot.field"))` does, without its two calls and three look-ups.

use std::cell::Cell;
use std::ffi::{CString, c_void};
use std::ptr;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::python::shown;

/// How such an attribute reads.
struct Through {
    /// The slot's name, and where it is in the class's objects.
    slot: Py<PyString>,
    offset: usize,
    field: Py<PyString>,
    /// The class of what the slot held when it was last read, and that class's field if it is read in place.
    met: Cell<(*mut ffi::PyTypeObject, *mut ffi::PyMemberDef)>,
}

impl Through {
    /// # Safety
    ///
    /// `object` is of the class that `self` was made for, and the GIL is held.
    unsafe fn read(&self, py: Python<'_>, object: *mut ffi::PyObject) -> *mut ffi::PyObject {
        // SAFETY: that slot is at this offset in each object of the class. What it holds is a live object, and lives on meanwhile.
        unsafe {
            let held = *object.byte_add(self.offset).cast::<*mut ffi::PyObject>();
            if !held.is_null() {
                let class = ffi::Py_TYPE(held);
                if self.met.get().0 != class {
                    let field = self.field.to_str(py).map_or(ptr::null_mut(), |name| shown::field(py, class, name));
                    self.met.set((class, field));
                }
                let field = self.met.get().1;
                if !field.is_null() {
                    return ffi::PyMember_GetOne(held.cast(), field);
                }
            }
            let object = Borrowed::from_ptr(py, object);
            match object.getattr(&self.slot).and_then(|held| held.getattr(&self.field)) {
                Ok(value) => value.into_ptr(),
                Err(error) => {
                    error.restore(py);
                    ptr::null_mut()
                }
            }
        }
    }
}

unsafe extern "C" fn get(object: *mut ffi::PyObject, through: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: CPython calls with the GIL held, an object that the descriptor has seen to, and what `read_through` gave it.
    unsafe { (*through.cast::<Through>()).read(Python::assume_attached(), object) }
}

/// Where a slot is in a class's objects: one of them shows it.
fn offset_of(class: &Bound<'_, PyType>, slot: &Bound<'_, PyString>) -> PyResult<usize> {
    let py = class.py();
    let object_class = py.get_type::<PyAny>();
    let (object, held) = (object_class.call_method1("__new__", (class,))?, object_class.call0()?);
    object.setattr(slot, &held)?;
    let size: usize = class.getattr("__basicsize__")?.extract()?;
    // SAFETY: an object has as many bytes at least, all of which CPython has written, and is aligned for pointers.
    let words = unsafe { std::slice::from_raw_parts(object.as_ptr().cast::<usize>(), size / size_of::<usize>()) };
    let found = words.iter().position(|word| *word == held.as_ptr().addr());
    let at = found.ok_or_else(|| PyTypeError::new_err(format!("{slot} is no slot of {class}")))?;
    Ok(at * size_of::<usize>())
}

/// Gives a class of Python's an attribute that reads `slot.field` of its objects, and can't be set; unless no class here has a field of
/// that name that is read in place.
#[pyfunction]
fn read_through(
    of: &Bound<'_, PyType>,
    name: &Bound<'_, PyString>,
    slot: &Bound<'_, PyString>,
    field: &Bound<'_, PyString>,
) -> PyResult<()> {
    let py = of.py();
    if !shown::any_has(py, field.to_str()?) {
        return Ok(());
    }
    let through = Through {
        offset: offset_of(of, slot)?,
        slot: slot.clone().unbind(),
        field: field.clone().unbind(),
        met: Cell::new((ptr::null_mut(), ptr::null_mut())),
    };
    // What a class has lives as long as it: these live as long as the process.
    let text = Box::leak(CString::new(name.to_str()?)?.into_boxed_c_str());
    let definition = Box::leak(Box::new(ffi::PyGetSetDef {
        name: text.as_ptr(),
        get: Some(get),
        set: None,
        doc: ptr::null(),
        closure: ptr::from_ref(Box::leak(Box::new(through))).cast_mut().cast(),
    }));
    // SAFETY: the definition stays, and its function is that of such an attribute.
    let made = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewGetSet(of.as_type_ptr(), definition))? };
    of.setattr(name, made)
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_through, module)?)
}
