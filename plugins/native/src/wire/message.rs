//! One message: which declaration is its own, whose it is, and what it says.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::wire::fields::{Fields, Found};
use crate::wire::json::{Json, JsonFields, Unusual};
use crate::wire::program::{Envelope, Program, Whose};
use crate::wire::reading::{Reading, read, read_control};
use crate::wire::slots::Slots;
use crate::wire::template::Template;

/// A reading and the number of its declaration.
pub type Read = (usize, Reading);

/// A message of a batch that is written as one before it, and the place behind it.
#[inline]
pub fn fast_item(
    program: &Program,
    json: &Json,
    item: &[u8],
    receive_time_ns: i64,
    (slots, arena): (&mut Slots, &mut Vec<Level>),
    (templates, last, guess): (&mut [Template], &mut usize, usize),
) -> Option<(Read, usize)> {
    let before = arena.len();
    for tried in 0..templates.len() {
        let at = if tried == 0 { *last } else { tried - usize::from(tried <= *last) };
        let template = &mut templates[at];
        let mut instrument = guess;
        slots.clear();
        arena.truncate(before);
        if let Some(end) = template.read(program, json, item, &mut instrument, slots, arena) {
            *last = at;
            let mut fields = JsonFields { json, data: item, slots };
            let grid = program.grids.get(instrument)?;
            let reading = read(&program.entries[template.entry], &mut fields, grid, receive_time_ns, arena).ok()?;
            return Some(((template.entry, reading), end));
        }
    }
    arena.truncate(before);
    None
}

/// A message on the fast way; one whose envelope holds no object is for the general way.
#[inline]
pub fn read_fast<F: Fields<Stop = Unusual>>(
    program: &Program,
    outer: F,
    inner: Option<F>,
    receive_time_ns: i64,
    arena: &mut Vec<Level>,
) -> Result<Read, Unusual> {
    if inner.is_none() && program.unwrap.as_ref().is_some_and(|key| outer.has(key)) {
        return Err(Unusual);
    }
    read_message(program, outer, inner, receive_time_ns, arena)
}

/// A message, in its envelope if `inner` is there.
#[inline]
pub fn read_message<F: Fields>(
    program: &Program,
    mut outer: F,
    inner: Option<F>,
    receive_time_ns: i64,
    arena: &mut Vec<Level>,
) -> Result<Read, F::Stop> {
    let Some(mut inner) = inner else {
        return read_one(program, &mut outer, (Envelope::None, None), receive_time_ns, arena);
    };
    let envelope = match &program.stream {
        Some((key, _)) => match (outer.find(key)?, &program.answers) {
            (Found::Absent, Some((answers, _))) if outer.has(answers) => Envelope::Answer(outer.find(answers)?),
            (found, _) => Envelope::Stream(found),
        },
        None => Envelope::None,
    };
    let of_stream = match envelope {
        Envelope::Stream(Found::Text(name)) => program.choose_by_stream(name, &inner)?,
        _ => None,
    };
    read_one(program, &mut inner, (envelope, of_stream), receive_time_ns, arena)
}

/// A message without envelope, or the object in one: its kind, unless the stream tells it, whose it is, and what it says.
#[inline]
pub fn read_one<F: Fields>(
    program: &Program,
    fields: &mut F,
    (envelope, of_stream): (Envelope<'_>, Option<usize>),
    receive_time_ns: i64,
    arena: &mut Vec<Level>,
) -> Result<Read, F::Stop> {
    let chosen = if of_stream.is_some() { of_stream } else { program.choose(fields)? };
    let Some(at) = chosen else { return Ok((0, Reading::Ignored)) };
    let entry = &program.entries[at];
    if let Some(key) = &entry.inside {
        let mut inner = fields.inside(key)?;
        let read = read_as(program, at, &mut inner, envelope, receive_time_ns, arena);
        return read.map_err(|fault| fields.stop(key, fault.what));
    }
    read_as(program, at, fields, envelope, receive_time_ns, arena)
}

/// A message of a known kind: whose it is, and what it says.
#[inline]
fn read_as<F: Fields>(
    program: &Program,
    at: usize,
    fields: &mut F,
    envelope: Envelope<'_>,
    receive_time_ns: i64,
    arena: &mut Vec<Level>,
) -> Result<Read, F::Stop> {
    let entry = &program.entries[at];
    if entry.is_control() {
        return Ok((at, read_control(entry, at, fields, receive_time_ns)?));
    }
    match program.whose(entry, fields, envelope)? {
        Whose::Unknown => Ok((at, Reading::UnknownSymbol)),
        Whose::Instrument(instrument) => {
            Ok((at, read(entry, fields, &program.grids[instrument], receive_time_ns, arena)?))
        }
    }
}
