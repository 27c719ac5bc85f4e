//! Messages of one kind are written alike: the same keys in the same order, the same bytes between their values. A template
//! is such a writing, learnt from one message that was read, and tried on the next: what stands between the values is
//! compared, each value is read as what its declaration says, and nothing has to be found out again.
//!
//! A message that differs in anything else than its values doesn't match, and is read by `json` as ever.

#![forbid(unsafe_code)]

use std::hint;

use crate::book::Level;
use crate::digits::digits;
use crate::exact::Step;
use crate::form::Form;
use crate::wire::declared::Message;
use crate::wire::json::{Json, entries, skip};
use crate::wire::json_levels::Layout;
use crate::wire::json_text::{clean_text, clean_until};
use crate::wire::json_units::{number_units, quick_decimal};
use crate::wire::literal::Literal;
use crate::wire::program::{Entry, Program};
use crate::wire::slots::{ANY, Kind, NONE, Slot, Slots};

/// The most templates that a format's messages are tried on.
pub const MAX_TEMPLATES: usize = 8;

/// How many messages are examined for templates, so that messages without one don't cost time forever.
pub const MAX_LESSONS: usize = 64;

/// What stands in the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// An integer.
    Integer,
    /// A price, as text or as a number.
    Price { number: bool },
    /// A size, as text or as a number.
    Size { number: bool },
    /// A text that is read later.
    Text,
    /// The venue symbol.
    Symbol,
    /// The name of the stream, which identifies the instrument.
    Stream,
    /// The name of the stream up to what ends the instrument in it: the rest of it tells the kind.
    StreamHead { until: u8 },
    /// A text that says nothing.
    AnyText,
    /// A number that says nothing, or is read later.
    Number,
    /// A boolean.
    Flag,
    /// The bids (0) or asks (1).
    Levels(usize),
}

/// A value's place: the bytes before it, what it is, and its slot. And how it was written last.
#[derive(Clone, Debug)]
struct Part {
    before: Literal,
    what: What,
    id: usize,
    width: usize,
    form: Form,
    layout: Layout,
}

impl Part {
    fn new(before: Literal, what: What, id: usize) -> Part {
        Part { before, what, id, width: 0, form: Form::default(), layout: Layout::default() }
    }

    /// The place `end`, in a way that lets the processor go on from where the last value of this part ended.
    #[inline(always)]
    fn foreseen(&mut self, at: usize, end: usize) -> usize {
        // The box hides from the compiler that both are the same where they are.
        let foreseen = hint::black_box(at + self.width);
        if end == at + self.width {
            return foreseen;
        }
        self.width = end - at;
        end
    }

    /// The whole steps that the decimal text at `at` is, and the place behind it.
    #[inline(always)]
    fn decimal(&mut self, data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
        if let Some(read @ (_, end)) = self.form.units(data, at, step)
            && data.get(end) == Some(&b'"')
        {
            return Some(read);
        }
        let (units, end) = quick_decimal(data, at, step)?;
        self.form = Form::of(&data[at..end], step);
        Some((units, end))
    }
}

/// The writing of one kind of message.
#[derive(Clone, Debug)]
pub struct Template {
    /// The number of the declaration.
    pub entry: usize,
    parts: Vec<Part>,
    end: Literal,
}

