//! The decoder: a message's bytes to its events.
//!
//! A message is read before anything is counted or changed, so that one that is refused leaves no trace.

#![forbid(unsafe_code)]

mod batches;

use crate::book::Level;
use crate::wire::declared::{Format, Instrument};
use crate::wire::event::{Cause, CauseCounts, Event, Sink};
use crate::wire::fields::Decoded;
use crate::wire::json::{Json, JsonFields, Pass, Unusual, space};
use crate::wire::message::{Read, read_fast, read_message};
use crate::wire::msgpack::{Msgpack, MsgpackFields};
use crate::wire::program::Program;
use crate::wire::reading::{BookKind, Reading, read};
use crate::wire::slots::Scratch;
use crate::wire::sync::{Body, BookSync};
use crate::wire::template::{MAX_LESSONS, MAX_TEMPLATES, Template};
use crate::wire::tree::channels::Channels;
use crate::wire::tree::kinds::Kinds;
use crate::wire::tree::numbers::Counter;
use crate::wire::tree::path::Paths;
use crate::wire::tree::{Counts, Tree};
use crate::wire::value::{Fault, Is, Value};
use crate::wire::{json_value, msgpack_value, simd};

/// The largest message that is read.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// What begins so is a note of the recorder of the messages, not of the venue.
pub const NOTE: &[u8] = b"!";

/// The note that the connection was lost: no book can be trusted before its next snapshot.
pub const LOST: &[u8] = b"!lost";

/// How messages are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// JSON text.
    Json,
    /// msgpack.
    Msgpack,
}

/// Reads messages of a format, and keeps the numbering of each instrument's book.
#[derive(Clone, Debug)]
pub struct Decoder {
    program: Program,
    encoding: Encoding,
    json: Option<Json>,
    msgpack: Option<Msgpack>,
    syncs: Vec<BookSync>,
    causes: CauseCounts,
    counts: Vec<u64>,
    ignored: u64,
    notes: u64,
    scratch: Scratch,
    batch: Vec<Read>,
    general: u64,
    /// Runs a format whose values are found by paths, in the place of all others.
    tree: Option<Box<Tree>>,
    /// Whether a message is anything else than one object with keys: a batch, or one for the tree.
    composed: bool,
}

impl Decoder {
    /// A decoder for the program's instruments.
    pub fn new(program: Program, encoding: Encoding) -> Decoder {
        let syncs = program.grids.iter().map(|grid| BookSync::new(grid.instrument, program.sequencing)).collect();
        Decoder {
            json: (encoding == Encoding::Json).then(|| Json::new(&program)).flatten(),
            msgpack: (encoding == Encoding::Msgpack).then(|| Msgpack::new(&program)).flatten(),
            syncs,
            causes: CauseCounts::default(),
            counts: vec![0; program.entries.len()],
            ignored: 0,
            notes: 0,
            scratch: Scratch::default(),
            batch: Vec::new(),
            general: 0,
            tree: None,
            composed: program.batch,
            program,
            encoding,
        }
    }

    /// A decoder for a format whose values are found by paths. `alone` is whether the session has no other instruments.
    /// The error says what can't be compiled.
    pub fn by_paths(
        format: Format,
        instruments: &[Instrument],
        encoding: Encoding,
        alone: bool,
    ) -> Result<Decoder, String> {
        let none = Format { messages: Vec::new(), ..format.clone() };
        let paths = Paths::default();
        let counter = format.numbers.as_ref().map(|numbers| Counter::new(numbers, &paths));
        let channels = format.channels.as_ref().map(Channels::new);
        let (kinds, ledgers) = Kinds::new(format, instruments, alone, paths)?;
        let mut decoder = Decoder::new(Program::new(none, instruments)?, encoding);
        decoder.counts = vec![0; kinds.count()];
        decoder.tree = Some(Box::new(Tree::new(kinds, ledgers, counter, channels)));
        decoder.composed = true;
        Ok(decoder)
    }

    /// The bytes that the last message was read from: with its channel, where it names that by a number.
    pub fn read_from<'a>(&'a self, raw: &'a [u8]) -> &'a [u8] {
        self.tree.as_ref().map_or(raw, |tree| tree.read_from(raw))
    }

    /// How many of the venue's checksums were compared, and how many were right.
    pub fn checksums(&self) -> (u64, u64) {
        self.tree.as_ref().map_or((0, 0), |tree| tree.checksums())
    }

    /// How many losses showed in the numbers of the connection at which no book had to be quarantined.
    pub fn gaps(&self) -> u64 {
        self.tree.as_ref().map_or(0, |tree| tree.gaps())
    }

    /// The compiled format.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The books' numbering, by instrument.
    pub fn syncs(&mut self) -> &mut [BookSync] {
        &mut self.syncs
    }

    /// How many messages weren't applied when they came, by cause.
    pub fn causes(&self) -> &CauseCounts {
        &self.causes
    }

    /// How many messages came of each declaration.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many messages were of a kind that isn't declared.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// How many notes came: see `NOTE`.
    pub fn notes(&self) -> u64 {
        self.notes
    }

