//! Rows of levels straight from their bytes, each written as one before it.
//!
//! `None` is for anything unusual as well as for anything wrong: the tape then has to tell.

#![forbid(unsafe_code)]

use crate::mantissa::{InHalves, Mantissa, Mantissas};
use crate::wire::json_text::{quote, quote_in};
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
    #[inline(always)]
    pub fn read(
        &mut self,
        mantissas: impl Mantissas,
        raw: &[u8],
        at: usize,
        grid: Grid<'_>,
        cells: &mut Cells,
        says: impl Fn(&Message<'_>) -> Option<Vec<(usize, Says)>>,
    ) -> Option<usize> {
        // No closure: one would be compiled for any CPU, and what it calls with it.
        if let Some(shape) = self.shapes.get(self.last)
            && let Some(end) = shape.read(mantissas, 0, raw, at, grid, cells)
        {
            return Some(end);
        }
        self.read_otherwise(raw, at, grid, cells, says)
    }

    /// The same for a row that isn't written as the last one.
    #[cold]
    fn read_otherwise(
        &mut self,
        raw: &[u8],
        at: usize,
        grid: Grid<'_>,
        cells: &mut Cells,
        says: impl Fn(&Message<'_>) -> Option<Vec<(usize, Says)>>,
    ) -> Option<usize> {
        for (place, shape) in self.shapes.iter().enumerate() {
            if let Some(end) = shape.read_once(raw, at, grid, cells) {
                self.last = place;
                return Some(end);
            }
        }
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
        let read = shape.read_once(raw, at, grid, cells)?;
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
        // From the first of these bytes to the last of a decimal behind them, with its sign.
        let short = cells.iter().all(|cell| cell.before.len() + 17 <= FAR);
        let whole = says.iter().all(|(_, says)| read(*says)) && read(Says::Price) && read(Says::Size) && texts && short;
        whole.then(|| RowShape { cells, end: Literal::new(&message.raw[from..end]) })
    }

    #[inline(never)]
    fn read_once(&self, raw: &[u8], at: usize, grid: Grid<'_>, found: &mut Cells) -> Option<usize> {
        self.read(InHalves, 0, raw, at, grid, found)
    }

    /// Reads a row from one of its cells on.
    #[inline(always)]
    fn read(
        &self,
        mantissas: impl Mantissas,
        first: usize,
        raw: &[u8],
        at: usize,
        grid: Grid<'_>,
        found: &mut Cells,
    ) -> Option<usize> {
        let rest = raw.get(at..)?;
        let copy;
        let window = Window(match rest.first_chunk() {
            Some(bytes) => bytes,
            None => {
                copy = padded(rest);
                &copy
            }
        });
        let mut place = 0;
        for (at_cell, cell) in self.cells.iter().enumerate().skip(first) {
            if place > NEAR {
                return self.read_rest(at_cell, raw, at + place, grid, found);
            }
            if !cell.before.begins(window.word(place)) {
                return None;
            }
            if cell.before.len() > 8 {
                cell.before.skip(raw, at + place)?;
            }
            place += cell.before.len();
            let start = (at + place) as u32;
            let span = |end: usize| Span { own: false, start, end: (at + end) as u32 };
            match cell.says {
                Says::Price => {
                    (found.ticks, place) = cell.units(mantissas, window, raw, at, place, grid.ticks)?;
                    found.price = if cell.text { span(place) } else { Span::default() };
                }
                Says::Size => {
                    let minus = grid.signed && window.byte(place) == b'-';
                    if minus && !window.byte(place + 1).is_ascii_digit() {
                        return None;
                    }
                    (found.lots, place) =
                        cell.units(mantissas, window, raw, at, place + usize::from(minus), grid.lots)?;
                    // A zero that is a number has no side.
                    let is_digit = |byte: &u8| (b'1'..=b'9').contains(byte);
                    found.minus = minus && (cell.text || raw[start as usize..at + place].iter().any(is_digit));
                    found.size = if cell.text { span(place) } else { Span::default() };
                }
                Says::Side => {
                    place = window.quote(raw, at, place)?;
                    found.side = span(place);
                }
                Says::Deletes => {
                    place = window.quote(raw, at, place)?;
                    found.deletes = span(place);
                }
                Says::Nothing if cell.text => place = window.quote(raw, at, place)?,
                Says::Nothing => place = number(raw, at + place)?.0 - at,
            }
        }
        self.end.skip(raw, at + place)
    }

    #[cold]
    #[inline(never)]
    fn read_rest(&self, first: usize, raw: &[u8], at: usize, grid: Grid<'_>, found: &mut Cells) -> Option<usize> {
        self.read(InHalves, first, raw, at, grid, found)
    }
}

/// The bytes from some place on: what begins at one of the first `NEAR` and has `FAR` bytes at most is read without asking again
/// whether there are so many.
#[derive(Clone, Copy)]
struct Window<'a>(&'a [u8; WINDOW]);

