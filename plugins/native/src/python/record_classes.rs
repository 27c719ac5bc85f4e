//! The classes of the order log's records, and their fields where they lie in an object.
//!
//! The classes are msgspec's. Their fields lie at fixed places in an object, found once by looking for known values in one.

use std::ffi::c_void;

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple, PyType};

use crate::book::Side;
use crate::orders::record::{Decimal, Fill, NewOrder, Request, TimeInForce};

/// A class of records, and where its fields are in an object.
pub struct Class {
    pub class: Py<PyType>,
    alloc: ffi::allocfunc,
    at: [usize; MOST_FIELDS],
}

const MOST_FIELDS: usize = 12;

/// What is known of Python, looked up once.
pub struct Known {
    /// In the order of `NAMES`.
    pub classes: Vec<Class>,
    pub sides: [Py<PyAny>; 2],
    pub kinds: [Py<PyAny>; 2],
    pub times_in_force: [Py<PyAny>; 5],
    pub requests: [Py<PyAny>; 3],
    pub decimal: Py<PyType>,
}

/// The classes and their fields, those of the most frequent records first.
const NAMES: [(&str, &[&str]); 18] = [
    ("SubmitRequested", &["time_ns", "order"]),
    ("RequestApproved", &["time_ns", "order_id", "request"]),
    ("Accepted", &["order_id", "instrument", "time_ns"]),
    ("CancelRequested", &["time_ns", "order_id"]),
    ("Cancelled", &["order_id", "instrument", "time_ns", "remaining_lots", "reason"]),
    (
        "Fill",
        &[
            "order_id",
            "instrument",
            "time_ns",
            "fill_id",
            "side",
            "price_ticks",
            "size_lots",
            "maker",
            "fee_ppb",
            "fee_amount",
            "fee_currency",
        ],
    ),
    ("ReplaceRequested", &["time_ns", "order_id", "price_ticks", "size_lots"]),
    ("Replaced", &["order_id", "instrument", "time_ns", "price_ticks", "size_lots"]),
    ("RequestRefused", &["time_ns", "order_id", "reason", "detail", "request"]),
    ("Rejected", &["order_id", "instrument", "time_ns", "reason", "request"]),
    ("Expired", &["order_id", "instrument", "time_ns", "remaining_lots", "reason"]),
    ("SessionStarted", &["time_ns", "session", "lane"]),
    ("MarkedUnknown", &["time_ns", "order_id", "reason"]),
    ("Discrepancy", &["time_ns", "order_id", "instrument", "what", "detail"]),
    ("DiscrepancyCleared", &["time_ns", "instrument"]),
    (
        "NewOrder",
        &[
            "order_id",
            "instrument",
            "side",
            "kind",
            "price_ticks",
            "size_lots",
            "created_ns",
            "time_in_force",
            "post_only",
            "strategy",
            "expires_ns",
            "reduce_only",
        ],
    ),
    ("CancelRequest", &["order_id", "instrument", "created_ns", "strategy"]),
    ("ReplaceRequest", &["order_id", "instrument", "price_ticks", "size_lots", "created_ns", "strategy"]),
];
pub const SUBMIT: usize = 0;
pub const APPROVED: usize = 1;
pub const ACCEPTED: usize = 2;
pub const CANCEL: usize = 3;
pub const CANCELLED: usize = 4;
pub const FILL: usize = 5;
pub const REPLACE: usize = 6;
pub const REPLACED: usize = 7;
pub const REFUSED: usize = 8;
pub const REJECTED: usize = 9;
pub const EXPIRED: usize = 10;
pub const SESSION: usize = 11;
pub const UNKNOWN: usize = 12;
pub const DISCREPANCY: usize = 13;
pub const CLEARED: usize = 14;
pub const ORDER: usize = 15;
pub const CANCEL_REQUEST: usize = 16;
pub const REPLACE_REQUEST: usize = 17;

static KNOWN: PyOnceLock<Known> = PyOnceLock::new();

/// See `Known`.
pub fn known(py: Python<'_>) -> PyResult<&Known> {
    KNOWN.get_or_try_init(py, || {
        let model = py.import("mainspring.model")?;
        let side = model.getattr("Side")?;
        let text = |name: &str| PyString::intern(py, name).into_any().unbind();
        Ok(Known {
            classes: NAMES
                .iter()
                .map(|(name, fields)| Class::new(&model.getattr(*name)?.cast_into::<PyType>()?, fields))
                .collect::<PyResult<_>>()?,
            sides: [side.getattr("BUY")?.unbind(), side.getattr("SELL")?.unbind()],
            kinds: ["limit", "market"].map(text),
            times_in_force: TimeInForce::ALL.map(|one| text(one.name())),
            requests: ["new", "cancel", "replace"].map(text),
            decimal: py.import("decimal")?.getattr("Decimal")?.cast_into::<PyType>()?.unbind(),
        })
    })
}

