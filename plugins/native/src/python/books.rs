//! What Python sees of the books.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use crate::book::any::{AnyBook, STRUCTURES, Structure};
use crate::book::queues::{OrderId, RestingOrder};
use crate::book::{Book, Level, Side};
use crate::python::model;

/// A book that Python and the native decoder share. It is only used under its lock.
#[pyclass(name = "Book", module = "mainspring_native._native", frozen)]
pub struct PyBook {
    shared: Arc<Mutex<AnyBook>>,
    structure: Structure,
}

impl PyBook {
    /// The book, to be worked on elsewhere too.
    pub fn shared(&self) -> Arc<Mutex<AnyBook>> {
        Arc::clone(&self.shared)
    }

    fn lock(&self) -> MutexGuard<'_, AnyBook> {
        lock(&self.shared)
    }
}

/// Nothing that holds a book's lock panics half-way through a change; were it otherwise, the book is still memory-safe.
pub fn lock(book: &Mutex<AnyBook>) -> MutexGuard<'_, AnyBook> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

#[pymethods]
impl PyBook {
    #[new]
    pub fn new(structure: &str) -> PyResult<Self> {
        let structure = Structure::named(structure).ok_or_else(|| {
            let names = STRUCTURES.map(Structure::name).join(", ");
            PyValueError::new_err(format!("no native book is named {structure:?}; there are: {names}"))
        })?;
        Ok(PyBook { shared: Arc::new(Mutex::new(AnyBook::new(structure))), structure })
    }

    #[getter]
    fn structure(&self) -> &'static str {
        self.structure.name()
    }

    fn apply_delta(&self, bids: &Bound<'_, PyAny>, asks: &Bound<'_, PyAny>) -> PyResult<()> {
        let (bids, asks) = (rows(bids, "bids")?, rows(asks, "asks")?);
        self.lock().apply_delta(&bids, &asks);
        Ok(())
    }

    fn apply_snapshot(&self, bids: &Bound<'_, PyAny>, asks: &Bound<'_, PyAny>) -> PyResult<()> {
        let (bids, asks) = (rows(bids, "bids")?, rows(asks, "asks")?);
        self.lock().apply_snapshot(&bids, &asks);
        Ok(())
    }

    /// Takes single orders as they stand now: rows of id, side, price in ticks and lots. A structure of levels keeps none.
    pub fn apply_orders(&self, orders: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut rows = Vec::new();
        for row in orders.try_iter()? {
            let (id, side, price, lots) = row?.extract::<(Bound<'_, PyAny>, i64, i64, i64)>()?;
            let side = if side > 0 { Side::Buy } else { Side::Sell };
            rows.push(RestingOrder { id: order_id(&id)?, side, price, lots });
        }
        self.lock().apply_orders(&rows);
        Ok(())
    }

    fn queue_place<'py>(&self, py: Python<'py>, order_id: &Bound<'_, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        // No order has an id that is neither text nor an integer of 64 bits.
        let Ok(id) = self::order_id(order_id) else { return Ok(None) };
        let Some(place) = self.lock().queue_place(&id) else { return Ok(None) };
        let class = model::model(py)?.queue_place.bind(py);
        class.call1((place.price_ticks, place.size_lots, place.orders_ahead, place.lots_ahead)).map(Some)
    }

    fn orders_at<'py>(
        &self,
        py: Python<'py>,
        side: &Bound<'_, PyAny>,
        price_ticks: i64,
    ) -> PyResult<Bound<'py, PyList>> {
        let orders = self.lock().orders_at(side_of(side)?, price_ticks);
        PyList::new(py, orders.iter().map(|order| (model::order_id(py, &order.id), order.lots)))
    }

    fn clear(&self) {
        self.lock().clear();
    }

    fn bbo<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let best = self.lock().bbo();
        model::bbo(py, &best)
    }

    fn lots_at(&self, side: &Bound<'_, PyAny>, price_ticks: &Bound<'_, PyAny>) -> PyResult<i64> {
        let side = side_of(side)?;
        // No level stands at a price that is beyond 64 bits or below zero.
        Ok(price_ticks
            .extract::<i64>()
            .ok()
            .filter(|&price| price >= 0)
            .map_or(0, |price| self.lock().lots_at(side, price)))
    }

    fn depth<'py>(&self, py: Python<'py>, side: &Bound<'_, PyAny>, levels: isize) -> PyResult<Bound<'py, PyList>> {
        let side = side_of(side)?;
        let mut found = Vec::new();
        if let Ok(levels @ 1..) = usize::try_from(levels) {
            let book = self.lock();
            found.reserve(levels.min(book.len()));
            book.depth(side, levels, &mut found);
        }
        model::levels(py, &found)
    }

    fn walk<'py>(&self, py: Python<'py>, side: &Bound<'_, PyAny>, size_lots: i64) -> PyResult<Bound<'py, PyAny>> {
        let side = side_of(side)?;
        let walk = self.lock().walk(side, size_lots);
        model::walk(py, &walk)
    }

    fn __len__(&self) -> usize {
        self.lock().len()
    }

    /// The bytes that the book holds.
    fn memory_bytes(&self) -> usize {
        self.lock().memory_bytes()
    }
}

/// An id of an order: an integer, or text.
fn order_id(id: &Bound<'_, PyAny>) -> PyResult<OrderId> {
    match id.cast::<PyString>() {
        Ok(text) => Ok(OrderId::of_text(text.to_str()?.as_bytes())),
        Err(_) => id.extract().map(OrderId::Integer),
    }
}

/// `Side.BUY` is above zero, `Side.SELL` below.
fn side_of(side: &Bound<'_, PyAny>) -> PyResult<Side> {
    Ok(if side.extract::<i64>()? > 0 { Side::Buy } else { Side::Sell })
}

/// Rows of `(price_ticks, size_lots)`, all of them checked before a book sees one.
pub fn rows(given: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<Level>> {
    let mut rows = Vec::new();
    let mut take = |at: usize, row: &Bound<'_, PyAny>| -> PyResult<()> {
        let (price, lots) = match row.cast::<PyTuple>() {
            Ok(pair) if pair.len() == 2 => (pair.get_item(0)?.extract::<i64>(), pair.get_item(1)?.extract::<i64>()),
            _ => (row.get_item(0)?.extract::<i64>(), row.get_item(1)?.extract::<i64>()),
        };
        match (price, lots) {
            (Ok(price @ 0..), Ok(lots @ 0..)) => rows.push(Level { price, lots }),
            _ => {
                return Err(PyValueError::new_err(format!(
                    "{what}[{at}] must be a price in ticks and a size in lots, integers of 0 to 2**63 - 1, not {row:?}"
                )));
            }
        }
        Ok(())
    };
    if let Ok(list) = given.cast::<PyList>() {
        for (at, row) in list.iter().enumerate() {
            take(at, &row)?;
        }
    } else {
        for (at, row) in given.try_iter()?.enumerate() {
            take(at, &row?)?;
        }
    }
    Ok(rows)
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyBook>()
}