    /// How many messages were read on the general way, those that were refused included.
    pub fn general(&self) -> u64 {
        self.general + self.tree.as_ref().map_or(0, |tree| tree.taken_down())
    }

    /// The events of one message or note, in order. One that is refused changes nothing.
    #[inline]
    pub fn on_message(&mut self, raw: &[u8], receive_time_ns: i64, sink: &mut impl Sink) -> Result<(), Fault> {
        // A note is no message of any format, so that a message costs no question.
        self.read_and_apply(raw, receive_time_ns, sink).or_else(|fault| self.on_note(raw, receive_time_ns, sink, fault))
    }

    #[inline]
    fn read_and_apply(&mut self, raw: &[u8], receive_time_ns: i64, sink: &mut impl Sink) -> Result<(), Fault> {
        self.scratch.arena.clear();
        if self.composed {
            return self.on_composed(raw, receive_time_ns, sink);
        }
        let (entry, reading) = match self.templated(raw, receive_time_ns) {
            Some(read) => read,
            None => match self.fast(raw, receive_time_ns) {
                Ok(read) => read,
                Err(Unusual) => self.slow(raw, receive_time_ns)?,
            },
        };
        self.apply(entry, &reading, sink);
        Ok(())
    }

    /// Reads a message on the general way alone, as the reference for the fast way.
    pub fn on_message_generally(
        &mut self,
        raw: &[u8],
        receive_time_ns: i64,
        sink: &mut impl Sink,
    ) -> Result<(), Fault> {
        self.read_generally(raw, receive_time_ns, sink).or_else(|fault| self.on_note(raw, receive_time_ns, sink, fault))
    }

    fn read_generally(&mut self, raw: &[u8], receive_time_ns: i64, sink: &mut impl Sink) -> Result<(), Fault> {
        self.scratch.arena.clear();
        if self.tree.is_some() {
            return self.on_tree(raw, receive_time_ns, true, sink);
        }
        if self.program.batch {
            self.batch.clear();
            self.slow_batch(raw, receive_time_ns)?;
            self.apply_batch(sink);
            return Ok(());
        }
        let (entry, reading) = self.slow(raw, receive_time_ns)?;
        self.apply(entry, &reading, sink);
        Ok(())
    }

    #[cold]
    fn on_note(&mut self, raw: &[u8], receive_time_ns: i64, sink: &mut impl Sink, fault: Fault) -> Result<(), Fault> {
        if !raw.starts_with(NOTE) {
            return Err(fault);
        }
        self.notes += 1;
        if raw.starts_with(LOST) {
            self.causes[Cause::Connection as usize] += 1;
            for sync in &mut self.syncs {
                sync.on_lost_messages(receive_time_ns, Cause::Connection, sink);
            }
        }
        Ok(())
    }

    fn on_composed(&mut self, raw: &[u8], receive_time_ns: i64, sink: &mut impl Sink) -> Result<(), Fault> {
        if self.tree.is_some() {
            return self.on_tree(raw, receive_time_ns, false, sink);
        }
        self.on_batch(raw, receive_time_ns, sink)
    }

    fn on_tree(&mut self, raw: &[u8], receive_time_ns: i64, plainly: bool, sink: &mut impl Sink) -> Result<(), Fault> {
        let Some(tree) = &mut self.tree else { return Ok(()) };
        if raw.len() > MAX_MESSAGE_BYTES {
            return Err(Fault { at: MAX_MESSAGE_BYTES, what: "is beyond the largest message" });
        }
        let counts = Counts { counts: &mut self.counts, ignored: &mut self.ignored, causes: &mut self.causes };
        tree.on_message((self.encoding, plainly), raw, receive_time_ns, &mut self.syncs, counts, sink)
    }

    /// A message that is written as one before it.
    #[inline]
    fn templated(&mut self, raw: &[u8], receive_time_ns: i64) -> Option<Read> {
        let Decoder { program, json, scratch, .. } = self;
        let json = json.as_ref()?;
        let Scratch { inner, arena, templates, last, guess, .. } = scratch;
        let count = templates.len();
        for tried in 0..count {
            // The one that matched last is tried first, and then the others.
            let at = if tried == 0 { *last } else { tried - usize::from(tried <= *last) };
            let template = &mut templates[at];
            let mut instrument = *guess;
            inner.clear();
            arena.clear();
            if template.read(program, json, raw, &mut instrument, inner, arena) == Some(raw.len()) {
                *last = at;
                let entry = &program.entries[template.entry];
                let mut fields = JsonFields { json, data: raw, slots: inner };
                let reading = read(entry, &mut fields, &program.grids[instrument], receive_time_ns, arena).ok()?;
                return Some((template.entry, reading));
            }
        }
        None
    }