impl Class {
    fn new(class: &Bound<'_, PyType>, fields: &[&str]) -> PyResult<Class> {
        let py = class.py();
        let unknown = || {
            PyRuntimeError::new_err(format!(
                "the fields of {class} aren't where msgspec had them; set records.plugin = \"python\", or install the \
                 release of msgspec that constraints.txt names"
            ))
        };
        let names: Vec<String> = class.getattr("__struct_fields__")?.extract()?;
        let collected = class.getattr("__flags__")?.extract::<std::ffi::c_ulong>()? & ffi::Py_TPFLAGS_HAVE_GC != 0;
        if names != fields || collected {
            return Err(unknown());
        }
        // A decimal, since a fill asks whether its fee is one.
        let decimal = py.import("decimal")?.getattr("Decimal")?;
        let values = (0..fields.len()).map(|at| decimal.call1((at,))).collect::<PyResult<Vec<_>>>()?;
        let object = class.call1(PyTuple::new(py, &values)?)?;
        let words = class.getattr("__basicsize__")?.extract::<usize>()? / size_of::<usize>();
        let mut at = [0; MOST_FIELDS];
        for (place, value) in at.iter_mut().zip(&values) {
            // SAFETY: an object has `__basicsize__` bytes at least, and begins at a multiple of a word.
            let found = (0..words).find(|&word| unsafe { word_at(object.as_ptr(), word) } == value.as_ptr());
            *place = found.ok_or_else(unknown)?;
        }
        // SAFETY: it is a type, and `tp_alloc` is never null in one that is ready.
        let alloc = unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), ffi::Py_tp_alloc) };
        if alloc.is_null() {
            return Err(unknown());
        }
        // SAFETY: it is what `tp_alloc` holds, which has this type.
        let alloc = unsafe { std::mem::transmute::<*mut c_void, ffi::allocfunc>(alloc) };
        Ok(Class { class: class.clone().unbind(), alloc, at })
    }

    /// Makes an object of these values, in the order of the fields.
    pub fn make<'py, const N: usize>(
        &self,
        py: Python<'py>,
        values: [Bound<'py, PyAny>; N],
    ) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the GIL is held. `tp_alloc` returns a new reference to an object of zeros, or null with an exception set.
        let made = unsafe { Bound::from_owned_ptr_or_err(py, (self.alloc)(self.class.as_ptr().cast(), 0))? };
        for (value, at) in values.into_iter().zip(self.at) {
            // SAFETY: nobody else has the object yet. The place is that of a field, which is null, and which owns what is
            // put there as the object is deallocated.
            unsafe { *made.as_ptr().cast::<*mut ffi::PyObject>().add(at) = value.into_ptr() };
        }
        Ok(made)
    }
}

/// # Safety
///
/// The object has so many words.
unsafe fn word_at(object: *mut ffi::PyObject, word: usize) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    unsafe { *object.cast::<*mut ffi::PyObject>().add(word) }
}

/// The fields of an object whose class is known exactly. What isn't of the usual type is `None`.
#[derive(Clone, Copy)]
pub struct Fields<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    class: &'a Class,
    known: &'a Known,
}

impl<'a, 'py> Fields<'a, 'py> {
    #[inline]
    pub fn of(object: &'a Bound<'py, PyAny>, known: &'a Known, class: usize) -> Self {
        Fields { object, class: &known.classes[class], known }
    }

    /// The fields of an object; `None` if it isn't of exactly that class.
    pub fn of_exactly(object: &'a Bound<'py, PyAny>, known: &'a Known, class: usize) -> Option<Self> {
        object.get_type().is(known.classes[class].class.bind(object.py())).then(|| Fields::of(object, known, class))
    }

    #[inline]
    pub fn get(self, field: usize) -> *mut ffi::PyObject {
        // SAFETY: the object is of the class, whose field is at this place.
        unsafe { word_at(self.object.as_ptr(), self.class.at[field]) }
    }

