//! Rows of levels straight from their bytes, each written as one before it.
//!
//! `None` is for anything unusual as well as for anything wrong: the tape then has to tell.

#![forbid(unsafe_code)]

use crate::mantissa::{InHalves, Mantissa, Mantissas};
use crate::wire::json_text::quote;
use crate::wire::literal::Literal;
use crate::wire::simd::clean;
use crate::wire::tree::node::{Kind, Message};
use crate::wire::tree::shape::number;
use crate::wire::tree::tape::Tape;
use crate::wire::tree::units::Unit;

/// The most writings of rows that are told apart, and how many rows are examined for them.
const MAX_SHAPES: usize = 4;
const MAX_LESSONS: usize = 16;

/// The bytes that are looked at where a value begins.
const NEAR: usize = 16;

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

/// Where a text stands: its first byte, and the one behind its last.
pub type At = (u32, u32);

/// A text that says something.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// Its bytes as a word, the first one lowest; 0 if it isn't of one to seven.
    pub word: u64,
    /// Where it stands.
    pub at: At,
}

/// A row's price and size in the order in which they stand, and what its other cells say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cells {
    /// Their whole steps.
    pub units: [i64; 2],
    /// Where they stand.
    pub at: [At; 2],
    /// Whether a minus sign stands before the size.
    pub minus: bool,
}

/// The place of what a text says: see `RowShape::read`.
pub const SIDE: usize = 0;
/// Likewise.
pub const DELETES: usize = 1;

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

/// A row's price and size, and the other cells before, between and behind the two.
#[derive(Clone, Debug)]
pub struct RowShape {
    lead: Vec<Cell>,
    first: Cell,
    between: Vec<Cell>,
    second: Cell,
    rest: Vec<Cell>,
    /// Whether the size comes before the price.
    swapped: bool,
    end: Literal,
}

#[derive(Clone, Debug)]
struct Cell {
    before: Literal,
    says: Says,
    text: bool,
}

impl RowShapes {
    /// How the last row was written.
    #[inline(always)]
    pub fn last(&self) -> Option<&RowShape> {
        self.shapes.get(self.last)
    }

