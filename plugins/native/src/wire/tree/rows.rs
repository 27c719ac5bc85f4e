//! Rows of levels straight from their bytes, each written as one before it.
//!
//! `None` is for anything unusual as well as for anything wrong: the tape then has to tell.

#![forbid(unsafe_code)]

use crate::mantissa::{Mantissa, mantissa};
use crate::wire::json_text::quote;
use crate::wire::literal::Literal;
use crate::wire::simd::clean;
use crate::wire::tree::node::{Kind, Message, Span};
use crate::wire::tree::shape::number;
use crate::wire::tree::tape::Tape;
use crate::wire::tree::units::Unit;

/// The most writings of rows that are told apart, and how many rows are examined for them.
const MAX_SHAPES: usize = 4;
const MAX_LESSONS: usize = 16;

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// The price.
    Price,
    /// The size.
    Size,
    /// The side.
    Side,
    /// Whether the level is deleted.
    Deletes,
    /// Nothing.
    Nothing,
}

/// What the cells of a row say, as far as they are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cells {
    /// The price in ticks.
    pub ticks: i64,
    /// The size in lots.
    pub lots: i64,
    /// Whether a minus sign stands before the size.
    pub minus: bool,
    /// Where the price stands, if it is text.
    pub price: Span,
    /// Where the size stands, likewise.
    pub size: Span,
    /// Where the side stands.
    pub side: Span,
    /// Where it stands whether the level is deleted.
    pub deletes: Span,
}

/// How prices and sizes are read.
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a> {
    /// Prices.
    pub ticks: &'a Unit,
    /// Sizes.
    pub lots: &'a Unit,
    /// Whether a size may have a sign.
    pub signed: bool,
}

/// How the rows of one declaration are written.
#[derive(Clone, Debug, Default)]
pub struct RowShapes {
    shapes: Vec<RowShape>,
    last: usize,
    lessons: usize,
}

#[derive(Clone, Debug)]
struct RowShape {
    cells: Vec<Cell>,
    end: Literal,
}

#[derive(Clone, Debug)]
struct Cell {
    before: Literal,
    says: Says,
    text: bool,
}

