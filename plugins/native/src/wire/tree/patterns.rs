//! The patterns that a format's messages are tried on: see `pattern`.

#![forbid(unsafe_code)]

use crate::wire::simd::clean;
use crate::wire::tree::Step;
use crate::wire::tree::arena::Arena;
use crate::wire::tree::kinds::Kinds;
use crate::wire::tree::learn::learn;
use crate::wire::tree::node::{Message, Node};
use crate::wire::tree::path::Scope;
use crate::wire::tree::pattern::Pattern;
use crate::wire::tree::readers::Read;

/// The most patterns that a format's messages are tried on.
const MAX_PATTERNS: usize = 16;

/// How many messages are examined for patterns, so that messages without one don't cost time forever.
const MAX_LESSONS: usize = 64;

/// The writings of a format's messages that were learnt.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    known: Vec<Pattern>,
    /// The one that fitted last.
    last: usize,
    lessons: usize,
    nodes: Vec<Node>,
}

impl Patterns {
    /// Finds the values of a message that is written as one before it; how many items it has.
    #[inline]
    pub fn find(&mut self, raw: &[u8]) -> Option<usize> {
        let Patterns { known, last, nodes, .. } = self;
        if known.is_empty() || !clean(raw) {
            return None;
        }
        if let Some(count) = known.get_mut(*last)?.read(raw, nodes) {
            return Some(count);
        }
        self.find_other(raw)
    }

    #[inline(never)]
    fn find_other(&mut self, raw: &[u8]) -> Option<usize> {
        let Patterns { known, last, nodes, .. } = self;
        let others = known.iter_mut().enumerate().filter(|(at, _)| at != last);
        let (at, count) = others.filter_map(|(at, pattern)| Some((at, pattern.read(raw, nodes)?))).next()?;
        *last = at;
        Some(count)
    }

    /// Reads an item of the message whose values were found, with the number of its declaration; `None` where something is
    /// wrong with it.
    #[inline]
    pub fn read(
        &self,
        raw: &[u8],
        place: usize,
        kinds: &mut Kinds,
        receive_time_ns: i64,
        arena: &mut Arena,
    ) -> Option<(usize, Read)> {
        let pattern = self.known.get(self.last)?;
        let item = pattern.item(place);
        let scope = Scope { message: pattern.message(raw, &self.nodes), item, row: item };
        let instrument = kinds.instrument(pattern.kind, &scope)?;
        Some((pattern.kind, kinds.read(pattern.kind, instrument, &scope, receive_time_ns, arena).ok()?))
    }

    /// The message whose values were found last.
    pub fn message<'a>(&'a self, raw: &'a [u8]) -> Message<'a> {
        self.known[self.last].message(raw, &self.nodes)
    }

    /// Learns how a message is written that was read as these items.
    #[inline]
    pub fn learn(&mut self, message: Message<'_>, found: &[(Option<usize>, usize)], steps: &[Step], kinds: &Kinds) {
        if self.lessons < MAX_LESSONS && self.known.len() < MAX_PATTERNS && matches!(steps, [Step::Read(..)]) {
            self.lessons += 1;
            // The first pattern of a declaration is strict. It doesn't fit the next message if an unread text is another there.
            let strict = |kind| self.known.iter().all(|pattern| pattern.kind != kind);
            let learnt = learn(message, found, kinds, strict);
            self.known.extend(learnt);
        }
    }
}
