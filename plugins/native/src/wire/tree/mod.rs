//! Messages of any shape: taken down as a tape, each value followed by its path. The twin is `mainspring.wire._tree`.
//!
//! What needs no more than the keys of one object goes the shorter way of `wire::json`.

#![forbid(unsafe_code)]

mod apply;
pub mod arena;
pub mod book;
pub mod channels;
pub mod checked;
pub mod condition;
pub mod control;
pub mod digits;
pub mod kinds;
pub mod learn;
pub mod ledger;
pub mod ledger_side;
pub mod levels;
pub mod node;
pub mod numbers;
pub mod order_ledger;
pub mod orders;
pub mod path;
pub mod pattern;
pub mod patterns;
pub mod prints;
pub mod readers;
pub mod rows;
pub mod sent;
pub mod shape;
pub mod short_text;
pub mod symbol;
pub mod tape;
pub mod times;
pub mod units;
pub mod values;

use crate::wire::decoder::Encoding;
use crate::wire::event::{Cause, CauseCounts, Sink};
use crate::wire::msgpack_value;
use crate::wire::sync::BookSync;
use crate::wire::tree::apply::apply;
use crate::wire::tree::arena::Arena;
use crate::wire::tree::channels::Channels;
use crate::wire::tree::kinds::{Kinds, Whose};
use crate::wire::tree::ledger::Ledger;
use crate::wire::tree::node::Kind;
use crate::wire::tree::numbers::{Arrival, Counter};
use crate::wire::tree::path::Scope;
use crate::wire::tree::patterns::Patterns;
use crate::wire::tree::readers::Read;
use crate::wire::tree::tape::Tape;
use crate::wire::value::Fault;

/// Runs a format whose values are found by paths.
#[derive(Clone, Debug)]
pub struct Tree {
    kinds: Kinds,
    ledgers: Vec<Ledger>,
    tape: Tape,
    patterns: Patterns,
    arena: Arena,
    /// The items of a message, and the numbers of their declarations.
    found: Vec<(Option<usize>, usize)>,
    steps: Vec<Step>,
    compared: u64,
    right: u64,
    /// Follows the numbers of the connection's messages, if they have any.
    counter: Option<Counter>,
    /// Joins messages with their channels, if they name these by numbers.
    channels: Option<Channels>,
    /// How many losses there were at which no book had to be quarantined.
    gaps: u64,
    /// How many messages were read from their tapes.
    taken_down: u64,
}

/// A message that was read and not yet applied: the number of its declaration, and what it says.
#[derive(Clone, Debug)]
pub enum Step {
    /// It is of no declaration.
    Ignored,
    /// It is of an instrument that the session doesn't trade.
    UnknownSymbol(usize),
    /// What it says.
    Read(usize, Read),
    /// The same message for another instrument.
    Again(Read),
}

/// Where messages are counted.
#[derive(Debug)]
pub struct Counts<'a> {
    /// Of each declaration.
    pub counts: &'a mut [u64],
    /// Of kinds that aren't declared.
    pub ignored: &'a mut u64,
    /// Why messages weren't applied.
    pub causes: &'a mut CauseCounts,
}

impl Tree {
    /// A tree for compiled declarations, and the books of its instruments where these need more than their numbering.
    pub fn new(kinds: Kinds, ledgers: Vec<Ledger>, counter: Option<Counter>, channels: Option<Channels>) -> Tree {
        Tree {
            kinds,
            ledgers,
            tape: Tape::default(),
            patterns: Patterns::default(),
            found: Vec::new(),
            arena: Arena::default(),
            steps: Vec::new(),
            compared: 0,
            right: 0,
            counter,
            channels,
            gaps: 0,
            taken_down: 0,
        }
    }

    /// How many losses there were at which no book had to be quarantined.
    pub fn gaps(&self) -> u64 {
        self.gaps
    }

    /// How many messages were read from their tapes, those that were refused included.
    pub fn taken_down(&self) -> u64 {
        self.taken_down
    }

    /// The bytes that the last message was read from.
    pub fn read_from<'a>(&'a self, raw: &'a [u8]) -> &'a [u8] {
        self.channels.as_ref().map_or(raw, |channels| channels.last(raw))
    }

    /// How many checksums were compared, and how many of them were right.
    pub fn checksums(&self) -> (u64, u64) {
        (self.compared, self.right)
    }