const NEAR: usize = 64;
const FAR: usize = 63;
const WINDOW: usize = NEAR + FAR + 1 + 16;

/// Few bytes, with zeros behind them: no part of a row is a zero.
fn padded(rest: &[u8]) -> [u8; WINDOW] {
    let mut bytes = [0; WINDOW];
    bytes[..rest.len()].copy_from_slice(rest);
    bytes
}

impl Window<'_> {
    /// Up to sixteen bytes at a place that is known to lie within.
    #[inline(always)]
    fn bytes<const COUNT: usize>(&self, place: usize) -> [u8; COUNT] {
        let mut bytes = [0; COUNT];
        let place = place & (NEAR + FAR);
        bytes.copy_from_slice(&self.0[place..place + COUNT]);
        bytes
    }

    #[inline(always)]
    fn word(&self, place: usize) -> u64 {
        u64::from_le_bytes(self.bytes(place))
    }

    #[inline(always)]
    fn byte(&self, place: usize) -> u8 {
        self.bytes::<1>(place)[0]
    }

    /// The place of the next quote: `raw` has the bytes from `at` on.
    #[inline(always)]
    fn quote(&self, raw: &[u8], at: usize, place: usize) -> Option<usize> {
        match quote_in(self.word(place)) {
            Some(more) => Some(place + more),
            None => Some(quote(raw, at + place)? - at),
        }
    }
}

impl Cell {
    /// The whole steps of the value at a place of the window, and the place behind it. `raw` has its bytes from `at` on.
    #[inline(always)]
    fn units(
        &self,
        mantissas: impl Mantissas,
        window: Window<'_>,
        raw: &[u8],
        at: usize,
        place: usize,
        unit: &Unit,
    ) -> Option<(i64, usize)> {
        if let Some(step) = unit.exact_step()
            && let Some(Mantissa { value, places, length }) = mantissas.read(&window.bytes(place))
            && self.ends(window, place, length, places)
            && let Some(units) = step.units_from_mantissa(value, places)
        {
            return Some((units, place + length));
        }
        let (units, end) = self.unusual(raw, at + place, unit)?;
        Some((units, end - at))
    }

    /// Whether a value has been read whole: to the quote of a text, and a number without leading zeros and exponent.
    #[inline(always)]
    fn ends(&self, window: Window<'_>, place: usize, length: usize, places: usize) -> bool {
        let next = window.byte(place + length);
        if self.text {
            return next == b'"';
        }
        let whole = length - places - usize::from(places > 0);
        !matches!(next, b'e' | b'E') && (whole == 1 || window.byte(place) != b'0')
    }

    #[cold]
    fn unusual(&self, raw: &[u8], at: usize, unit: &Unit) -> Option<(i64, usize)> {
        let (end, kind) = if self.text { (quote(raw, at)?, Kind::Text) } else { number(raw, at)? };
        Some((unit.read(kind, raw, at, end)?, end))
    }
}
