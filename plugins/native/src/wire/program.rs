//! A format, compiled for the instruments of a session: which kind a message is, and whose it is.
//!
//! The twins are `mainspring.wire._dispatch`, `_routes` and `_streams`. What a message says is read by `reading`.

#![forbid(unsafe_code)]

use rustc_hash::FxHashMap;

use crate::exact::Step;
use crate::wire::declared::{Format, Instrument, Levels, Message, Named, Place, Sequencing, StreamName, Symbol};
use crate::wire::fields::{Fields, Found, Grid, Key, Rows, Shape};
use crate::wire::round_lots::Units;
use crate::wire::symbols::Symbols;
use crate::wire::wanted::Wanted;

/// A kind of message, compiled.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its declaration.
    pub message: Message,
    /// The key of its symbol and whether that may be absent; `None` where it has none.
    pub symbol: Option<(Key, bool)>,
    /// The arrays of levels that it has: bids, asks.
    pub rows: Option<(Rows, Rows)>,
    /// The keys of its other fields, by the name of the field.
    pub keys: Keys,
    /// The round lots of its sizes, by instrument; empty where all sizes are units.
    pub round_lots: Vec<Option<Units>>,
    /// The key of the object that the message is, where that stands in another.
    pub inside: Option<Key>,
    /// What the stream's name has to be.
    stream: Option<Wanted>,
    tests: Vec<(Key, Named)>,
    has: Vec<Key>,
}

/// The keys of a declaration's fields, in the order in which `reading` asks for them.
pub type Keys = Vec<Key>;

/// A format and its instruments, compiled.
#[derive(Clone, Debug)]
pub struct Program {
    /// The kinds of message.
    pub entries: Vec<Entry>,
    /// The grid of each instrument.
    pub grids: Vec<Grid>,
    /// The key of a message in its envelope.
    pub unwrap: Option<Key>,
    /// The key of the stream's name in the envelope, and what ends the instrument in it.
    pub stream: Option<(Key, StreamName)>,
    /// The same for the request of a recorded answer.
    pub answers: Option<(Key, StreamName)>,
    /// Whether a message is an array of messages.
    pub batch: bool,
    /// How deltas are numbered.
    pub sequencing: Sequencing,
    /// Every key that a declaration names, by its number.
    pub names: Vec<String>,
    choosing: Key,
    direct: Vec<(String, usize)>,
    likely: Option<(Key, usize)>,
    told: Vec<usize>,
    of_streams: Vec<usize>,
    by_symbol: Symbols,
    by_stream: FxHashMap<String, usize>,
    symbols: Vec<Vec<u8>>,
    only: Option<usize>,
}

/// What the envelope says of a message's instrument.
#[derive(Clone, Copy, Debug)]
pub enum Envelope<'a> {
    /// There is no envelope, or the format has no stream names.
    None,
    /// What stands under the key of the stream's name.
    Stream(Found<'a>),
    /// What stands under that of the request of an answer.
    Answer(Found<'a>),
}

/// Whose a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// An instrument's, by its index.
    Instrument(usize),
    /// Of an instrument that the session doesn't trade.
    Unknown,
}

