//! JSON on the fast way: a clean message (see `simd`) in one pass, its levels (see `json_levels`) read as they are met.
//!
//! Every function gives `None` for anything unusual as well as for anything wrong: the general way then decides.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::digits::digits;
use crate::exact::Step;
use crate::wire::fields::{Decoded, Fields, Found, Grid, Key, RowRange, Rows};
use crate::wire::json_levels::{Layout, Levels};
use crate::wire::json_text::{clean_text, quote};
use crate::wire::json_units::{decimal, number_units};
use crate::wire::json_value::{number_value, scan_number};
use crate::wire::program::Program;
use crate::wire::slots::{ANY, Early, KeyTable, Kind, NONE, Slot, Slots, early, early_grid};
use crate::wire::value::Is;

/// How deep what no declaration names may nest on the fast way.
const MAX_DEPTH: u32 = 60;
/// A number of fewer bytes than this is within a double's range, as long as it has no exponent.
const MAX_NUMBER: usize = 300;

/// What the fast way has to know of a format.
#[derive(Clone, Debug)]
pub struct Json {
    keys: KeyTable,
    early: Vec<Option<Early>>,
    levels: Vec<Option<Levels>>,
    unwrap: Option<usize>,
}

impl Json {
    /// `None` where the format is one for the general way.
    pub fn new(program: &Program) -> Option<Json> {
        let early = early(program);
        let levels = early.iter().map(|early| early.as_ref().map(|early| Levels::new(&early.rows))).collect();
        Some(Json { keys: KeyTable::new(program)?, early, levels, unwrap: program.unwrap.as_ref().map(|key| key.id) })
    }

