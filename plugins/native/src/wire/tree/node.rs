//! The values of a message, as `tape` and `pattern` take them down.

#![forbid(unsafe_code)]

use crate::wire::tree::path::Places;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// A boolean.
    True,
    /// A boolean.
    False,
    /// A number without fraction and exponent.
    Integer,
    /// Any other number.
    Float,
    /// A text.
    Text,
    /// Bytes that aren't text.
    Bytes,
    /// An array.
    Array,
    /// An object: keys and values by turns.
    Object,
    /// An array of rows that were not taken down: its bytes are read where they are wanted. See `Pattern`.
    Rows,
}

/// A value of a message.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Whether its text stands in what the tape holds of its own, not in the message.
    pub own: bool,
    /// Of a text, its `tag`.
    pub tag: u16,
    /// Its first byte; of a text, the one behind the quote.
    pub start: u32,
    /// The byte behind its last; of a text, the quote.
    pub end: u32,
    /// The node behind all that it holds.
    pub next: u32,
    /// The whole number that it is, if that was read when it was found; else `UNREAD`.
    pub value: i64,
}

/// Stands for a number that is to be read from its digits.
pub const UNREAD: i64 = i64::MIN;

/// Where the bytes of a value stand, for those who keep no node of it; none are nowhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Whether they stand in what was written down apart, not in the message.
    pub own: bool,
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

impl Span {
    /// Whether there are any.
    #[inline]
    pub fn is_some(&self) -> bool {
        self.end > self.start
    }
}

impl Node {
    /// Where its bytes stand.
    #[inline]
    pub fn span(&self) -> Span {
        Span { own: self.own, start: self.start, end: self.end }
    }
}

/// A message and its values.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Its values.
    pub nodes: &'a [Node],
    /// What isn't read from the message as it stands.
    pub own: &'a [u8],
    /// The message.
    pub raw: &'a [u8],
    /// Where each path leads to, if that is known beforehand.
    pub places: Option<&'a Places>,
}

impl<'a> Message<'a> {
    /// A value by its number; that of the message itself is 0.
    #[inline]
    pub fn node(&self, at: usize) -> &'a Node {
        &self.nodes[at]
    }

    /// The bytes that hold a value's text, to be read from its `start` to its `end`.
    #[inline]
    pub fn source(&self, node: &Node) -> &'a [u8] {
        if node.own { self.own } else { self.raw }
    }

    /// The bytes of a value that was found before.
    #[inline]
    pub fn bytes(&self, span: Span) -> &'a [u8] {
        let source = if span.own { self.own } else { self.raw };
        &source[span.start as usize..span.end as usize]
    }

    /// A text, or how a number is written.
    #[inline]
    pub fn text(&self, node: &Node) -> &'a [u8] {
        &self.source(node)[node.start as usize..node.end as usize]
    }

    /// The value under a key of an object, whose `tag` is given: of two with one key the later.
    #[inline]
    pub fn member(&self, at: usize, key: &[u8], tag: u16) -> Option<usize> {
        let (mut next, end) = (at + 1, self.node(at).next as usize);
        let mut found = None;
        while next < end {
            let node = self.node(next);
            if node.tag == tag && self.text(node) == key {
                found = Some(next + 1);
            }
            next = self.node(next + 1).next as usize;
        }
        found
    }

    /// An item of an array; a negative place counts from the end.
    #[inline]
    pub fn item(&self, at: usize, place: i64) -> Option<usize> {
        let place = if place < 0 { self.items(at).count() as i64 + place } else { place };
        self.items(at).nth(usize::try_from(place).ok()?)
    }

    /// The values in an array or an object; `None` for what holds none.
    pub fn children(&self, at: usize) -> Option<Vec<usize>> {
        match self.node(at).kind {
            Kind::Array => Some(self.items(at).collect()),
            // The keys are left out.
            Kind::Object => Some(self.items(at).skip(1).step_by(2).collect()),
            _ => None,
        }
    }

    /// The keys of an object, each with its value: of two with one key the later, in the place of the first.
    pub fn members(&self, at: usize) -> Option<Vec<(usize, usize)>> {
        if self.node(at).kind != Kind::Object {
            return None;
        }
        let mut members: Vec<(usize, usize)> = Vec::new();
        for key in self.items(at).step_by(2) {
            let name = self.text(self.node(key));
            match members.iter_mut().find(|(known, _)| self.text(self.node(*known)) == name) {
                Some(known) => known.1 = key + 1,
                None => members.push((key, key + 1)),
            }
        }
        Some(members)
    }

    /// The items of an array.
    #[inline]
    pub fn items(&self, at: usize) -> Items<'a> {
        Items { nodes: self.nodes, next: at + 1, end: self.node(at).next as usize }
    }
}

/// The items of an array, by number.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    nodes: &'a [Node],
    next: usize,
    end: usize,
}

impl Iterator for Items<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.next >= self.end {
            return None;
        }
        let at = self.next;
        self.next = self.nodes[at].next as usize;
        Some(at)
    }
}

/// What tells most texts apart: their length, and their first and last bytes.
#[inline]
pub fn tag(text: &[u8]) -> u16 {
    match text {
        [] => 0,
        [first, .., last] => (text.len() as u16) << 10 ^ u16::from(*first) << 5 ^ u16::from(*last),
        [only] => 1 << 10 ^ u16::from(*only),
    }
}
