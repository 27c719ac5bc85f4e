//! msgpack on the fast way: one pass, levels read as they are met.
//!
//! Every function gives `None` for anything unusual as well as for anything wrong: the general way then decides.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::exact::Step;
use crate::wire::fields::{Decoded, Fields, Found, Grid, Key, RowRange, Rows, Shape};
use crate::wire::json::{Pass, Unusual};
use crate::wire::msgpack_value::timestamp;
use crate::wire::program::Program;
use crate::wire::slots::{Early, KeyTable, Kind, NONE, Slot, Slots, early, early_grid};

/// How deep what no declaration names may nest on the fast way.
const MAX_DEPTH: u32 = 30;

/// What the fast way has to know of a format.
#[derive(Clone, Debug)]
pub struct Msgpack {
    keys: KeyTable,
    early: Vec<Option<Early>>,
    unwrap: Option<usize>,
}

/// What a value is by its first bytes, and where what follows them begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Head {
    Null,
    Flag(bool),
    Integer(i128),
    Float(f64),
    Text(usize),
    Bytes(usize),
    Array(usize),
    Map(usize),
}

impl Msgpack {
    /// `None` where the format is one for the general way.
    pub fn new(program: &Program) -> Option<Msgpack> {
        let unwrap = program.unwrap.as_ref().map(|key| key.id);
        Some(Msgpack { keys: KeyTable::new(program)?, early: early(program), unwrap })
    }

    /// Finds the members of the map at `at`, and returns the place behind it. See `Json::members`.
    pub fn members(&self, program: &Program, data: &[u8], at: usize, pass: &mut Pass<'_>) -> Option<usize> {
        let (Head::Map(count), mut at) = head(data, at)? else { return None };
        for _ in 0..count {
            let (Head::Text(length), start) = head(data, at)? else { return None };
            let key = data.get(start..start + length)?;
            let value = start + length;
            at = match self.keys.id(key) {
                Some(id) if Some(id) == self.unwrap && pass.enveloped => return None,
                Some(id) if Some(id) == self.unwrap && pass.inner.is_some() && is_map(data, value) => {
                    if pass.slots.at(id).is_some() {
                        return None;
                    }
                    pass.enveloped = true;
                    let inner = pass.inner.take()?;
                    let (arena, guess) = (&mut *pass.arena, pass.guess);
                    let mut nested = Pass { slots: inner, inner: None, enveloped: false, arena, guess };
                    self.members(program, data, value, &mut nested)?
                }
                Some(id) => self.member(program, data, value, id, pass)?,
                None if key.is_ascii() => skip(data, value, 0)?,
                None => return None,
            };
        }
        Some(at)
    }

    fn member(&self, program: &Program, data: &[u8], at: usize, id: usize, pass: &mut Pass<'_>) -> Option<usize> {
        let (found, start) = head(data, at)?;
        if matches!(found, Head::Array(_))
            && let Some(early) = &self.early[id]
            && let Some(grid) = early_grid(program, early, pass.slots, data, pass.guess)
        {
            let first = pass.arena.len() as u32;
            let end = read_rows(data, at, &early.rows, grid, pass.arena)?;
            let rows = (first, pass.arena.len() as u32);
            let instrument = grid.instrument as u32;
            let slot = Slot { kind: Kind::Container, start: at as u32, end: end as u32, instrument, rows, value: 0 };
            pass.slots.put(id, slot)?;
            return Some(end);
        }
        let end = skip(data, at, 0)?;
        let (kind, begin) = match found {
            Head::Null | Head::Bytes(_) => (Kind::Other, at),
            Head::Flag(true) => (Kind::True, at),
            Head::Flag(false) => (Kind::False, at),
            Head::Integer(_) => (Kind::Integer, at),
            Head::Float(_) => (Kind::Float, at),
            Head::Text(_) => (Kind::Text, start),
            Head::Array(_) | Head::Map(_) => (Kind::Container, at),
        };
        pass.slots
            .put(id, Slot { kind, start: begin as u32, end: end as u32, instrument: NONE, rows: (0, 0), value: 0 })?;
        Some(end)
    }
}

/// How many messages the array at `at` holds, and where the first begins.
pub fn batch(data: &[u8], at: usize) -> Option<(usize, usize)> {
    match head(data, at)? {
        (Head::Array(count), start) => Some((count, start)),
        _ => None,
    }
}

fn is_map(data: &[u8], at: usize) -> bool {
    matches!(head(data, at), Some((Head::Map(_), _)))
}

