//! How a part of a message is written: the bytes between its values, and what kind of value comes next.

#![forbid(unsafe_code)]

use std::hint;

use crate::digits::digit_count;
use crate::mantissa::{Mantissa, Mantissas};
use crate::wire::json_text::quote;
use crate::wire::literal::Literal;
use crate::wire::simd::find_pair;
use crate::wire::tree::node::{Kind, Node, UNREAD};
use crate::wire::tree::path::NOWHERE;

/// The longest number that is an integer by its digits alone, and within a double's range without an exponent.
pub const SHORT_NUMBER: usize = 18;

/// What stands in the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A boolean.
    Flag,
    /// An array of rows.
    Rows,
}

/// A value's place: the bytes before it, what it is, and the node that it is put into.
#[derive(Clone, Debug)]
struct Part {
    /// The bytes before it, and how many of its own are among them: those with which it has to begin.
    before: Literal,
    begins: usize,
    what: What,
    node: u32,
    /// How long the last one was.
    width: usize,
}

/// Values and the bytes between them.
#[derive(Clone, Debug)]
pub struct Shape {
    parts: Vec<Part>,
    end: Literal,
}

/// Puts a shape together from bytes that were read.
#[derive(Debug)]
pub struct ShapeBuilder<'a> {
    raw: &'a [u8],
    /// Where the bytes begin that belong to no value yet.
    from: usize,
    parts: Vec<Part>,
}

impl<'a> ShapeBuilder<'a> {
    /// A shape that begins there.
    pub fn new(raw: &'a [u8], from: usize) -> Self {
        ShapeBuilder { raw, from, parts: Vec::new() }
    }

    /// Adds a value that stands at these bytes; the quotes of a text aren't among them. As many of them as `begins` have to be
    /// the same in all messages.
    pub fn add(&mut self, what: What, node: u32, (start, end): (usize, usize), begins: usize) {
        let before = Literal::new(&self.raw[self.from..start + begins]);
        self.parts.push(Part { before, begins, what, node, width: end - start });
        self.from = end;
    }

    /// Ends the shape there; the next one begins at `next`.
    pub fn end(&mut self, at: usize, next: usize) -> Shape {
        let end = Literal::new(&self.raw[self.from..at]);
        self.from = next;
        Shape { parts: std::mem::take(&mut self.parts), end }
    }
}

impl Shape {
    /// Reads what is written so at `at` of a clean message (see `wire::simd`), puts its values into `nodes`, and returns the place behind it.
    #[inline(always)]
    pub fn read(&mut self, mantissas: impl Mantissas, raw: &[u8], mut at: usize, nodes: &mut [Node]) -> Option<usize> {
        for part in &mut self.parts {
            at = part.before.skip(raw, at)?;
            let start = at - part.begins;
            let (end, kind, value) = match part.what {
                What::Text => (text(mantissas, raw, at)?, Kind::Text, UNREAD),
                What::Number => number_at(mantissas, raw, at)?,
                What::Flag => flag(raw, at)?,
                What::Rows => (rows(raw, at)?, Kind::Rows, UNREAD),
            };
            at = part.foreseen(start, end);
            if part.node != NOWHERE {
                let node = nodes.get_mut(part.node as usize)?;
                (node.kind, node.start, node.end, node.value) = (kind, start as u32, end as u32, value);
            }
        }
        self.end.skip(raw, at)
    }
}

impl Part {
    /// The place `end`, in a way that lets the processor go on from where the last value of this part ended.
    #[inline(always)]
    fn foreseen(&mut self, start: usize, end: usize) -> usize {
        // The box hides from the compiler that both are the same where they are.
        let foreseen = hint::black_box(start + self.width);
        if end == foreseen {
            return foreseen;
        }
        self.width = end - start;
        end
    }
}

/// The place of the quote that ends a text.
#[inline(always)]
fn text(mantissas: impl Mantissas, raw: &[u8], at: usize) -> Option<usize> {
    match raw.get(at..)?.first_chunk().and_then(|near| mantissas.quote(near)) {
        Some(more) => Some(at + more),
        None => quote(raw, at),
    }
}

/// The place behind a short number without exponent, what it is, and its value if that was read at once and is an integer.
#[inline(always)]
fn number_at(mantissas: impl Mantissas, raw: &[u8], at: usize) -> Option<(usize, Kind, i64)> {
    if let Some(near) = raw.get(at..)?.first_chunk()
        && let Some(Mantissa { value, places, length }) = mantissas.read(near)
    {
        let whole = length - places - usize::from(places > 0);
        if (whole > 1 && near[0] == b'0') || matches!(near[length % near.len()], b'e' | b'E') {
            return None;
        }
        let (kind, value) = if places == 0 { (Kind::Integer, value as i64) } else { (Kind::Float, UNREAD) };
        return Some((at + length, kind, value));
    }
    number(raw, at).map(|(end, kind)| (end, kind, UNREAD))
}

/// The place behind a short number without exponent, and what it is. What has to follow it is for the next bytes to say.
#[inline]
pub fn number(raw: &[u8], start: usize) -> Option<(usize, Kind)> {
    let first = start + usize::from(raw.get(start) == Some(&b'-'));
    let count @ 1.. = digit_count(raw, first) else { return None };
    if count > 1 && raw[first] == b'0' {
        return None;
    }
    let mut end = first + count;
    let mut kind = Kind::Integer;
    if raw.get(end) == Some(&b'.') {
        let places @ 1.. = digit_count(raw, end + 1) else { return None };
        (end, kind) = (end + 1 + places, Kind::Float);
    }
    (end - start <= SHORT_NUMBER && !matches!(raw.get(end), Some(b'e' | b'E'))).then_some((end, kind))
}

#[inline]
fn flag(raw: &[u8], at: usize) -> Option<(usize, Kind, i64)> {
    let rest = raw.get(at..)?;
    if rest.starts_with(b"true") {
        return Some((at + 4, Kind::True, UNREAD));
    }
    rest.starts_with(b"false").then_some((at + 5, Kind::False, UNREAD))
}

/// Where an array of rows that begins at `at` seems to end. Who reads the rows sees whether it does.
#[inline]
fn rows(raw: &[u8], at: usize) -> Option<usize> {
    if *raw.get(at)? != b'[' {
        return None;
    }
    let ends = match *raw.get(at + 1)? {
        b']' => return Some(at + 2),
        b'[' => b"]]",
        b'{' => b"}]",
        _ => return None,
    };
    Some(find_pair(raw, at, ends)? + 2)
}