    /// Finds the members of the object at `at`, and returns the place behind it.
    ///
    /// `inner` takes the members of the object in the envelope, where there is one: then `enveloped` becomes true.
    pub fn members(&self, program: &Program, data: &[u8], at: usize, pass: &mut Pass<'_>) -> Option<usize> {
        if *data.get(at)? != b'{' {
            return None;
        }
        let mut at = space(data, at + 1);
        if *data.get(at)? == b'}' {
            return Some(at + 1);
        }
        loop {
            if *data.get(at)? != b'"' {
                return None;
            }
            let end = quote(data, at + 1)?;
            let key = &data[at + 1..end];
            at = space(data, end + 1);
            if *data.get(at)? != b':' {
                return None;
            }
            at = space(data, at + 1);
            let id = self.keys.id(key);
            at = match id {
                // Of an envelope's key that comes twice the later one counts: that is for the general way.
                Some(id) if Some(id) == self.unwrap && pass.enveloped => return None,
                Some(id) if Some(id) == self.unwrap && *data.get(at)? == b'{' && pass.inner.is_some() => {
                    if pass.slots.at(id).is_some() {
                        return None;
                    }
                    pass.enveloped = true;
                    let inner = pass.inner.take()?;
                    let mut nested =
                        Pass { slots: inner, inner: None, enveloped: false, arena: pass.arena, guess: pass.guess };
                    self.members(program, data, at, &mut nested)?
                }
                Some(id) => self.member(program, data, at, id, pass)?,
                None => skip(data, at, 0)?.0,
            };
            at = space(data, at);
            match *data.get(at)? {
                b',' => at = space(data, at + 1),
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    #[inline]
    fn member(&self, program: &Program, data: &[u8], at: usize, id: usize, pass: &mut Pass<'_>) -> Option<usize> {
        if *data.get(at)? == b'['
            && let Some(early) = &self.early[id]
            && let Some(grid) = early_grid(program, early, pass.slots, data, pass.guess)
        {
            let first = pass.arena.len() as u32;
            let end = self.rows(data, at, (&early.rows, grid), &mut Layout::default(), pass.arena)?;
            let rows = (first, pass.arena.len() as u32);
            let instrument = grid.instrument as u32;
            let slot = Slot { kind: Kind::Container, start: at as u32, end: end as u32, instrument, rows, value: 0 };
            pass.slots.put(id, slot)?;
            return Some(end);
        }
        let (end, kind) = skip(data, at, 0)?;
        let quotes = usize::from(kind == Kind::Text);
        let (start, stop) = ((at + quotes) as u32, (end - quotes) as u32);
        pass.slots.put(id, Slot { kind, start, end: stop, instrument: NONE, rows: (0, 0), value: 0 })?;
        Some(end)
    }

    /// The levels of the array at `at`; returns the place behind it. `layout` is how the last level was written.
    #[inline]
    pub fn rows(
        &self,
        data: &[u8],
        at: usize,
        (rows, grid): (&Rows, &Grid),
        layout: &mut Layout,
        arena: &mut Vec<Level>,
    ) -> Option<usize> {
        match &self.levels[rows.key.id] {
            // All declarations that have this key agree on the form: see `early`.
            Some(levels) => levels.read(data, at, grid, layout, arena),
            None => Levels::new(rows).read(data, at, grid, layout, arena),
        }
    }
}

/// One pass over an object.
#[derive(Debug)]
pub struct Pass<'a> {
    /// Takes the members of the object.
    pub slots: &'a mut Slots,
    /// Takes the members of the object in the envelope.
    pub inner: Option<&'a mut Slots>,
    /// Whether there was one.
    pub enveloped: bool,
    /// Takes the levels.
    pub arena: &'a mut Vec<Level>,
    /// The instrument to assume until the message names its own.
    pub guess: usize,
}

/// The place behind `expected`, if it stands at `at`.
#[inline(always)]
pub fn after(data: &[u8], at: usize, expected: &[u8]) -> Option<usize> {
    let end = at + expected.len();
    (data.get(at..end)? == expected).then_some(end)
}

/// Visits the items of the array at `at`; `visit` returns the place behind each.
pub fn items(data: &[u8], at: usize, mut visit: impl FnMut(usize, usize) -> Option<usize>) -> Option<usize> {
    let mut at = space(data, at + 1);
    if *data.get(at)? == b']' {
        return Some(at + 1);
    }
    let mut index = 0;
    loop {
        at = space(data, visit(at, index)?);
        match *data.get(at)? {
            b',' => at = space(data, at + 1),
            b']' => return Some(at + 1),
            _ => return None,
        }
        index += 1;
    }
}

/// Visits the members of the object at `at`; `visit` returns the place behind each value.
pub fn entries<'a>(
    data: &'a [u8],
    at: usize,
    mut visit: impl FnMut(usize, &'a [u8]) -> Option<usize>,
) -> Option<usize> {
    let mut at = space(data, at + 1);
    if *data.get(at)? == b'}' {
        return Some(at + 1);
    }
    loop {
        if *data.get(at)? != b'"' {
            return None;
        }
        let end = quote(data, at + 1)?;
        let key = &data[at + 1..end];
        at = space(data, end + 1);
        if *data.get(at)? != b':' {
            return None;
        }
        at = space(data, visit(space(data, at + 1), key)?);
        match *data.get(at)? {
            b',' => at = space(data, at + 1),
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

/// The place of the first byte that is no space. A clean message has no other white space.
#[inline]
pub fn space(data: &[u8], mut at: usize) -> usize {
    while data.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}

/// The place behind the value at `at`, which is well-formed, and what it is.
#[inline]
pub fn skip(data: &[u8], at: usize, depth: u32) -> Option<(usize, Kind)> {
    match *data.get(at)? {
        b'"' => Some((quote(data, at + 1)? + 1, Kind::Text)),
        b'-' | b'0'..=b'9' => {
            let number = scan_number(data, at)?;
            let kind = if number.integer { Kind::Integer } else { Kind::Float };
            let exponent = data[at..number.end].iter().any(|byte| matches!(byte, b'e' | b'E'));
            (!exponent && number.end - at < MAX_NUMBER).then_some((number.end, kind))
        }
        b't' => Some((after(data, at, b"true")?, Kind::True)),
        b'f' => Some((after(data, at, b"false")?, Kind::False)),
        b'n' => Some((after(data, at, b"null")?, Kind::Other)),
        b'[' if depth < MAX_DEPTH => {
            Some((items(data, at, |at, _| skip(data, at, depth + 1).map(|(end, _)| end))?, Kind::Container))
        }
        b'{' if depth < MAX_DEPTH => {
            Some((entries(data, at, |at, _| skip(data, at, depth + 1).map(|(end, _)| end))?, Kind::Container))
        }
        _ => None,
    }
}

/// The fields of a message on the fast way.
#[derive(Debug)]
pub struct JsonFields<'a> {
    /// What the format asks for.
    pub json: &'a Json,
    /// The message.
    pub data: &'a [u8],
    /// Where its values stand.
    pub slots: &'a Slots,
}

/// There is no reason: the general way finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusual;

impl JsonFields<'_> {
    /// Visits the texts of the array at `at`; `None` where it is none of texts without escapes.
    fn each_text(&self, at: usize, visit: &mut dyn FnMut(&[u8])) -> Option<()> {
        let data = self.data;
        if *data.get(at)? != b'[' {
            return None;
        }
        let mut at = space(data, at + 1);
        if *data.get(at)? == b']' {
            return Some(());
        }
        loop {
            if *data.get(at)? != b'"' {
                return None;
            }
            let end = clean_text(data, at + 1)?;
            visit(&data[at + 1..end]);
            at = space(data, end + 1);
            match *data.get(at)? {
                b',' => at = space(data, at + 1),
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn bytes(&self, slot: &Slot) -> &[u8] {
        self.data.get(slot.start as usize..slot.end as usize).unwrap_or_default()
    }
}

impl Fields for JsonFields<'_> {
    type Stop = Unusual;

    #[inline]
    fn find(&self, key: &Key) -> Result<Found<'_>, Unusual> {
        let Some(slot) = self.slots.get(key) else { return Ok(Found::Absent) };
        Ok(match slot.kind {
            Kind::Absent => Found::Absent,
            Kind::Text => Found::Text(self.bytes(slot)),
            Kind::True => Found::Flag(true),
            Kind::False => Found::Flag(false),
            Kind::Other => Found::Other,
            Kind::Container => Found::Container,
            Kind::Integer if slot.instrument == ANY => Found::Integer(i128::from(slot.value)),
            Kind::Integer | Kind::Float => {
                let text = self.bytes(slot);
                if slot.kind == Kind::Integer
                    && let Some((value, count)) = digits(text, 0)
                    && count == text.len()
                {
                    return Ok(Found::Integer(i128::from(value)));
                }
                match number_value(text, slot.kind == Kind::Integer).ok_or(Unusual)? {
                    Is::Integer(value) => Found::Integer(value),
                    Is::Float(value) => Found::Float(value),
                    _ => return Err(Unusual),
                }
            }
        })
    }

    #[inline]
    fn has(&self, key: &Key) -> bool {
        self.slots.get(key).is_some()
    }

    #[inline]
    fn units(&self, key: &Key, number: bool, step: &Step) -> Result<i64, Unusual> {
        let slot = self.slots.get(key).ok_or(Unusual)?;
        let (wanted, read) = if number {
            (matches!(slot.kind, Kind::Integer | Kind::Float), number_units as fn(&[u8], usize, &Step) -> _)
        } else {
            (slot.kind == Kind::Text, decimal as fn(&[u8], usize, &Step) -> _)
        };
        if !wanted {
            return Err(Unusual);
        }
        if slot.instrument < ANY {
            return Ok(slot.value);
        }
        match read(self.data, slot.start as usize, step) {
            Some((units, end)) if end == slot.end as usize => Ok(units),
            _ => Err(Unusual),
        }
    }

    #[inline]
    fn rows(&mut self, rows: &Rows, grid: &Grid, arena: &mut Vec<Level>) -> Result<RowRange, Unusual> {
        let slot = self.slots.get(&rows.key).ok_or(Unusual)?;
        if slot.instrument == grid.instrument as u32 {
            return Ok(slot.rows);
        }
        let start = slot.start as usize;
        if self.data.get(start) != Some(&b'[') {
            return Err(Unusual);
        }
        let first = arena.len() as u32;
        self.json.rows(self.data, start, (rows, grid), &mut Layout::default(), arena).ok_or(Unusual)?;
        Ok((first, arena.len() as u32))
    }

    fn inside(&self, _key: &Key) -> Result<Decoded<'_>, Unusual> {
        Err(Unusual)
    }

    fn texts(&self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Result<(), Unusual> {
        let Some(slot) = self.slots.get(key) else { return Ok(()) };
        match slot.kind {
            Kind::Absent => Ok(()),
            Kind::Text => {
                visit(self.bytes(slot));
                Ok(())
            }
            Kind::Container => self.each_text(slot.start as usize, visit).ok_or(Unusual),
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