impl RowShapes {
    /// Reads the row at `at` into `cells`, and returns the place behind it. `says` tells the nodes of a row apart, once its
    /// tape is there.
    #[inline]
    pub fn read(
        &mut self,
        raw: &[u8],
        at: usize,
        grid: Grid<'_>,
        cells: &mut Cells,
        says: impl Fn(&Message<'_>) -> Option<Vec<(usize, Says)>>,
    ) -> Option<usize> {
        if let Some(end) = self.shapes.get(self.last).and_then(|shape| shape.read(raw, at, grid, cells)) {
            return Some(end);
        }
        for (place, shape) in self.shapes.iter().enumerate() {
            if let Some(end) = shape.read(raw, at, grid, cells) {
                self.last = place;
                return Some(end);
            }
        }
        self.learn(raw, at, grid, cells, says)
    }

    #[cold]
    fn learn(
        &mut self,
        raw: &[u8],
        at: usize,
        grid: Grid<'_>,
        cells: &mut Cells,
        says: impl Fn(&Message<'_>) -> Option<Vec<(usize, Says)>>,
    ) -> Option<usize> {
        if self.shapes.len() == MAX_SHAPES || self.lessons == MAX_LESSONS {
            return None;
        }
        self.lessons += 1;
        let mut tape = Tape::default();
        let message = tape.read_part(raw, at)?;
        let end = message.node(0).end as usize;
        if !clean(&raw[at..end]) {
            return None;
        }
        let shape = RowShape::new(&message, at, end, &says(&message)?)?;
        let read = shape.read(raw, at, grid, cells)?;
        self.last = self.shapes.len();
        self.shapes.push(shape);
        Some(read)
    }
}

impl RowShape {
    /// `says` are the cells that say something, by node.
    fn new(message: &Message<'_>, start: usize, end: usize, says: &[(usize, Says)]) -> Option<RowShape> {
        let values = message.children(0)?;
        if values.iter().any(|&value| message.children(value).is_some()) {
            return None;
        }
        let (mut cells, mut from) = (Vec::new(), start);
        for value in values {
            let node = message.node(value);
            let text = node.kind == Kind::Text;
            if !text && !matches!(node.kind, Kind::Integer | Kind::Float) {
                continue;
            }
            let says = says.iter().find(|(at, _)| *at == value).map_or(Says::Nothing, |(_, says)| *says);
            let before = Literal::new(&message.raw[from..node.start as usize]);
            cells.push(Cell { before, says, text });
            from = node.end as usize;
        }
        let read = |what: Says| cells.iter().filter(|cell| cell.says == what).count() == 1;
        // What says the side or a deletion is compared as text.
        let texts = cells.iter().all(|cell| cell.text || !matches!(cell.says, Says::Side | Says::Deletes));
        let whole = says.iter().all(|(_, says)| read(*says)) && read(Says::Price) && read(Says::Size) && texts;
        whole.then(|| RowShape { cells, end: Literal::new(&message.raw[from..end]) })
    }

    #[inline]
    fn read(&self, raw: &[u8], mut at: usize, grid: Grid<'_>, found: &mut Cells) -> Option<usize> {
        for cell in &self.cells {
            at = cell.before.skip(raw, at)?;
            let start = at as u32;
            let span = |end: usize| Span { own: false, start, end: end as u32 };
            match cell.says {
                Says::Price => {
                    (found.ticks, at) = cell.units(raw, at, grid.ticks)?;
                    found.price = span(if cell.text { at } else { start as usize });
                }
                Says::Size => {
                    let minus = grid.signed && raw.get(at) == Some(&b'-');
                    if minus && !raw.get(at + 1)?.is_ascii_digit() {
                        return None;
                    }
                    (found.lots, at) = cell.units(raw, at + usize::from(minus), grid.lots)?;
                    // A zero that is a number has no side.
                    let is_digit = |byte: &u8| (b'1'..=b'9').contains(byte);
                    found.minus = minus && (cell.text || raw[start as usize..at].iter().any(is_digit));
                    found.size = span(if cell.text { at } else { start as usize });
                }
                Says::Side => (at, found.side) = cell.text_at(raw, at)?,
                Says::Deletes => (at, found.deletes) = cell.text_at(raw, at)?,
                Says::Nothing => at = if cell.text { quote(raw, at)? } else { number(raw, at)?.0 },
            }
        }
        self.end.skip(raw, at)
    }
}

impl Cell {
    #[inline(always)]
    fn text_at(&self, raw: &[u8], at: usize) -> Option<(usize, Span)> {
        let end = quote(raw, at)?;
        Some((end, Span { own: false, start: at as u32, end: end as u32 }))
    }

    /// The whole steps of the value at `at`, and the place behind it.
    #[inline(always)]
    fn units(&self, raw: &[u8], at: usize, unit: &Unit) -> Option<(i64, usize)> {
        if let Some(step) = unit.exact_step()
            && let Some(Mantissa { value, places, end }) = mantissa(raw, at)
            && self.ends(raw, at, end, places)
            && let Some(units) = step.units_from_mantissa(value, places)
        {
            return Some((units, end));
        }
        self.unusual(raw, at, unit)
    }

    /// Whether a value has been read whole: to the quote of a text, and a number without leading zeros and exponent.
    #[inline(always)]
    fn ends(&self, raw: &[u8], at: usize, end: usize, places: usize) -> bool {
        let next = raw.get(end).copied().unwrap_or_default();
        if self.text {
            return next == b'"';
        }
        let whole = end - at - places - usize::from(places > 0);
        !matches!(next, b'e' | b'E') && (whole == 1 || raw[at] != b'0')
    }

    #[cold]
    fn unusual(&self, raw: &[u8], at: usize, unit: &Unit) -> Option<(i64, usize)> {
        let (end, kind) = if self.text { (quote(raw, at)?, Kind::Text) } else { number(raw, at)? };
        Some((unit.read(kind, raw, at, end)?, end))
    }
}
