//! A message's fields, wherever they come from: what the program asks for, by key.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::exact::Step;
use crate::wire::value::{Fault, Is, Value};

/// A key that a declaration names, and its number among the keys of the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its number.
    pub id: usize,
    /// Its text.
    pub name: String,
}

/// What stands under a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found<'a> {
    /// Nothing.
    Absent,
    /// A text.
    Text(&'a [u8]),
    /// A boolean.
    Flag(bool),
    /// An integer.
    Integer(i128),
    /// A number that is no integer.
    Float(f64),
    /// `null`, or bytes.
    Other,
    /// An array or an object.
    Container,
}

/// Where price and size stand in a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// At these places of its array.
    Places(usize, usize),
    /// Under these keys of its object.
    Keys(String, String),
}

/// An array of levels, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The key of the array.
    pub key: Key,
    /// Where price and size stand in each.
    pub shape: Shape,
    /// Whether they are numbers, not text.
    pub number: bool,
}

/// The grid of an instrument.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// The index of the instrument.
    pub instrument: usize,
    /// The tick size.
    pub tick: Step,
    /// A billionth of it, for prints; `None` where that is too fine.
    pub nanotick: Option<Step>,
    /// The lot size.
    pub lot: Step,
}

/// The rows of one side, as a range of the arena that they were put into.
pub type RowRange = (u32, u32);

/// The fields of one message.
///
/// There are two kinds: those that are read on the fast way, which stop without a reason for anything unusual, and those of
/// a decoded `Value`, which stop with the reason and its place.
pub trait Fields {
    /// Why reading can't go on.
    type Stop;

    /// What stands under a key.
    fn find(&self, key: &Key) -> Result<Found<'_>, Self::Stop>;

    /// Whether anything does.
    fn has(&self, key: &Key) -> bool;

    /// A price or a size in whole steps.
    fn units(&self, key: &Key, number: bool, step: &Step) -> Result<i64, Self::Stop>;

    /// The levels under a key, put into `arena`.
    fn rows(&mut self, rows: &Rows, grid: &Grid, arena: &mut Vec<Level>) -> Result<RowRange, Self::Stop>;

    /// The object under a key.
    fn inside(&self, key: &Key) -> Result<Decoded<'_>, Self::Stop>;

    /// Visits the text, or each text of the array, under a key; nothing if nothing is there.
    fn texts(&self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Result<(), Self::Stop>;

    /// The object under a key; `None` where there is something else, or nothing.
    fn object(&self, key: &Key) -> Result<Option<Decoded<'_>>, Self::Stop>;

    /// The reason to stop that the value under a key is.
    fn stop(&self, key: &Key, what: &'static str) -> Self::Stop;
}

/// The fields of a decoded object.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<'a>(pub &'a Value);

impl<'a> Decoded<'a> {
    fn found(self, key: &Key) -> Option<&'a Value> {
        self.0.member(&key.name)
    }
}

impl Fields for Decoded<'_> {
    type Stop = Fault;

    fn find(&self, key: &Key) -> Result<Found<'_>, Fault> {
        Ok(match self.found(key).map(|value| &value.is) {
            None => Found::Absent,
            Some(Is::Text(text)) => Found::Text(text.as_bytes()),
            Some(&Is::Flag(flag)) => Found::Flag(flag),
            Some(&Is::Integer(value)) => Found::Integer(value),
            Some(&Is::Float(value)) => Found::Float(value),
            Some(Is::Null | Is::Bytes) => Found::Other,
            Some(Is::Array(_) | Is::Object(_)) => Found::Container,
        })
    }

    fn has(&self, key: &Key) -> bool {
        self.found(key).is_some()
    }

    fn units(&self, key: &Key, number: bool, step: &Step) -> Result<i64, Fault> {
        let value = self.found(key).ok_or_else(|| self.0.fault("lacks a field"))?;
        units_of(value, number, step)
    }

    fn rows(&mut self, rows: &Rows, grid: &Grid, arena: &mut Vec<Level>) -> Result<RowRange, Fault> {
        let value = self.found(&rows.key).ok_or_else(|| self.0.fault("lacks a field"))?;
        let Is::Array(items) = &value.is else {
            return Err(value.fault("must be an array of levels"));
        };
        let start = arena.len() as u32;
        for item in items {
            let (price, size) = match (&rows.shape, &item.is) {
                (&Shape::Places(price, size), Is::Array(cells)) => (cells.get(price), cells.get(size)),
                (Shape::Keys(price, size), Is::Object(_)) => (item.member(price), item.member(size)),
                (Shape::Places(..), _) => return Err(item.fault("must be an array")),
                (Shape::Keys(..), _) => return Err(item.fault("must be an object")),
            };
            let price = price.ok_or_else(|| item.fault("lacks its price"))?;
            let size = size.ok_or_else(|| item.fault("lacks its size"))?;
            arena.push(Level {
                price: units_of(price, rows.number, &grid.tick)?,
                lots: units_of(size, rows.number, &grid.lot)?,
            });
        }
        Ok((start, arena.len() as u32))
    }

    fn inside(&self, key: &Key) -> Result<Decoded<'_>, Fault> {
        match self.found(key) {
            Some(value) if matches!(value.is, Is::Object(_)) => Ok(Decoded(value)),
            Some(value) => Err(value.fault("must be an object")),
            None => Err(self.0.fault("lacks a field")),
        }
    }

    fn texts(&self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        let Some(value) = self.found(key) else { return Ok(()) };
        let items = match &value.is {
            Is::Text(_) => std::slice::from_ref(value),
            Is::Array(items) => items.as_slice(),
            _ => return Err(value.fault("must be condition codes")),
        };
        for item in items {
            match &item.is {
                Is::Text(text) => visit(text.as_bytes()),
                _ => return Err(value.fault("must be condition codes")),
            }
        }
        Ok(())
    }

    fn object(&self, key: &Key) -> Result<Option<Decoded<'_>>, Fault> {
        Ok(self.found(key).filter(|value| matches!(value.is, Is::Object(_))).map(Decoded))
    }

    fn stop(&self, key: &Key, what: &'static str) -> Fault {
        self.found(key).unwrap_or(self.0).fault(what)
    }
}

fn units_of(value: &Value, number: bool, step: &Step) -> Result<i64, Fault> {
    let units = match (&value.is, number) {
        (Is::Text(text), false) => step.units_from_text(text.as_bytes()),
        (&Is::Integer(value), true) => step.units_from_integer(value),
        (&Is::Float(value), true) => step.units_from_float(value),
        (_, false) => return Err(value.fault("must be text")),
        (_, true) => return Err(value.fault("must be a number")),
    };
    units.map_err(|_| value.fault("is no whole number of steps"))
}