fn unsigned(data: &[u8], at: usize, length: usize) -> Option<u64> {
    Some(data.get(at..at + length)?.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

/// What the value at `at` is, and the place behind its first bytes.
#[inline]
fn head(data: &[u8], at: usize) -> Option<(Head, usize)> {
    let byte = *data.get(at)?;
    let sized = |bytes: usize| Some((usize::try_from(unsigned(data, at + 1, bytes)?).ok()?, at + 1 + bytes));
    let (found, next) = match byte {
        0x00..=0x7f => (Head::Integer(i128::from(byte)), at + 1),
        0x80..=0x8f => (Head::Map(usize::from(byte & 0x0f)), at + 1),
        0x90..=0x9f => (Head::Array(usize::from(byte & 0x0f)), at + 1),
        0xa0..=0xbf => (Head::Text(usize::from(byte & 0x1f)), at + 1),
        0xc0 => (Head::Null, at + 1),
        0xc2 | 0xc3 => (Head::Flag(byte == 0xc3), at + 1),
        0xc4..=0xc6 => sized(1 << (byte - 0xc4)).map(|(length, next)| (Head::Bytes(length), next))?,
        0xca => {
            let value = f64::from(f32::from_bits(unsigned(data, at + 1, 4)? as u32));
            (value.is_finite().then_some(Head::Float(value))?, at + 5)
        }
        0xcb => {
            let value = f64::from_bits(unsigned(data, at + 1, 8)?);
            (value.is_finite().then_some(Head::Float(value))?, at + 9)
        }
        0xcc..=0xcf => {
            let length = 1 << (byte - 0xcc);
            (Head::Integer(i128::from(unsigned(data, at + 1, length)?)), at + 1 + length)
        }
        0xd0..=0xd3 => {
            let length = 1 << (byte - 0xd0);
            let shift = 64 - 8 * length as u32;
            let value = ((unsigned(data, at + 1, length)? << shift) as i64) >> shift;
            (Head::Integer(i128::from(value)), at + 1 + length)
        }
        0xd6 | 0xd7 | 0xc7 => {
            let (length, kind) = match byte {
                0xd6 => (4, at + 1),
                0xd7 => (8, at + 1),
                _ => (usize::from(*data.get(at + 1)?), at + 2),
            };
            if *data.get(kind)? != 0xff {
                return None;
            }
            let end = kind + 1 + length;
            (Head::Integer(timestamp(data.get(kind + 1..end)?)?), end)
        }
        0xd9..=0xdb => sized(1 << (byte - 0xd9)).map(|(length, next)| (Head::Text(length), next))?,
        0xdc..=0xdd => sized(2 << (byte - 0xdc)).map(|(count, next)| (Head::Array(count), next))?,
        0xde..=0xdf => sized(2 << (byte - 0xde)).map(|(count, next)| (Head::Map(count), next))?,
        0xe0..=0xff => (Head::Integer(i128::from(byte as i8)), at + 1),
        _ => return None,
    };
    Some((found, next))
}

/// The place behind the value at `at`, which is well-formed.
fn skip(data: &[u8], at: usize, depth: u32) -> Option<usize> {
    let (found, start) = head(data, at)?;
    match found {
        Head::Text(length) => {
            let end = start.checked_add(length)?;
            let text = data.get(start..end)?;
            (text.is_ascii() || simdutf8::basic::from_utf8(text).is_ok()).then_some(end)
        }
        Head::Bytes(length) => start.checked_add(length).filter(|&end| end <= data.len()),
        Head::Array(_) | Head::Map(_) if depth == MAX_DEPTH => None,
        Head::Array(count) => (0..count).try_fold(start, |at, _| skip(data, at, depth + 1)),
        Head::Map(count) => (0..count).try_fold(start, |at, _| {
            let (Head::Text(_), _) = head(data, at)? else { return None };
            skip(data, skip(data, at, depth + 1)?, depth + 1)
        }),
        _ => Some(start),
    }
}

/// The levels of the array at `at`; returns the place behind it.
fn read_rows(data: &[u8], at: usize, rows: &Rows, grid: &Grid, arena: &mut Vec<Level>) -> Option<usize> {
    let (Head::Array(count), mut at) = head(data, at)? else { return None };
    for _ in 0..count {
        let (level, end) = level(data, at, rows, grid)?;
        arena.push(level);
        at = end;
    }
    Some(at)
}

fn level(data: &[u8], at: usize, rows: &Rows, grid: &Grid) -> Option<(Level, usize)> {
    let (mut price, mut lots) = (None, None);
    let mut at = at;
    let mut value = |at: usize, is_price: bool, is_size: bool| {
        if is_price && is_size {
            return None;
        }
        if !is_price && !is_size {
            return skip(data, at, 1);
        }
        let (place, step) = if is_price { (&mut price, &grid.tick) } else { (&mut lots, &grid.lot) };
        let (units, end) = units_at(data, at, rows.number, step)?;
        // A key that comes twice is one for the general way.
        place.replace(units).is_none().then_some(end)
    };
    match (&rows.shape, head(data, at)?) {
        (&Shape::Places(price, size), (Head::Array(count), start)) => {
            at = start;
            for index in 0..count {
                at = value(at, index == price, index == size)?;
            }
        }
        (Shape::Keys(price, size), (Head::Map(count), start)) => {
            at = start;
            for _ in 0..count {
                let (Head::Text(length), start) = head(data, at)? else { return None };
                let key = data.get(start..start + length).filter(|key| key.is_ascii())?;
                at = value(start + length, key == price.as_bytes(), key == size.as_bytes())?;
            }
        }
        _ => return None,
    }
    Some((Level { price: price?, lots: lots? }, at))
}

fn units_at(data: &[u8], at: usize, number: bool, step: &Step) -> Option<(i64, usize)> {
    match head(data, at)? {
        (Head::Text(length), start) if !number => {
            let end = start + length;
            Some((step.units_from_text(data.get(start..end)?).ok()?, end))
        }
        (Head::Integer(value), end) if number => Some((step.units_from_integer(value).ok()?, end)),
        (Head::Float(value), end) if number => Some((step.units_from_float(value).ok()?, end)),
        _ => None,
    }
}

/// Visits the texts of the array at `at`; `None` where it is none of ASCII texts.
fn each_text(data: &[u8], at: usize, visit: &mut dyn FnMut(&[u8])) -> Option<()> {
    let (Head::Array(count), mut at) = head(data, at)? else { return None };
    for _ in 0..count {
        let (Head::Text(length), start) = head(data, at)? else { return None };
        visit(data.get(start..start + length).filter(|text| text.is_ascii())?);
        at = start + length;
    }
    Some(())
}

/// The fields of a message on the fast way.
#[derive(Debug)]
pub struct MsgpackFields<'a> {
    /// The message.
    pub data: &'a [u8],
    /// Where its values stand.
    pub slots: &'a Slots,
}

impl Fields for MsgpackFields<'_> {
    type Stop = Unusual;

    fn find(&self, key: &Key) -> Result<Found<'_>, Unusual> {
        let Some(slot) = self.slots.get(key) else { return Ok(Found::Absent) };
        let (start, end) = (slot.start as usize, slot.end as usize);
        Ok(match slot.kind {
            Kind::Absent => Found::Absent,
            Kind::Text => Found::Text(self.data.get(start..end).ok_or(Unusual)?),
            Kind::True => Found::Flag(true),
            Kind::False => Found::Flag(false),
            Kind::Other => Found::Other,
            Kind::Container => Found::Container,
            Kind::Integer | Kind::Float => match head(self.data, start) {
                Some((Head::Integer(value), _)) => Found::Integer(value),
                Some((Head::Float(value), _)) => Found::Float(value),
                _ => return Err(Unusual),
            },
        })
    }

    fn has(&self, key: &Key) -> bool {
        self.slots.get(key).is_some()
    }

    fn units(&self, key: &Key, number: bool, step: &Step) -> Result<i64, Unusual> {
        match (self.find(key)?, number) {
            (Found::Text(text), false) => step.units_from_text(text).map_err(|_| Unusual),
            (Found::Integer(value), true) => step.units_from_integer(value).map_err(|_| Unusual),
            (Found::Float(value), true) => step.units_from_float(value).map_err(|_| Unusual),
            _ => Err(Unusual),
        }
    }

    fn rows(&mut self, rows: &Rows, grid: &Grid, arena: &mut Vec<Level>) -> Result<RowRange, Unusual> {
        let slot = self.slots.get(&rows.key).ok_or(Unusual)?;
        if slot.instrument == grid.instrument as u32 {
            return Ok(slot.rows);
        }
        let first = arena.len() as u32;
        read_rows(self.data, slot.start as usize, rows, grid, arena).ok_or(Unusual)?;
        Ok((first, arena.len() as u32))
    }

    fn inside(&self, _key: &Key) -> Result<Decoded<'_>, Unusual> {
        Err(Unusual)
    }

    fn texts(&self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Result<(), Unusual> {
        match self.find(key)? {
            Found::Absent => Ok(()),
            Found::Text(text) => {
                visit(text);
                Ok(())
            }
            Found::Container => {
                let slot = self.slots.get(key).ok_or(Unusual)?;
                each_text(self.data, slot.start as usize, visit).ok_or(Unusual)
            }
            _ => Err(Unusual),
        }
    }

    fn object(&self, key: &Key) -> Result<Option<Decoded<'_>>, Unusual> {
        if self.find(key)? == Found::Container { Err(Unusual) } else { Ok(None) }
    }

    fn stop(&self, _key: &Key, _what: &'static str) -> Unusual {
        Unusual
    }
}
