//! How a part of a message is written: the bytes between its values, and what kind of value comes next.

#![forbid(unsafe_code)]

use std::hint;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::digits::digit_count;
use crate::wire::json_text::quote;
use crate::wire::literal::Literal;
use crate::wire::tree::node::{Kind, Node};
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
    before: Literal,
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

    /// Adds a value that stands at these bytes; the quotes of a text aren't among them.
    pub fn add(&mut self, what: What, node: u32, start: usize, end: usize) {
        let before = Literal::new(&self.raw[self.from..start]);
        self.parts.push(Part { before, what, node, width: end - start });
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
    #[inline]
    pub fn read(&mut self, raw: &[u8], mut at: usize, nodes: &mut [Node]) -> Option<usize> {
        for part in &mut self.parts {
            at = part.before.skip(raw, at)?;
            let start = at;
            let (end, kind) = match part.what {
                What::Text => (quote(raw, at)?, Kind::Text),
                What::Number => number(raw, at)?,
                What::Flag => flag(raw, at)?,
                What::Rows => (rows(raw, at)?, Kind::Rows),
            };
            at = part.foreseen(start, end);
            if part.node != NOWHERE {
                let node = nodes.get_mut(part.node as usize)?;
                (node.kind, node.start, node.end) = (kind, start as u32, end as u32);
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
fn flag(raw: &[u8], at: usize) -> Option<(usize, Kind)> {
    let rest = raw.get(at..)?;
    if rest.starts_with(b"true") {
        return Some((at + 4, Kind::True));
    }
    rest.starts_with(b"false").then_some((at + 5, Kind::False))
}

/// Where an array of rows that begins at `at` seems to end. Who reads the rows sees whether it does.
#[inline]
fn rows(raw: &[u8], at: usize) -> Option<usize> {
    static ARRAYS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"]]"));
    static OBJECTS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"}]"));
    if *raw.get(at)? != b'[' {
        return None;
    }
    let ends = match *raw.get(at + 1)? {
        b']' => return Some(at + 2),
        b'[' => &ARRAYS,
        b'{' => &OBJECTS,
        _ => return None,
    };
    Some(at + ends.find(&raw[at..])? + 2)
}