    #[inline]
    pub fn number(self, field: usize) -> Option<i64> {
        let value = self.get(field);
        // SAFETY: the GIL is held, and the object keeps its field alive. It is null only if it was deleted.
        unsafe {
            if value.is_null() || ffi::PyLong_CheckExact(value) == 0 {
                return None;
            }
            let mut overflow = 0;
            let number = ffi::PyLong_AsLongLongAndOverflow(value, &mut overflow);
            (overflow == 0).then_some(number)
        }
    }

    #[inline]
    pub fn numbers<const N: usize>(self, fields: [usize; N]) -> Option<[i64; N]> {
        let mut numbers = [0; N];
        for (number, field) in numbers.iter_mut().zip(fields) {
            *number = self.number(field)?;
        }
        Some(numbers)
    }

    #[inline]
    pub fn text(self, field: usize) -> Option<&'a str> {
        let value = self.get(field);
        // SAFETY: the GIL is held. The bytes belong to the text, which the object keeps alive; it is frozen.
        unsafe {
            if value.is_null() || ffi::PyUnicode_CheckExact(value) == 0 {
                return None;
            }
            let mut length = 0;
            let bytes = ffi::PyUnicode_AsUTF8AndSize(value, &mut length);
            if bytes.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize);
            Some(std::str::from_utf8_unchecked(bytes))
        }
    }

    /// Which of these it is: each exists once, and texts of the same letters are found, too.
    #[inline]
    pub fn choice(self, field: usize, choices: &[Py<PyAny>]) -> Option<usize> {
        let value = self.get(field);
        choices.iter().position(|choice| choice.as_ptr() == value).or_else(|| self.by_letters(field, choices))
    }

    #[cold]
    fn by_letters(self, field: usize, choices: &[Py<PyAny>]) -> Option<usize> {
        let (text, py) = (self.text(field)?, self.object.py());
        choices.iter().position(|choice| choice.extract::<&str>(py).is_ok_and(|choice| choice == text))
    }

    #[inline]
    pub fn flag(self, field: usize) -> Option<bool> {
        let value = self.get(field);
        // SAFETY: the GIL is held.
        unsafe { if value == ffi::Py_True() { Some(true) } else { (value == ffi::Py_False()).then_some(false) } }
    }

    fn side(self, field: usize) -> Option<Side> {
        Some([Side::Buy, Side::Sell][self.choice(field, &self.known.sides)?])
    }

    pub fn request(self, field: usize) -> Option<Request> {
        Some([Request::New, Request::Cancel, Request::Replace][self.choice(field, &self.known.requests)?])
    }

    /// A decimal of the short form, or none.
    fn decimal(self, field: usize) -> Option<Option<Decimal<'static>>> {
        let value = self.get(field);
        // SAFETY: the GIL is held, and the object keeps its field alive. It is null only if it was deleted.
        unsafe {
            if value == ffi::Py_None() {
                return Some(None);
            }
            if value.is_null() || ffi::Py_TYPE(value) != self.known.decimal.as_ptr().cast() {
                return None;
            }
        }
        // SAFETY: as above.
        let value = unsafe { Bound::from_borrowed_ptr(self.object.py(), value) };
        Decimal::short(value.str().ok()?.to_str().ok()?).map(Some)
    }

    pub fn order(self) -> Option<NewOrder<'a>> {
        let [order_id, instrument, price_ticks, size_lots, created_ns, expires_ns] =
            self.numbers([0, 1, 4, 5, 6, 10])?;
        Some(NewOrder {
            order_id,
            instrument,
            side: self.side(2)?,
            limit: self.choice(3, &self.known.kinds)? == 0,
            price_ticks,
            size_lots,
            created_ns,
            time_in_force: TimeInForce::ALL[self.choice(7, &self.known.times_in_force)?],
            post_only: self.flag(8)?,
            strategy: self.text(9)?,
            expires_ns,
            reduce_only: self.flag(11)?,
        })
    }

    pub fn fill(self) -> Option<Fill<'a>> {
        let [order_id, instrument, time_ns, fill_id, price_ticks, size_lots, fee_ppb] =
            self.numbers([0, 1, 2, 3, 5, 6, 8])?;
        let fee_currency = self.text(10)?;
        Some(Fill {
            time_ns,
            order_id,
            instrument,
            fill_id,
            side: self.side(4)?,
            price_ticks,
            size_lots,
            maker: self.flag(7)?,
            fee_ppb,
            fee_amount: self.decimal(9)?,
            fee_currency,
        })
    }
}
