//! Messages of one kind are written alike: the same keys in the same order, the same bytes between their values. A pattern
//! is such a writing, learnt from one message that was read (`learn`), and tried on the next: what stands between the values
//! is compared, the values are found without a search, and rows of levels are left to those who read them.
//!
//! What doesn't fit in anything, its rows included, is read from its tape, which alone says what is wrong with a message.

#![forbid(unsafe_code)]

use crate::mantissa::{Mantissas, Work, with_mantissas};
use crate::wire::json::space;
use crate::wire::tree::condition::Condition;
use crate::wire::tree::node::{Message, Node};
use crate::wire::tree::path::{Places, Scope};
use crate::wire::tree::shape::Shape;

/// A condition on a value that differs from message to message, and whether it was met.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is asked.
    pub condition: Condition,
    /// Whether of each item, not of the whole message.
    pub of_item: bool,
    /// What the answer was, and has to be again.
    pub met: bool,
}

/// The messages of an array.
#[derive(Clone, Debug)]
pub struct Items {
    /// How each is written.
    pub shape: Shape,
    /// The nodes of one.
    pub nodes: Vec<Node>,
    /// What comes behind them.
    pub tail: Shape,
    /// How many there have to be, if paths lead to single ones of them.
    pub count: Option<usize>,
}

/// The writing of one kind of message.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The number of the declaration.
    pub kind: usize,
    /// How the message is written, or what comes before its items.
    pub head: Shape,
    /// The message's nodes, but for those of its items.
    pub nodes: Vec<Node>,
    /// The texts of nodes that are the same in all messages.
    pub own: Vec<u8>,
    /// The items, if the messages are those of an array.
    pub items: Option<Items>,
    /// Where paths lead.
    pub places: Places,
    /// What makes it this kind of message, but for what is the same in all.
    pub asked: Vec<Asked>,
}

impl Pattern {
    /// Finds the values of a message that is written so: puts them into `nodes`, and says how many messages it has.
    #[inline]
    pub fn read(&mut self, raw: &[u8], nodes: &mut Vec<Node>) -> Option<usize> {
        with_mantissas(Values { pattern: self, raw, nodes })
    }

    /// The message whose values were found.
    #[inline]
    pub fn message<'a>(&'a self, raw: &'a [u8], nodes: &'a [Node]) -> Message<'a> {
        Message { nodes, own: &self.own, raw, places: Some(&self.places) }
    }

    /// The node of an item.
    #[inline]
    pub fn item(&self, at: usize) -> usize {
        self.items.as_ref().map_or(0, |items| self.nodes.len() + at * items.nodes.len())
    }

    #[inline]
    fn is_kind(&self, message: &Message<'_>, count: usize) -> bool {
        self.asked.iter().all(|asked| {
            let count = if asked.of_item { count } else { 1 };
            (0..count).all(|at| {
                let item = if asked.of_item { self.item(at) } else { 0 };
                asked.condition.fits(&Scope { message: *message, item, row: item }) == asked.met
            })
        })
    }
}

/// The values of a message that may be written as a pattern, to be found.
struct Values<'a> {
    pattern: &'a mut Pattern,
    raw: &'a [u8],
    nodes: &'a mut Vec<Node>,
}

impl Work for Values<'_> {
    /// How many messages it has.
    type Outcome = Option<usize>;

    #[inline(always)]
    fn run(self, mantissas: impl Mantissas) -> Option<usize> {
        let Values { pattern, raw, nodes } = self;
        nodes.clear();
        nodes.extend_from_slice(&pattern.nodes);
        let mut at = pattern.head.read(mantissas, raw, 0, nodes)?;
        let mut count = 1;
        if let Some(items) = &mut pattern.items {
            loop {
                let base = nodes.len();
                nodes.extend_from_slice(&items.nodes);
                at = items.shape.read(mantissas, raw, at, &mut nodes[base..])?;
                if raw.get(at) != Some(&b',') {
                    break;
                }
                at = space(raw, at + 1);
                count += 1;
            }
            if items.count.is_some_and(|wanted| wanted != count) {
                return None;
            }
            at = items.tail.read(mantissas, raw, at, nodes)?;
        }
        let alike = space(raw, at) == raw.len() && pattern.is_kind(&pattern.message(raw, nodes), count);
        alike.then_some(count)
    }
}