impl Program {
    /// Compiles a format. The error says what can't be.
    pub fn new(format: Format, instruments: &[Instrument]) -> Result<Program, String> {
        let mut table = Table::default();
        let choosing = table.key(&choosing_key(&format.messages));
        let mut grids = Vec::new();
        let mut by_stream = FxHashMap::default();
        for (instrument, declared) in instruments.iter().enumerate() {
            let step = |what: &str, text: &str| {
                Step::parse(text).ok_or_else(|| {
                    format!(
                        "{}: the native decoder takes a {what} of at most nine digits, times ten to -18 to 9, not {text}",
                        declared.venue_symbol
                    )
                })
            };
            let (tick, lot) = (step("tick size", &declared.tick_size)?, step("lot size", &declared.lot_size)?);
            grids.push(Grid { instrument, tick, nanotick: tick.nanotick(), lot });
            by_stream.insert(declared.venue_symbol.to_lowercase(), instrument);
        }
        let (of_streams, told) =
            told_order(&format.messages).into_iter().partition(|&at| names_stream(&format.messages[at]));
        let entries: Vec<Entry> =
            format.messages.into_iter().map(|message| table.entry(message, instruments)).collect::<Result<_, _>>()?;
        let keyless = told_first_keyless(&entries, &choosing);
        Ok(Program {
            direct: direct(&entries, &choosing),
            likely: keyless,
            told,
            of_streams,
            unwrap: format.unwrap.as_deref().map(|name| table.key(name)),
            stream: format.stream.map(|stream| (table.key(&stream.key), stream)),
            answers: format.answers.map(|stream| (table.key(&stream.key), stream)),
            batch: format.batch,
            sequencing: format.sequencing,
            names: table.names,
            symbols: instruments.iter().map(|one| one.venue_symbol.clone().into_bytes()).collect(),
            only: (instruments.len() == 1).then_some(0),
            entries,
            grids,
            choosing,
            by_symbol: Symbols::new(instruments.iter().map(|declared| declared.venue_symbol.as_str())),
            by_stream,
        })
    }

    /// As this, where the session has other instruments than these: none of them is its only one.
    pub fn among_others(mut self) -> Program {
        self.only = None;
        self
    }

    /// The number of a message's declaration; `None` for a kind that isn't declared.
    #[inline]
    pub fn choose<F: Fields>(&self, fields: &F) -> Result<Option<usize>, F::Stop> {
        let kind = fields.find(&self.choosing)?;
        if !self.batch
            && kind == Found::Absent
            && let Some((key, entry)) = &self.likely
            && fields.has(key)
        {
            return Ok(Some(*entry));
        }
        match kind {
            Found::Text(text) => {
                if let Some((_, entry)) = self.direct.iter().find(|(name, _)| name.as_bytes() == text) {
                    return Ok(Some(*entry));
                }
            }
            Found::Container => return Err(fields.stop(&self.choosing, "must name a kind of message")),
            _ => {}
        }
        for &at in &self.told {
            let entry = &self.entries[at];
            let named = entry.tests.iter().any(|(key, _)| *key == self.choosing);
            // What names itself isn't of a kind that is declared without a name.
            if (kind == Found::Absent && named) || (matches!(kind, Found::Text(_)) && !named) {
                continue;
            }
            if entry.fits(fields)? {
                return Ok(Some(at));
            }
        }
        match kind {
            Found::Text(_) => Ok(None),
            _ => Err(fields.stop(&self.choosing, "must name a kind of message, as no declaration fits without")),
        }
    }