    /// The events of one message, in order. One that is refused changes nothing. `plainly`: from its tape, whatever its
    /// writing.
    pub fn on_message(
        &mut self,
        (encoding, plainly): (Encoding, bool),
        raw: &[u8],
        receive_time_ns: i64,
        syncs: &mut [BookSync],
        counts: Counts<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), Fault> {
        let Tree {
            kinds,
            ledgers,
            tape,
            patterns,
            arena,
            found,
            steps,
            compared,
            right,
            counter,
            channels,
            gaps,
            taken_down,
        } = self;
        let raw = match channels {
            Some(channels) => channels.join(encoding, raw)?,
            None => raw,
        };
        arena.clear();
        let mut items = if encoding == Encoding::Json && !plainly { patterns.find(raw) } else { None };
        let mut proved = (0, 0);
        // Most messages are one item, which waits for no others.
        if items == Some(1) && counter.is_none() {
            if let Some((at, read)) = patterns.read(raw, 0, kinds, receive_time_ns, arena) {
                counts.counts[at] += 1;
                apply(&read, patterns.message(raw), arena, ledgers, syncs, counts.causes, &mut proved, sink);
                *compared += proved.0;
                *right += proved.1;
                return Ok(());
            }
            items = None;
        }
        arena.clear();
        steps.clear();
        let foreseen = items.is_some_and(|items| {
            let read = (0..items).map(|place| patterns.read(raw, place, kinds, receive_time_ns, arena));
            read.map(|read| read.map(|(at, read)| steps.push(Step::Read(at, read)))).all(|read| read.is_some())
        });
        let whole = |message| Scope { message, item: 0, row: 0 };
        let message = if foreseen {
            patterns.message(raw)
        } else {
            *taken_down += 1;
            arena.clear();
            steps.clear();
            let message = match encoding {
                Encoding::Json => tape.read_json(raw)?,
                Encoding::Msgpack => tape.read_value(&msgpack_value::decode(raw)?, raw),
            };
            if !matches!(message.node(0).kind, Kind::Object | Kind::Array) {
                return Err(Fault { at: 0, what: "must be an object or an array" });
            }
            kinds.unfold(&whole(message), found);
            for &(kind, item) in &*found {
                let scope = Scope { item, row: item, ..whole(message) };
                read_item(kinds, kind, &scope, receive_time_ns, arena, steps)?;
            }
            if encoding == Encoding::Json {
                patterns.learn(message, found, steps, kinds);
            }
            message
        };
        let numbered = counter.as_ref().map(|counter| counter.read(&whole(message))).transpose()?;
        let arrival = match (counter, numbered) {
            (Some(counter), Some((channel, number))) => counter.take(channel, number),
            _ => Arrival::Next,
        };
        if let Some(cause) = arrival.cause() {
            counts.causes[cause as usize] += 1;
            if matches!(arrival, Arrival::Repeated | Arrival::Late) {
                for step in steps.drain(..) {
                    match step {
                        Step::Ignored => *counts.ignored += 1,
                        Step::UnknownSymbol(at) | Step::Read(at, _) => counts.counts[at] += 1,
                        Step::Again(_) => {}
                    }
                }
                return Ok(());
            }
            let mut known = false;
            for sync in &mut *syncs {
                known |= sync.on_lost_messages(receive_time_ns, cause, sink);
            }
            *gaps += u64::from(cause == Cause::Gap && !known);
        }
        for step in &*steps {
            match step {
                Step::Ignored => {
                    *counts.ignored += 1;
                    counts.causes[Cause::Ignored as usize] += 1;
                }
                Step::UnknownSymbol(at) => {
                    counts.counts[*at] += 1;
                    counts.causes[Cause::UnknownSymbol as usize] += 1;
                }
                Step::Read(at, read) => {
                    counts.counts[*at] += 1;
                    apply(read, message, arena, ledgers, syncs, counts.causes, &mut proved, sink);
                }
                Step::Again(read) => apply(read, message, arena, ledgers, syncs, counts.causes, &mut proved, sink),
            }
        }
        *compared += proved.0;
        *right += proved.1;
        Ok(())
    }
}

/// Reads an item of a message into `steps`.
fn read_item(
    kinds: &mut Kinds,
    kind: Option<usize>,
    scope: &Scope<'_>,
    receive_time_ns: i64,
    arena: &mut Arena,
    steps: &mut Vec<Step>,
) -> Result<(), Fault> {
    let Some(at) = kind else {
        steps.push(Step::Ignored);
        return Ok(());
    };
    let whose = kinds.whose(at, scope)?;
    match whose {
        Whose::Connection => steps.push(Step::Read(at, kinds.control(at, scope, receive_time_ns)?)),
        Whose::Unknown => steps.push(Step::UnknownSymbol(at)),
        Whose::Instrument(instrument) => {
            steps.push(Step::Read(at, kinds.read(at, instrument, scope, receive_time_ns, arena)?));
        }
        Whose::Instruments(instruments) => {
            for (place, instrument) in instruments.into_iter().enumerate() {
                let read = kinds.read(at, instrument, scope, receive_time_ns, arena)?;
                // The message counts once.
                steps.push(if place == 0 { Step::Read(at, read) } else { Step::Again(read) });
            }
        }
    }
    Ok(())
}