impl Template {
    /// The writing of a message of that declaration; `None` where it isn't one for a template.
    pub fn learn(program: &Program, entry: usize, data: &[u8], enveloped: bool) -> Option<Template> {
        let mut learner = Learner { program, entry: &program.entries[entry], data, literal_from: 0, parts: Vec::new() };
        learner.object(data.iter().position(|&byte| byte == b'{')?, enveloped)?;
        let end = Literal::new(&data[learner.literal_from..]);
        let ids: Vec<usize> = learner.parts.iter().filter(|part| part.id != usize::MAX).map(|part| part.id).collect();
        let unique = ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id));
        unique.then_some(Template { entry, parts: learner.parts, end })
    }

    /// Reads a message that is written so, and returns the place behind it. `None` where it isn't written so, or has to
    /// be handled by the other ways.
    ///
    /// `instrument` is the guess, and becomes the message's own. Values are put into `slots`, levels into `arena`.
    #[inline]
    pub fn read(
        &mut self,
        program: &Program,
        json: &Json,
        data: &[u8],
        instrument: &mut usize,
        slots: &mut Slots,
        arena: &mut Vec<Level>,
    ) -> Option<usize> {
        let mut grid = program.grids.get(*instrument)?;
        let mut gridded = false;
        let mut at = 0;
        let entry = &program.entries[self.entry];
        for part in &mut self.parts {
            at = part.before.skip(data, at)?;
            let start = at as u32;
            let mut slot = Slot { kind: Kind::Text, start, end: start, instrument: NONE, rows: (0, 0), value: 0 };
            match part.what {
                What::Integer => {
                    let (value, count) = digits(data, at)?;
                    if count == 0 || (count > 1 && data[at] == b'0') {
                        return None;
                    }
                    at = part.foreseen(at, at + count);
                    (slot.kind, slot.instrument, slot.value) = (Kind::Integer, ANY, i64::try_from(value).ok()?);
                }
                What::Price { number } | What::Size { number } => {
                    let step = if matches!(part.what, What::Price { .. }) { &grid.tick } else { &grid.lot };
                    let read = if number { number_units(data, at, step) } else { part.decimal(data, at, step) };
                    (slot.value, at) = read?;
                    slot.instrument = grid.instrument as u32;
                    slot.kind = if number { Kind::Float } else { Kind::Text };
                    gridded = true;
                }
                What::Symbol | What::Stream => {
                    at = part.foreseen(at, clean_text(data, at)?);
                    let name = &data[start as usize..at];
                    let own = program.own(name, *instrument, part.what == What::Stream)?;
                    if own != *instrument {
                        if gridded {
                            return None;
                        }
                        *instrument = own;
                        grid = &program.grids[own];
                    }
                }
                What::StreamHead { until } => at = part.foreseen(at, clean_until(data, at, until)?),
                What::Text | What::AnyText => at = part.foreseen(at, clean_text(data, at)?),
                What::Number => {
                    let (end, kind) = number(data, at)?;
                    if !matches!(kind, Kind::Integer | Kind::Float) {
                        return None;
                    }
                    (slot.kind, at) = (kind, part.foreseen(at, end));
                }
                What::Flag => {
                    let (end, kind) = skip(data, at, 0)?;
                    if !matches!(kind, Kind::True | Kind::False) {
                        return None;
                    }
                    (slot.kind, at) = (kind, end);
                }
                What::Levels(side) => {
                    let (bids, asks) = entry.rows.as_ref()?;
                    let rows = if side == 0 { bids } else { asks };
                    slot.rows.0 = arena.len() as u32;
                    at = json.rows(data, at, (rows, grid), &mut part.layout, arena)?;
                    slot.rows.1 = arena.len() as u32;
                    (slot.kind, slot.instrument) = (Kind::Container, grid.instrument as u32);
                    gridded = true;
                }
            }
            if part.id != usize::MAX {
                slot.end = at as u32;
                slots.set(part.id, slot);
            }
        }
        self.end.skip(data, at)
    }
}

/// The place behind the number at `at`, and what it is.
#[inline]
fn number(data: &[u8], at: usize) -> Option<(usize, Kind)> {
    if let Some((_, count)) = digits(data, at)
        && count > 0
        && (count == 1 || data[at] != b'0')
        && matches!(data.get(at + count), Some(b',' | b'}'))
    {
        return Some((at + count, Kind::Integer));
    }
    skip(data, at, 0)
}

/// Goes through a message that was read and takes down how it is written.
struct Learner<'a> {
    program: &'a Program,
    entry: &'a Entry,
    data: &'a [u8],
    literal_from: usize,
    parts: Vec<Part>,
}