    /// Finds how the row at `at` is written, which is not as the last one. `says` tells the nodes of a row apart.
    #[cold]
    #[inline(never)]
    pub fn find(
        &mut self,
        raw: &[u8],
        at: usize,
        grid: Grid<'_>,
        says: impl Fn(&Message<'_>) -> Option<Vec<(usize, Says)>>,
    ) -> Option<()> {
        if let Some(place) = self.shapes.iter().position(|shape| shape.fits(raw, at, grid)) {
            self.last = place;
            return Some(());
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
        if !shape.fits(raw, at, grid) {
            return None;
        }
        self.last = self.shapes.len();
        self.shapes.push(shape);
        Some(())
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
        if !(says.iter().all(|(_, says)| read(*says)) && read(Says::Price) && read(Says::Size) && texts) {
            return None;
        }
        let is_value = |cell: &Cell| matches!(cell.says, Says::Price | Says::Size);
        let mut rest = cells.split_off(cells.iter().rposition(is_value)?);
        let mut between = cells.split_off(cells.iter().position(is_value)?);
        let (first, second) = (between.remove(0), rest.remove(0));
        let swapped = first.says == Says::Size;
        let end = Literal::new(&message.raw[from..end]);
        Some(RowShape { lead: cells, first, between, second, rest, swapped, end })
    }

    /// Whether the size comes before the price.
    #[inline(always)]
    pub fn is_swapped(&self) -> bool {
        self.swapped
    }

    /// Whether price and size are texts, in the order in which they stand.
    #[inline(always)]
    pub fn has_texts(&self) -> [bool; 2] {
        [self.first.text, self.second.text]
    }

    #[inline(never)]
    fn fits(&self, raw: &[u8], at: usize, grid: Grid<'_>) -> bool {
        self.read(InHalves, raw, at, grid, &mut Default::default()).is_some()
    }

    /// What the row at `at` says, and the place behind it. What texts say of side and deletion goes into `told`.
    #[inline(always)]
    pub fn read(
        &self,
        mantissas: impl Mantissas,
        raw: &[u8],
        at: usize,
        grid: Grid<'_>,
        told: &mut [Told; 2],
    ) -> Option<(Cells, usize)> {
        let (price, size) = ((grid.ticks, false), (grid.lots, grid.signed));
        let (first, second) = if self.swapped { (size, price) } else { (price, size) };
        let at = pass(&self.lead, mantissas, raw, at, told)?;
        let (one, minus, from, at) = self.first.value(mantissas, raw, at, first)?;
        let one_at = (from as u32, at as u32);
        let at = pass(&self.between, mantissas, raw, at, told)?;
        let (other, less, from, at) = self.second.value(mantissas, raw, at, second)?;
        let other_at = (from as u32, at as u32);
        let at = self.end.skip(raw, pass(&self.rest, mantissas, raw, at, told)?)?;
        Some((Cells { units: [one, other], at: [one_at, other_at], minus: minus | less }, at))
    }
}

/// The place behind cells that are no price and no size; what they say goes into `told`.
#[inline(always)]
fn pass(cells: &[Cell], mantissas: impl Mantissas, raw: &[u8], mut at: usize, told: &mut [Told; 2]) -> Option<usize> {
    for cell in cells {
        let start = cell.before.skip(raw, at)?;
        if !cell.text {
            at = number(raw, start)?.0;
            continue;
        }
        let near = raw.get(start..)?.first_chunk::<NEAR>();
        at = match near.and_then(|near| mantissas.quote(near)) {
            Some(more) => start + more,
            None => quote(raw, start)?,
        };
        let place = match cell.says {
            Says::Side => SIDE,
            Says::Deletes => DELETES,
            _ => continue,
        };
        let count = at - start;
        let word = match near {
            Some(near) if count < 8 => first_word(near) & !(u64::MAX << (8 * count)),
            _ => 0,
        };
        told[place] = Told { word, at: (start as u32, at as u32) };
    }
    Some(at)
}

/// The last bytes, fewer than `NEAR`; zeros behind them, which are no part of a row.
#[inline(always)]
fn padded(raw: &[u8], count: usize) -> [u8; NEAR] {
    match raw.last_chunk() {
        Some(last) => {
            let shift = 8 * (NEAR - count) as u32;
            u128::from_le_bytes(*last).checked_shr(shift).unwrap_or_default().to_le_bytes()
        }
        None => short(&raw[raw.len() - count..]),
    }
}

#[cold]
#[inline(never)]
fn short(rest: &[u8]) -> [u8; NEAR] {
    let mut bytes = [0; NEAR];
    bytes[..rest.len()].copy_from_slice(rest);
    bytes
}

impl Cell {
    /// The whole steps of a value with its unit, whether a minus sign stands before it, where it begins and the place behind
    /// it. With the unit, whether it may have such a sign.
    #[inline(always)]
    fn value(
        &self,
        mantissas: impl Mantissas,
        raw: &[u8],
        at: usize,
        (unit, signed): (&Unit, bool),
    ) -> Option<(i64, bool, usize, usize)> {
        let start = self.before.skip(raw, at)?;
        let minus = signed && raw.get(start) == Some(&b'-');
        if minus && !raw.get(start + 1)?.is_ascii_digit() {
            return None;
        }
        let from = start + usize::from(minus);
        let rest = raw.get(from..)?;
        let copy;
        let near = match rest.first_chunk() {
            Some(near) => near,
            None => {
                copy = padded(raw, rest.len());
                &copy
            }
        };
        let (units, end) = match self.units(mantissas, near, unit) {
            Some((units, length)) => (units, from + length),
            None => self.unusual(raw, from, unit)?,
        };
        // A zero that is a number has no side.
        let minus = minus && (self.text || raw[from..end].iter().any(|byte| (b'1'..=b'9').contains(byte)));
        Some((units, minus, start, end))
    }

    /// The whole steps of a value that is read at once, and how many bytes it has.
    #[inline(always)]
    fn units(&self, mantissas: impl Mantissas, near: &[u8; NEAR], unit: &Unit) -> Option<(i64, usize)> {
        let step = unit.exact_step()?;
        let Mantissa { value, places, length } = mantissas.read(near)?;
        if !self.ends(near, length, places) {
            return None;
        }
        Some((step.units_from_mantissa(value, places)?, length))
    }

    /// Whether a value has been read whole: to the quote of a text, and a number without leading zeros and exponent.
    #[inline(always)]
    fn ends(&self, near: &[u8; NEAR], length: usize, places: usize) -> bool {
        let next = near[length % NEAR];
        if self.text {
            return next == b'"';
        }
        let whole = length - places - usize::from(places > 0);
        !matches!(next, b'e' | b'E') && (whole == 1 || near[0] != b'0')
    }

    #[inline(never)]
    fn unusual(&self, raw: &[u8], at: usize, unit: &Unit) -> Option<(i64, usize)> {
        let (end, kind) = if self.text { (quote(raw, at)?, Kind::Text) } else { number(raw, at)? };
        Some((unit.read(kind, raw, at, end)?, end))
    }
}

#[inline(always)]
fn first_word(near: &[u8; NEAR]) -> u64 {
    let [first @ .., _, _, _, _, _, _, _, _] = *near;
    u64::from_le_bytes(first)
}
