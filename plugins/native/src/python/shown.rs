//! What Python reads of a market most, in the market's own object: read as a field of it, without a lock or a call.

use std::ffi::{CStr, c_int};
use std::ptr;
use std::sync::LazyLock;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU8};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::lane::market::Market;
use crate::python::guarded::Guarded;

/// The fields, each as the market's last message or call left it.
#[derive(Debug, Default)]
pub struct Shown {
    bid_ticks: AtomicI64,
    bid_lots: AtomicI64,
    ask_ticks: AtomicI64,
    ask_lots: AtomicI64,
    bbo_time_ns: AtomicI64,
    last_ticks: AtomicI64,
    last_fraction_nanoticks: AtomicI64,
    now_ns: AtomicI64,
    live: AtomicU8,
}

impl Shown {
    /// Shows a market as it stands.
    pub fn set(&self, market: &Market) {
        self.bid_ticks.store(market.bid.price, Relaxed);
        self.bid_lots.store(market.bid.lots, Relaxed);
        self.ask_ticks.store(market.ask.price, Relaxed);
        self.ask_lots.store(market.ask.lots, Relaxed);
        self.bbo_time_ns.store(market.bbo_time_ns, Relaxed);
        self.last_ticks.store(market.last_ticks, Relaxed);
        self.last_fraction_nanoticks.store(market.last_fraction_nanoticks, Relaxed);
        self.now_ns.store(market.now_ns, Relaxed);
        self.live.store(market.live.into(), Relaxed);
    }

    /// Shows a market's time.
    pub fn set_now(&self, now_ns: i64) {
        self.now_ns.store(now_ns, Relaxed);
    }

    /// The fields' names, kinds, and where they are.
    pub fn fields(&self) -> [Field; 9] {
        let number = |name, field: &AtomicI64| (name, ffi::Py_T_LONGLONG, field.as_ptr().addr());
        [
            number(c"bid_ticks", &self.bid_ticks),
            number(c"bid_lots", &self.bid_lots),
            number(c"ask_ticks", &self.ask_ticks),
            number(c"ask_lots", &self.ask_lots),
            number(c"bbo_time_ns", &self.bbo_time_ns),
            number(c"last_ticks", &self.last_ticks),
            number(c"last_fraction_nanoticks", &self.last_fraction_nanoticks),
            number(c"now_ns", &self.now_ns),
            (c"live", ffi::Py_T_BOOL, self.live.as_ptr().addr()),
        ]
    }
}

/// A field's name, kind, and address.
pub type Field = (&'static CStr, c_int, usize);

/// Each class's fields that are read in place, by the address of its type.
static DEFINED: LazyLock<Guarded<Vec<(usize, Member)>>> = LazyLock::new(Guarded::default);

/// A field as CPython defines it, for as long as the process lives.
#[derive(Clone, Copy)]
struct Member(*mut ffi::PyMemberDef);

// SAFETY: it is read only once it was made, by whoever holds the GIL.
unsafe impl Send for Member {}

impl Member {
    fn has_name(&self, name: &str) -> bool {
        // SAFETY: a definition has the name that `define_with` gave it.
        unsafe { CStr::from_ptr((*self.0).name).to_bytes() == name.as_bytes() }
    }
}

/// The field of that name in a class, if it is read in place; or null.
pub fn field(py: Python<'_>, class: *mut ffi::PyTypeObject, name: &str) -> *mut ffi::PyMemberDef {
    DEFINED.with(py, |defined| {
        let found = defined.iter().find(|(of, member)| *of == class.addr() && member.has_name(name));
        found.map_or(ptr::null_mut(), |(_, member)| member.0)
    })
}

/// Whether any class has a field of that name that is read in place.
pub fn any_has(py: Python<'_>, name: &str) -> bool {
    DEFINED.with(py, |defined| defined.iter().any(|(_, member)| member.has_name(name)))
}

/// Gives a class the attributes that read these fields in its objects; they are those of `object`.
pub fn define(object: &Bound<'_, PyAny>, fields: impl IntoIterator<Item = Field>) -> PyResult<()> {
    define_with(object, fields, ffi::Py_READONLY)
}

/// The same, and the attributes can be set.
pub fn define_writable(object: &Bound<'_, PyAny>, fields: impl IntoIterator<Item = Field>) -> PyResult<()> {
    define_with(object, fields, 0)
}

fn define_with(object: &Bound<'_, PyAny>, fields: impl IntoIterator<Item = Field>, flags: c_int) -> PyResult<()> {
    let (py, class): (_, Bound<'_, PyType>) = (object.py(), object.get_type());
    for (name, type_code, address) in fields {
        let offset = address.wrapping_sub(object.as_ptr().addr());
        let offset = offset as ffi::Py_ssize_t;
        let doc = std::ptr::null();
        let member = ffi::PyMemberDef { name: name.as_ptr(), type_code, offset, flags, doc };
        // The class lives as long as the process, and so do its attributes.
        let member = Box::leak(Box::new(member));
        // SAFETY: every object of the class has the same layout, so that the field is at this offset in each. It has the size
        // and alignment of its code's type, and whoever writes to it holds the GIL, as it is held where it is read.
        let attribute = unsafe {
            let attribute = ffi::PyDescr_NewMember(class.as_type_ptr(), member);
            Bound::from_owned_ptr_or_err(py, attribute)?
        };
        class.setattr(name.to_string_lossy().as_ref(), attribute)?;
        DEFINED.with(py, |defined| defined.push((class.as_type_ptr().addr(), Member(member))));
    }
    Ok(())
}
