//! JSON on the fast way: a clean message (see `simd`) in one pass, its levels read as they are met.
//!
//! Every function gives `None` for anything unusual as well as for anything wrong: the general way then judges.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::exact::{Step, digits, eight_digits};
use crate::form::Form;
use crate::wire::fields::{Decoded, Fields, Found, Grid, Key, RowRange, Rows, Shape};
use crate::wire::json_value::{number_value, scan_number};
use crate::wire::program::Program;
use crate::wire::slots::{ANY, Early, KeyTable, Kind, NONE, Slot, Slots, early, early_grid};
use crate::wire::value::Is;

/// How deep what no declaration names may nest on the fast way.
const MAX_DEPTH: u32 = 60;
/// A number of fewer bytes than this is within a double's range, as long as it has no exponent.
const MAX_NUMBER: usize = 300;
/// The digits that every double keeps.
const EXACT_DIGITS: usize = 15;

/// What the fast way has to know of a format.
#[derive(Debug)]
pub struct Json {
    keys: KeyTable,
    early: Vec<Option<Early>>,
    compact: Vec<Option<Compact>>,
    unwrap: Option<usize>,
}

/// How a level that is an object begins, and what stands before its size, where it is written without spaces.
#[derive(Debug)]
struct Compact {
    before_price: Vec<u8>,
    before_size: Vec<u8>,
}

impl Json {
    /// `None` where the format is one for the general way.
    pub fn new(program: &Program) -> Option<Json> {
        let early = early(program);
        let compact = early.iter().map(|early| early.as_ref().and_then(|early| compact(&early.rows))).collect();
        Some(Json { keys: KeyTable::new(program)?, early, compact, unwrap: program.unwrap.as_ref().map(|key| key.id) })
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
                Some(id) if Some(id) == self.unwrap && *data.get(at)? == b'{' && pass.inner.is_some() => {
                    if std::mem::replace(&mut pass.enveloped, true) {
                        return None;
                    }
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
        let mut at = space(data, at + 1);
        if *data.get(at)? == b']' {
            return Some(at + 1);
        }
        let compact = self.compact[rows.key.id].as_ref();
        let pairs = !rows.number && rows.shape == Shape::Places(0, 1);
        loop {
            let (level, end) = match compact {
                None if pairs => match layout.pair(data, at, grid) {
                    Some(read) => read,
                    None => layout.learn(data, at, grid).or_else(|| level(data, at, rows, grid))?,
                },
                Some(compact) => {
                    compact_level(data, at, compact, rows.number, grid).or_else(|| level(data, at, rows, grid))?
                }
                None => level(data, at, rows, grid)?,
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
    /// The instrument to take for one that isn't told yet.
    pub guess: usize,
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

/// A level such as `{"p":61837.63,"s":0.5}`.
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

#[inline(always)]
fn after(data: &[u8], at: usize, expected: &[u8]) -> Option<usize> {
    let end = at + expected.len();
    (data.get(at..end)? == expected).then_some(end)
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

/// Visits the items of the array at `at`; `visit` returns the place behind each.
fn items(data: &[u8], at: usize, mut visit: impl FnMut(usize, usize) -> Option<usize>) -> Option<usize> {
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

/// The place of the next quote. A clean message has no escapes.
#[inline]
pub fn quote(data: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    while let Some(bytes) = data.get(at..at + 8) {
        let mut word = [0; 8];
        word.copy_from_slice(bytes);
        let word = u64::from_le_bytes(word) ^ (ONES * b'"' as u64);
        let found = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    data.get(at..)?.iter().position(|&byte| byte == b'"').map(|more| at + more)
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

/// The same as `decimal` for what venues write: at most eight digits on either side of the point.
#[inline(always)]
pub fn quick_decimal(data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
    let (whole, count) = eight_digits(data, at);
    let point = at + count;
    if count == 0 {
        return None;
    }
    match *data.get(point)? {
        b'.' => {
            let (fraction, places) = eight_digits(data, point + 1);
            let end = point + 1 + places;
            if places == 0 || *data.get(end)? != b'"' {
                return None;
            }
            Some((step.units_quick(whole, fraction, places)?, end))
        }
        b'"' => Some((step.units_quick(whole, 0, 0)?, point)),
        _ => None,
    }
}

/// The whole steps that the decimal text at `at` is, and the place behind it, where a quote has to follow.
pub fn decimal(data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
    if let Some((whole, count)) = digits(data, at)
        && count > 0
    {
        let mut end = at + count;
        let (mut fraction, mut places) = (0, 0);
        if *data.get(end)? == b'.' {
            (fraction, places) = digits(data, end + 1).unwrap_or((0, 0));
            if places > 0 {
                end += 1 + places;
            }
        }
        if *data.get(end)? == b'"'
            && let Some(units) = step.units_fast(whole, fraction, places)
        {
            return Some((units, end));
        }
    }
    let end = quote(data, at)?;
    Some((step.units_from_text(&data[at..end]).ok()?, end))
}

/// The whole steps that the number at `at` is, and the place behind it.
#[inline]
pub fn number_units(data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
    if let Some((whole, count)) = digits(data, at)
        && count > 0
        && (count == 1 || data[at] != b'0')
    {
        let mut end = at + count;
        let (mut fraction, mut places) = (0, 0);
        if data.get(end) == Some(&b'.') {
            (fraction, places) = digits(data, end + 1).unwrap_or((0, 0));
            end += 1 + places;
        }
        let whole_or_fraction = end == at + count || places > 0;
        let ended = !matches!(data.get(end), Some(b'0'..=b'9' | b'.' | b'e' | b'E'));
        if whole_or_fraction
            && ended
            && count + places <= EXACT_DIGITS
            && let Some(units) = step.units_fast(whole, fraction, places)
        {
            return Some((units, end));
        }
    }
    long_number_units(data, at, step)
}

#[cold]
fn long_number_units(data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
    let number = scan_number(data, at)?;
    let units = match number_value(&data[at..number.end], number.integer)? {
        Is::Integer(value) => step.units_from_integer(value),
        Is::Float(value) => step.units_from_float(value),
        _ => return None,
    };
    Some((units.ok()?, number.end))
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

    fn stop(&self, _key: &Key, _what: &'static str) -> Unusual {
        Unusual
    }
}
