//! The patterns that a format's messages are tried on: see `pattern`.

#![forbid(unsafe_code)]

use crate::wire::simd::clean;
use crate::wire::tree::Step;
use crate::wire::tree::arena::Arena;
use crate::wire::tree::kinds::{Kinds, Whose};
use crate::wire::tree::learn::learn;
use crate::wire::tree::node::{Message, Node};
use crate::wire::tree::path::Scope;
use crate::wire::tree::pattern::Pattern;

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
    /// Reads a message into `steps` if it is written as one before it and there is nothing wrong with it.
    #[inline]
    pub fn read(
        &mut self,
        raw: &[u8],
        kinds: &mut Kinds,
        receive_time_ns: i64,
        arena: &mut Arena,
        steps: &mut Vec<Step>,
    ) -> Option<()> {
        let Patterns { known, last, nodes, .. } = self;
        if known.is_empty() || !clean(raw) {
            return None;
        }
        let mut count = known.get_mut(*last)?.read(raw, nodes);
        if count.is_none() {
            for (at, pattern) in known.iter_mut().enumerate().filter(|(at, _)| at != last) {
                count = pattern.read(raw, nodes);
                if count.is_some() {
                    *last = at;
                    break;
                }
            }
        }
        let pattern = &known[*last];
        let message = pattern.message(raw, nodes);
        for place in 0..count? {
            let item = pattern.item(place);
            let scope = Scope { message, item, row: item };
            let Ok(Whose::Instrument(instrument)) = kinds.whose(pattern.kind, &scope) else { return None };
            let read = kinds.read(pattern.kind, instrument, &scope, receive_time_ns, arena).ok()?;
            steps.push(Step::Read(pattern.kind, read));
        }
        Some(())
    }

    /// The message that was read last.
    pub fn message<'a>(&'a self, raw: &'a [u8]) -> Message<'a> {
        self.known[self.last].message(raw, &self.nodes)
    }

    /// Learns how a message is written that was read as these items.
    #[inline]
    pub fn learn(&mut self, message: Message<'_>, found: &[(Option<usize>, usize)], steps: &[Step], kinds: &Kinds) {
        if self.lessons < MAX_LESSONS && self.known.len() < MAX_PATTERNS && matches!(steps, [Step::Read(..)]) {
            self.lessons += 1;
            self.known.extend(learn(message, found, kinds));
        }
    }
}