    /// The number of a message's declaration, where only the stream's name tells its kind.
    #[inline]
    pub fn choose_by_stream<F: Fields>(&self, name: &[u8], fields: &F) -> Result<Option<usize>, F::Stop> {
        for &at in &self.of_streams {
            let entry = &self.entries[at];
            if entry.stream.as_ref().is_some_and(|wanted| wanted.fits(name)) && entry.fits(fields)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Whether the stream's name tells kinds of message.
    pub fn has_kinds_of_streams(&self) -> bool {
        !self.of_streams.is_empty()
    }

    /// The instrument of a venue symbol.
    #[inline]
    pub fn instrument(&self, symbol: &[u8]) -> Option<usize> {
        self.by_symbol.get(symbol)
    }

    /// The instrument of a symbol or, with `stream`, of a stream's name. `guess` is tried first.
    #[inline]
    pub fn own(&self, name: &[u8], guess: usize, stream: bool) -> Option<usize> {
        if !stream {
            // Of two instruments with one symbol the later counts, so that the guess may be the wrong one.
            let first = self.symbols.get(guess).is_some_and(|symbol| symbol == name);
            return if first && self.symbols.len() == 1 { Some(guess) } else { self.instrument(name) };
        }
        let name = std::str::from_utf8(name).ok()?;
        match self.by_name(name, self.stream.as_ref()) {
            Whose::Instrument(instrument) => Some(instrument),
            Whose::Unknown => None,
        }
    }

    fn by_name(&self, name: &str, stream: Option<&(Key, StreamName)>) -> Whose {
        let Some((_, StreamName { after, until, .. })) = stream else { return Whose::Unknown };
        let name = match name.split_once(after.as_str()) {
            Some((_, rest)) => rest,
            None => "",
        };
        let until = if until.is_empty() { None } else { name.split_once(until.as_str()) };
        let symbol = until.map_or(name, |(symbol, _)| symbol);
        self.by_stream.get(&symbol.to_lowercase()).map_or(Whose::Unknown, |&instrument| Whose::Instrument(instrument))
    }

    /// Whether the value or the presence of a key distinguishes kinds of message.
    pub fn tells(&self, key: &str) -> bool {
        key == self.choosing.name
            || self.entries.iter().any(|entry| entry.tests.iter().any(|(test, _)| test.name == key))
    }

    /// Whose a message of that declaration is.
    #[inline]
    pub fn whose<F: Fields>(&self, entry: &Entry, fields: &F, envelope: Envelope<'_>) -> Result<Whose, F::Stop> {
        let Some((key, optional)) = &entry.symbol else {
            return self.located(fields, envelope);
        };
        match fields.find(key)? {
            Found::Text(symbol) => Ok(self.instrument(symbol).map_or(Whose::Unknown, Whose::Instrument)),
            Found::Absent if *optional => Ok(Whose::Unknown),
            _ => Err(fields.stop(key, "must be text")),
        }
    }

    fn located<F: Fields>(&self, fields: &F, envelope: Envelope<'_>) -> Result<Whose, F::Stop> {
        match (envelope, &self.stream) {
            (Envelope::Stream(Found::Text(name)), Some(_)) => {
                Ok(self.by_name(&String::from_utf8_lossy(name), self.stream.as_ref()))
            }
            (Envelope::Answer(Found::Text(name)), _) => {
                Ok(self.by_name(&String::from_utf8_lossy(name), self.answers.as_ref()))
            }
            (Envelope::Answer(_), Some((key, _))) => Err(fields.stop(key, "must be the request")),
            (Envelope::Stream(_), Some((key, _))) => Err(fields.stop(key, "must be the stream's name")),
            _ => match self.only {
                Some(instrument) => Ok(Whose::Instrument(instrument)),
                None => Err(fields.stop(&self.choosing, "the message names no instrument")),
            },
        }
    }
}

impl Entry {
    /// Whether it is about the connection.
    #[inline]
    pub fn is_control(&self) -> bool {
        matches!(self.message, Message::Control { .. })
    }

    fn fits<F: Fields>(&self, fields: &F) -> Result<bool, F::Stop> {
        match &self.inside {
            None => self.fits_itself(fields),
            Some(key) => match fields.object(key)? {
                Some(inner) => self.fits_itself(&inner).map_err(|fault| fields.stop(key, fault.what)),
                None => Ok(false),
            },
        }
    }

    fn fits_itself<F: Fields>(&self, fields: &F) -> Result<bool, F::Stop> {
        for key in &self.has {
            if !fields.has(key) {
                return Ok(false);
            }
        }
        for (key, named) in &self.tests {
            if !is_named(fields.find(key)?, named) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a value is the one that a declaration names, of its very type.
#[inline]
pub fn is_named(found: Found<'_>, named: &Named) -> bool {
    match (found, named) {
        (Found::Text(text), Named::Text(name)) => text == name.as_bytes(),
        (Found::Flag(flag), Named::Flag(name)) => flag == *name,
        (Found::Integer(value), Named::Integer(name)) => value == i128::from(*name),
        _ => false,
    }
}

#[derive(Default)]
struct Table {
    names: Vec<String>,
}

impl Table {
    fn key(&mut self, name: &str) -> Key {
        let id = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        Key { id, name: name.to_owned() }
    }

    fn rows(&mut self, levels: &Levels) -> Rows {
        let shape = match (&levels.price, &levels.size) {
            (Place::Index(price), Place::Index(size)) => Shape::Places(*price, *size),
            (price, size) => Shape::Keys(place_key(price), place_key(size)),
        };
        Rows { key: self.key(&levels.key), shape, number: levels.number }
    }

    fn entry(&mut self, message: Message, instruments: &[Instrument]) -> Result<Entry, String> {
        let (when, has) = message.told_by();
        let of_stream = |key: &str| key.starts_with('/');
        let stream = when.0.iter().find(|(key, _)| of_stream(key)).map(|(_, named)| Wanted::new(named));
        let own = when.0.iter().filter(|(key, _)| !of_stream(key));
        let tests = own.map(|(key, named)| (self.key(key), named.clone())).collect();
        let has = has.iter().map(|key| self.key(key)).collect();
        let symbol = match message.symbol() {
            // A flat format has no other symbol.
            Some(Symbol::Text(text)) => Some((self.key(&text.key), text.optional)),
            _ => None,
        };
        let rows = match &message {
            Message::Delta { bids: Some(bids), asks: Some(asks), .. }
            | Message::Snapshot { bids: Some(bids), asks: Some(asks), .. } => Some((self.rows(bids), self.rows(asks))),
            _ => None,
        };
        let keys = crate::wire::reading::field_keys(&message).into_iter().map(|name| self.key(name)).collect();
        let inside = match &message {
            Message::Snapshot { inside, .. } => inside.as_deref().map(|key| self.key(key)),
            _ => None,
        };
        let mut round_lots = Vec::new();
        if message.round_lots().is_some() {
            for instrument in instruments {
                round_lots.push(Units::new(&message, &instrument.venue_symbol)?);
            }
        }
        Ok(Entry { symbol, rows, keys, round_lots, inside, stream, tests, has, message })
    }
}

fn place_key(place: &Place) -> String {
    match place {
        Place::Key(key) => key.clone(),
        Place::Index(index) => index.to_string(),
    }
}

/// Whether a declaration names the stream.
fn names_stream(message: &Message) -> bool {
    message.told_by().0.0.iter().any(|(key, _)| key.starts_with('/'))
}

/// The key that most declarations name in `when`, the first of them where several do; empty if none names any.
fn choosing_key(messages: &[Message]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let own = messages.iter().filter(|message| !names_stream(message));
    for (key, _) in own.flat_map(|message| &message.told_by().0.0) {
        match counts.iter_mut().find(|(known, _)| known == key) {
            Some((_, count)) => *count += 1,
            None => counts.push((key, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    counts.into_iter().find(|(_, count)| Some(*count) == most).map_or_else(String::new, |(key, _)| key.to_owned())
}

/// The declarations in the order in which they are tried: those with a `when` first.
fn told_order(messages: &[Message]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..messages.len()).collect();
    order.sort_by_key(|&at| messages[at].told_by().0.0.is_empty());
    order
}

/// The declarations that the text under the choosing key identifies, by that text.
fn direct(entries: &[Entry], choosing: &Key) -> Vec<(String, usize)> {
    let named = |entry: &Entry| {
        let mut own = entry.tests.iter().filter(|_| entry.stream.is_none());
        own.find(|(key, _)| key == choosing).map(|(_, named)| named.clone())
    };
    let count = |name: &Named| entries.iter().filter(|entry| named(entry).as_ref() == Some(name)).count();
    entries
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| match named(entry) {
            Some(name) if entry.tests.len() == 1 && entry.has.is_empty() && count(&name) == 1 => match name {
                Named::Text(text) => Some((text, at)),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// The key that identifies the likeliest kind of a message without the choosing key.
fn told_first_keyless(entries: &[Entry], choosing: &Key) -> Option<(Key, usize)> {
    let keyless = |entry: &Entry| entry.stream.is_none() && entry.tests.iter().all(|(key, _)| key != choosing);
    let (at, entry) = entries.iter().enumerate().find(|(_, entry)| keyless(entry))?;
    (entry.tests.is_empty() && entry.has.len() == 1).then(|| (entry.has[0].clone(), at))
}