    #[inline]
    fn fast(&mut self, raw: &[u8], receive_time_ns: i64) -> Result<Read, Unusual> {
        if raw.len() > MAX_MESSAGE_BYTES {
            return Err(Unusual);
        }
        let Decoder { program, json, msgpack, scratch, .. } = self;
        let Scratch { outer, inner, arena, templates, lessons, guess, .. } = scratch;
        arena.clear();
        outer.clear();
        inner.clear();
        let mut pass = Pass { slots: outer, inner: Some(inner), enveloped: false, arena, guess: *guess };
        if let Some(json) = json {
            if !simd::clean(raw) {
                return Err(Unusual);
            }
            let end = json.members(program, raw, space(raw, 0), &mut pass).ok_or(Unusual)?;
            let enveloped = pass.enveloped;
            if space(raw, end) != raw.len() {
                return Err(Unusual);
            }
            let fields = |slots| JsonFields { json, data: raw, slots };
            let read = read_fast(program, fields(outer), enveloped.then(|| fields(inner)), receive_time_ns, arena)?;
            if templates.len() < MAX_TEMPLATES && *lessons < MAX_LESSONS && instrument_of(&read.1).is_some() {
                *lessons += 1;
                templates.extend(Template::learn(program, read.0, raw, enveloped));
            }
            Ok(read)
        } else if let Some(msgpack) = msgpack {
            let end = msgpack.members(program, raw, 0, &mut pass).ok_or(Unusual)?;
            let enveloped = pass.enveloped;
            if end != raw.len() {
                return Err(Unusual);
            }
            let fields = |slots| MsgpackFields { data: raw, slots };
            read_fast(program, fields(outer), enveloped.then(|| fields(inner)), receive_time_ns, arena)
        } else {
            Err(Unusual)
        }
    }

    fn decoded(&mut self, raw: &[u8]) -> Result<Value, Fault> {
        self.general += 1;
        if raw.len() > MAX_MESSAGE_BYTES {
            return Err(Fault { at: MAX_MESSAGE_BYTES, what: "is beyond the largest message" });
        }
        match self.encoding {
            Encoding::Json => json_value::decode(raw),
            Encoding::Msgpack => msgpack_value::decode(raw),
        }
    }

    #[cold]
    fn slow(&mut self, raw: &[u8], receive_time_ns: i64) -> Result<Read, Fault> {
        let value = self.decoded(raw)?;
        let Decoder { program, scratch, .. } = self;
        scratch.arena.clear();
        if !matches!(value.is, Is::Object(_)) {
            return Err(value.fault("must be an object"));
        }
        let inner = program.unwrap.as_ref().and_then(|key| value.member(&key.name));
        if let Some(inner) = inner
            && !matches!(inner.is, Is::Object(_))
        {
            return Err(inner.fault("must be an object"));
        }
        read_message(program, Decoded(&value), inner.map(Decoded), receive_time_ns, &mut scratch.arena)
    }

    #[inline]
    fn apply(&mut self, entry: usize, reading: &Reading, sink: &mut impl Sink) {
        let Decoder { syncs, causes, counts, ignored, scratch, .. } = self;
        if matches!(reading, Reading::Ignored) {
            *ignored += 1;
            causes[Cause::Ignored as usize] += 1;
            return;
        }
        counts[entry] += 1;
        match reading {
            Reading::Quote(quote) => {
                scratch.guess = quote.instrument;
                sink.event(Event::Quote(quote));
            }
            Reading::Depth { kind, depth, bids, asks } => {
                scratch.guess = depth.instrument;
                let (bids, asks) = (side(&scratch.arena, *bids), side(&scratch.arena, *asks));
                let sync = &mut syncs[depth.instrument];
                let body = Body::levels(bids, asks);
                match kind {
                    BookKind::Delta => sync.on_delta(depth, body, causes, sink),
                    BookKind::Snapshot => sync.on_snapshot(depth, body, false, causes, sink),
                    BookKind::Cut => sync.on_snapshot(depth, body, true, causes, sink),
                    BookKind::View => sync.on_view(depth, body, causes, sink),
                }
            }
            Reading::Trade { rising, trade } => {
                scratch.guess = trade.instrument;
                if syncs[trade.instrument].takes_trade(trade, *rising, causes) {
                    sink.event(Event::Trade(trade));
                }
            }
            Reading::Correction(correction) => sink.event(Event::Correction(correction)),
            Reading::Bar(bar) => sink.event(Event::Bar(bar)),
            Reading::Status(status) => sink.event(Event::Status(status)),
            Reading::Mark(mark) => sink.event(Event::Mark(mark)),
            Reading::Control(control) => sink.event(Event::Control(control)),
            Reading::UnknownSymbol => causes[Cause::UnknownSymbol as usize] += 1,
            Reading::Ignored => {}
        }
    }
}

fn side(arena: &[Level], (start, end): (u32, u32)) -> &[Level] {
    arena.get(start as usize..end as usize).unwrap_or_default()
}

fn instrument_of(reading: &Reading) -> Option<usize> {
    match reading {
        Reading::Quote(quote) => Some(quote.instrument),
        Reading::Depth { depth, .. } => Some(depth.instrument),
        Reading::Trade { trade, .. } => Some(trade.instrument),
        _ => None,
    }
}