impl Learner<'_> {
    /// `enveloped` says that the message is the object under the key of the envelope.
    fn object(&mut self, at: usize, enveloped: bool) -> Option<usize> {
        let data = self.data;
        entries(data, at, |at, key| {
            let key = std::str::from_utf8(key).ok()?;
            let (end, kind) = skip(data, at, 0)?;
            if enveloped {
                if self.program.unwrap.as_ref().is_some_and(|unwrap| unwrap.name == key) {
                    return self.object(at, false);
                }
                let answer = self.program.answers.as_ref().is_some_and(|(answers, _)| answers.name == key);
                if answer && self.entry.symbol.is_none() {
                    // Only the request says whose it is, and a template doesn't read that.
                    return None;
                }
                let stream = self.program.stream.as_ref().is_some_and(|(stream, _)| stream.name == key);
                if stream && self.program.has_kinds_of_streams() {
                    return self.stream_head(at, end, kind);
                }
                let what = if stream && self.entry.symbol.is_none() { What::Stream } else { any(kind) };
                return self.value(at, end, kind, what, usize::MAX);
            }
            if self.program.tells(key) && !self.is_symbol(key) {
                // It tells the kind: its very bytes count. What a field reads of it would have to be read again.
                let read = self.entry.keys.iter().any(|field| field.name == key);
                return (!read && kind != Kind::Container).then_some(end);
            }
            let what = self.role(key, kind)?;
            let wanted = self.is_field(key) || matches!(what, What::Symbol | What::Levels(_));
            let id = if wanted { self.program.names.iter().position(|name| name == key)? } else { usize::MAX };
            self.value(at, end, kind, what, id)
        })
    }

    /// Takes down the start of the stream's name: its rest is among the bytes that have to stand there.
    fn stream_head(&mut self, at: usize, end: usize, kind: Kind) -> Option<usize> {
        let until = *self.program.stream.as_ref()?.1.until.as_bytes().first()?;
        // Without a symbol of its own the message's instrument has to be found in the whole name.
        if kind != Kind::Text || self.entry.symbol.is_none() {
            return None;
        }
        let before = Literal::new(&self.data[self.literal_from..=at]);
        self.literal_from = at + 1 + self.data[at + 1..end - 1].iter().position(|&byte| byte == until)?;
        self.parts.push(Part::new(before, What::StreamHead { until }, usize::MAX));
        Some(end)
    }

    /// Takes down a value: the bytes since the last one, and what it is.
    fn value(&mut self, at: usize, end: usize, kind: Kind, what: What, id: usize) -> Option<usize> {
        if what == What::Flag && id == usize::MAX {
            return Some(end);
        }
        let quotes = usize::from(kind == Kind::Text);
        let before = Literal::new(&self.data[self.literal_from..at + quotes]);
        self.literal_from = end - quotes;
        self.parts.push(Part::new(before, what, id));
        Some(end)
    }

    fn is_symbol(&self, key: &str) -> bool {
        self.entry.symbol.as_ref().is_some_and(|(symbol, _)| symbol.name == key)
    }

    fn is_field(&self, key: &str) -> bool {
        self.entry.keys.iter().any(|field| field.name == key)
    }

    /// What the value under a key is to the declaration; `None` where no template can have it.
    fn role(&self, key: &str, kind: Kind) -> Option<What> {
        if self.is_symbol(key) {
            return (kind == Kind::Text && !self.is_field(key)).then_some(What::Symbol);
        }
        if let Some((bids, asks)) = &self.entry.rows
            && (bids.key.name == key || asks.key.name == key)
        {
            let both = bids.key.name == asks.key.name;
            return (kind == Kind::Container && !both).then_some(What::Levels(usize::from(asks.key.name == key)));
        }
        if !self.is_field(key) {
            return (kind != Kind::Container && kind != Kind::Other).then(|| any(kind));
        }
        let (prices, sizes, number) = match &self.entry.message {
            Message::Quote { bid_price, ask_price, bid_size, ask_size, .. } => {
                (vec![bid_price, ask_price], vec![bid_size, ask_size], bid_price.number)
            }
            Message::Trade { price, size, .. } => (vec![price], vec![size], price.number),
            Message::Delta { .. } | Message::Snapshot { .. } => (vec![], vec![], false),
            _ => return None,
        };
        if prices.iter().chain(&sizes).any(|field| field.number != number) {
            return None;
        }
        let wanted = if number { matches!(kind, Kind::Integer | Kind::Float) } else { kind == Kind::Text };
        if prices.iter().any(|field| field.key == key) {
            return wanted.then_some(What::Price { number });
        }
        if sizes.iter().any(|field| field.key == key) {
            return wanted.then_some(What::Size { number });
        }
        match kind {
            Kind::Integer => Some(What::Integer),
            Kind::Text => Some(What::Text),
            Kind::True | Kind::False => Some(What::Flag),
            _ => None,
        }
    }
}

fn any(kind: Kind) -> What {
    match kind {
        Kind::Text => What::AnyText,
        Kind::Integer | Kind::Float => What::Number,
        _ => What::Flag,
    }
}
