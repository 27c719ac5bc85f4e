//! Levels in JSON: arrays of pairs or of objects, with prices and sizes as text or as numbers.
//!
//! As in `json`, `None` is for anything unusual as well as for anything wrong.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::exact::Step;
use crate::form::Form;
use crate::wire::fields::{Grid, Rows, Shape};
use crate::wire::json::{after, entries, items, skip, space};
use crate::wire::json_units::{decimal, number_units, quick_decimal};
use crate::wire::simd::clean;

/// How a level that is an object begins, and what stands before its size, where it is written without spaces.
#[derive(Clone, Debug)]
struct Compact {
    before_price: Vec<u8>,
    before_size: Vec<u8>,
}

/// The form of one declaration's levels.
#[derive(Clone, Debug)]
pub struct Levels {
    rows: Rows,
    /// Where they are objects: how these are written without spaces.
    compact: Option<Compact>,
    /// Whether they are pairs of texts, the price first.
    pairs: bool,
}

impl Levels {
    /// The form that a declaration gives.
    pub fn new(rows: &Rows) -> Levels {
        let pairs = !rows.number && rows.shape == Shape::Places(0, 1);
        Levels { rows: rows.clone(), compact: compact(rows), pairs }
    }

    /// The levels of the array at `at`; returns the place behind it. `layout` is how the last level was written.
    #[inline]
    pub fn read(
        &self,
        data: &[u8],
        at: usize,
        grid: &Grid,
        layout: &mut Layout,
        arena: &mut Vec<Level>,
    ) -> Option<usize> {
        if *data.get(at)? != b'[' {
            return None;
        }
        let mut at = space(data, at + 1);
        if *data.get(at)? == b']' {
            return Some(at + 1);
        }
        let Levels { rows, compact, pairs } = self;
        loop {
            let (level, end) = match compact {
                None if *pairs => match layout.pair(data, at, grid) {
                    Some(read) => read,
                    None => layout.learn(data, at, grid).or_else(|| unusual_level(data, at, rows, grid))?,
                },
                Some(compact) => compact_level(data, at, compact, rows.number, grid)
                    .or_else(|| unusual_level(data, at, rows, grid))?,
                None => unusual_level(data, at, rows, grid)?,
            };
            arena.push(level);
            match *data.get(end)? {
                b',' => at = space(data, end + 1),
                b']' => return Some(end + 1),
                _ => {
                    at = space(data, end);
                    match *data.get(at)? {
                        b',' => at = space(data, at + 1),
                        b']' => return Some(at + 1),
                        _ => return None,
                    }
                }
            }
        }
    }
}

fn compact(rows: &Rows) -> Option<Compact> {
    let Shape::Keys(price, size) = &rows.shape else { return None };
    let quote = if rows.number { "" } else { "\"" };
    Some(Compact {
        before_price: format!("{{\"{price}\":{quote}").into_bytes(),
        before_size: format!("{quote},\"{size}\":{quote}").into_bytes(),
    })
}

/// How the last level such as `["61837.63","0.5"]` was written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    price: Form,
    size: Form,
}

impl Layout {
    /// The level at `at`, if it is written as the last one, and the place behind it.
    #[inline(always)]
    fn pair(&self, data: &[u8], at: usize, grid: &Grid) -> Option<(Level, usize)> {
        let (price, middle) = self.price.units(data, at + 2, &grid.tick)?;
        let (lots, close) = self.size.units(data, middle + 3, &grid.lot)?;
        let written = *data.get(at..at + 2)? == *b"[\""
            && *data.get(middle..middle + 3)? == *b"\",\""
            && *data.get(close..close + 2)? == *b"\"]";
        written.then_some((Level { price, lots }, close + 2))
    }

    /// The level at `at`, and the place behind it. Takes its layout down.
    #[inline]
    fn learn(&mut self, data: &[u8], at: usize, grid: &Grid) -> Option<(Level, usize)> {
        let (level, middle, end) = text_pair(data, at, grid)?;
        self.price = Form::of(&data[at + 2..middle], &grid.tick);
        self.size = Form::of(&data[middle + 3..end - 2], &grid.lot);
        Some((level, end))
    }
}

/// A level such as `["61837.63","0.5"]`: the place behind its price, and the one behind it all.
#[inline(always)]
fn text_pair(data: &[u8], at: usize, grid: &Grid) -> Option<(Level, usize, usize)> {
    if data.get(at..at + 2)? != b"[\"" {
        return None;
    }
    let (price, middle) = quick_decimal(data, at + 2, &grid.tick)?;
    if data.get(middle..middle + 3)? != b"\",\"" {
        return None;
    }
    let (lots, end) = quick_decimal(data, middle + 3, &grid.lot)?;
    (data.get(end..end + 2)? == b"\"]").then_some((Level { price, lots }, middle, end + 2))
}

/// A level such as `{"p":61837.63,"s":0.5}`. Numbers are written in ever other lengths, so that nothing is foreseen here.
#[inline(always)]
fn compact_level(data: &[u8], at: usize, compact: &Compact, number: bool, grid: &Grid) -> Option<(Level, usize)> {
    let read = if number { number_units } else { quick_decimal };
    let at = after(data, at, &compact.before_price)?;
    let (price, end) = read(data, at, &grid.tick)?;
    let at = after(data, end, &compact.before_size)?;
    let (lots, end) = read(data, at, &grid.lot)?;
    let end = after(data, end, if number { b"}" } else { b"\"}" })?;
    Some((Level { price, lots }, end))
}

/// A level of any writing, after a check that all of it is clean: a template has identified the message without that check.
fn unusual_level(data: &[u8], at: usize, rows: &Rows, grid: &Grid) -> Option<(Level, usize)> {
    let (level, end) = level(data, at, rows, grid)?;
    clean(&data[at..end]).then_some((level, end))
}

/// A level of any writing.
fn level(data: &[u8], at: usize, rows: &Rows, grid: &Grid) -> Option<(Level, usize)> {
    let (mut price, mut lots) = (None, None);
    let units = |at: usize, step: &Step| {
        if rows.number {
            number_units(data, at, step)
        } else if *data.get(at)? == b'"' {
            let (units, end) = decimal(data, at + 1, step)?;
            (*data.get(end)? == b'"').then_some((units, end + 1))
        } else {
            None
        }
    };
    let mut value = |at: usize, is_price: bool, is_size: bool| {
        if is_price && is_size {
            return None;
        }
        let place = if is_price { &mut price } else { &mut lots };
        if !is_price && !is_size {
            return skip(data, at, 1).map(|(end, _)| end);
        }
        let (found, end) = units(at, if is_price { &grid.tick } else { &grid.lot })?;
        // A key that comes twice is one for the general way.
        place.replace(found).is_none().then_some(end)
    };
    let end = match (&rows.shape, *data.get(at)?) {
        (&Shape::Places(price, size), b'[') => items(data, at, |at, index| value(at, index == price, index == size))?,
        (Shape::Keys(price, size), b'{') => {
            entries(data, at, |at, key| value(at, key == price.as_bytes(), key == size.as_bytes()))?
        }
        _ => return None,
    };
    Some((Level { price: price?, lots: lots? }, end))
}
