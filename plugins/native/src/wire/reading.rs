//! What a message of a known kind and instrument says. The twin is `mainspring.wire._plain`.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::exact::NANOTICKS;
use crate::wire::declared::{Choice, Code, Conditions, Decimal, Integer, Message, Optional, Print, Range, Text, Time};
use crate::wire::event::{Bar, Control, Correction, Depth, Mark, NO_ID, PRINT_ALL, Quote, Status, Trade};
use crate::wire::fields::{Fields, Found, Grid, Key, RowRange};
use crate::wire::program::{Entry, is_named};
use crate::wire::times::rfc3339_to_ns;

/// The nanoseconds of a time in milliseconds; one too large for these is in micro- or nanoseconds.
#[inline]
pub fn millis_to_ns(time: i64) -> i64 {
    if time <= i64::MAX / 1_000_000 {
        time * 1_000_000
    } else if time <= i64::MAX / 1_000 {
        time * 1_000
    } else {
        time
    }
}

/// A message that was read and not yet applied.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields say what they are")]
pub enum Reading {
    Depth { kind: BookKind, depth: Depth, bids: RowRange, asks: RowRange },
    Quote(Quote),
    Trade { rising: bool, trade: Trade },
    Correction(Box<Correction>),
    Bar(Bar),
    Status(Status),
    Mark(Mark),
    Control(Control),
    UnknownSymbol,
    Ignored,
}

/// What a message is to its book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookKind {
    /// Levels that changed.
    Delta,
    /// The whole book.
    Snapshot,
    /// The best levels that there are, as an answer with a limit has them.
    Cut,
    /// The best few levels as a whole.
    View,
}

impl BookKind {
    /// That of a message which is a whole book, or isn't.
    pub fn of(snapshot: bool) -> BookKind {
        if snapshot { BookKind::Snapshot } else { BookKind::Delta }
    }

    /// That of a declared snapshot.
    pub fn declared(view: bool, cut: bool) -> BookKind {
        match (view, cut) {
            (true, _) => BookKind::View,
            (_, true) => BookKind::Cut,
            _ => BookKind::Snapshot,
        }
    }
}

/// The keys of a declaration's fields, in the order in which `read` takes them up.
pub fn field_keys(message: &Message) -> Vec<&str> {
    let mut keys = Vec::new();
    match message {
        Message::Delta { event_time, sequence, reset, .. } => {
            keys.extend(event_time.as_ref().map(time_key));
            if let Some(Range { first, last, previous, .. }) = sequence {
                keys.extend([first.as_str(), last.as_str()]);
                keys.extend(previous.as_deref());
            }
            keys.extend(reset.as_ref().map(|flag| flag.key.as_str()));
        }
        Message::Snapshot { event_time, last_id, .. } => {
            keys.extend(event_time.as_ref().map(time_key));
            keys.extend(last_id.as_ref().map(|id| id.key.as_str()));
        }
        Message::Quote { event_time, update_id, bid_price, bid_size, ask_price, ask_size, .. } => {
            keys.extend(event_time.as_ref().map(time_key));
            keys.extend(update_id.as_ref().map(|id| id.key.as_str()));
            keys.extend([bid_price, bid_size, ask_price, ask_size].map(|field| field.key.as_str()));
        }
        Message::Trade { event_time, trade_id, price, size, aggressor, conditions, .. } => {
            keys.extend(event_time.as_ref().map(time_key));
            keys.extend(trade_id.as_ref().map(|id| id.key.as_str()));
            keys.extend([price, size].map(|field| field.key.as_str()));
            keys.extend(aggressor.as_ref().map(|choice| choice.key.as_str()));
            keys.extend(conditions.as_ref().map(|codes| codes.key.as_str()));
        }
        Message::Correction { event_time, .. } | Message::Cancel { event_time, .. } => {
            keys.extend(event_time.as_ref().map(time_key));
            let (was, now) = message.prints();
            for Print { trade_id, price, size, conditions } in was.into_iter().chain(now) {
                keys.extend(trade_id.as_ref().map(|id| id.key.as_str()));
                keys.extend([price, size].map(|field| field.key.as_str()));
                keys.extend(conditions.as_ref().map(|codes| codes.key.as_str()));
            }
        }
        Message::Bar { event_time, open, high, low, close, volume, trades, vwap, .. } => {
            keys.extend(event_time.as_ref().map(time_key));
            keys.extend([open, high, low, close, volume].map(|field| field.key.as_str()));
            keys.extend(trades.as_ref().map(|id| id.key.as_str()));
            keys.extend(vwap.as_ref().map(|number| number.key.as_str()));
        }
        Message::Status { event_time, code, text, trading, .. } => {
            keys.extend(event_time.as_ref().map(time_key));
            keys.push(code.key.as_str());
            keys.extend(text.as_ref().map(|text| text.key.as_str()));
            keys.extend(trading.as_ref().map(|choice| choice.key.as_str()));
        }
        Message::Mark { event_time, mark_price, funding_rate, funding_time, .. } => {
            keys.extend(event_time.as_ref().map(time_key));
            keys.push(mark_price.key.as_str());
            keys.extend(funding_rate.as_ref().map(|text| text.key.as_str()));
            keys.extend(funding_time.as_ref().map(time_key));
        }
        Message::Control { inside, code, text, .. } => {
            keys.extend(inside.as_deref());
            if let Some(Code::Text(Text { key, .. }) | Code::Integer(Integer { key, .. })) = code {
                keys.push(key);
            }
            keys.extend(text.as_ref().map(|text| text.key.as_str()));
        }
    }
    keys
}

fn time_key(time: &Time) -> &str {
    match time {
        Time::Millis { key, .. }
        | Time::Micros { key }
        | Time::Nanos { key, .. }
        | Time::Seconds { key }
        | Time::Rfc3339 { key } => key,
    }
}

/// A reader of one message: hands out the declaration's keys one after another, and reads what stands under each.
struct Reader<'a, F> {
    fields: &'a F,
    keys: std::slice::Iter<'a, Key>,
}

impl<F: Fields> Reader<'_, F> {
    fn key(&mut self) -> &Key {
        // `field_keys` has a key for every field that is asked for.
        self.keys.next().expect("a key for each field")
    }

    fn integer(&mut self, optional: bool) -> Result<i64, F::Stop> {
        let fields = self.fields;
        let key = self.key();
        match fields.find(key)? {
            Found::Absent if optional => Ok(NO_ID),
            Found::Integer(value) => match i64::try_from(value) {
                Ok(value) if value >= 0 => Ok(value),
                _ => Err(fields.stop(key, "is out of range")),
            },
            _ => Err(fields.stop(key, "must be an integer")),
        }
    }

    fn id(&mut self, field: Option<&Integer>) -> Result<i64, F::Stop> {
        field.map_or(Ok(NO_ID), |field| self.integer(field.optional))
    }

    fn time(&mut self, field: Option<&Time>, receive_time_ns: i64) -> Result<i64, F::Stop> {
        match field {
            None => Ok(receive_time_ns),
            Some(Time::Millis { .. }) => Ok(millis_to_ns(self.integer(false)?)),
            Some(Time::Nanos { .. }) => self.integer(false),
            // Those go by paths: see `wire::tree`.
            Some(Time::Micros { .. } | Time::Seconds { .. }) => Err(self.fields.stop(self.key(), "must be a time")),
            Some(Time::Rfc3339 { .. }) => {
                let fields = self.fields;
                let key = self.key();
                let time = match fields.find(key)? {
                    Found::Text(text) => rfc3339_to_ns(text),
                    Found::Integer(value) => i64::try_from(value).ok().filter(|&value| value >= 0),
                    _ => None,
                };
                time.ok_or_else(|| fields.stop(key, "must be an RFC 3339 time"))
            }
        }
    }

    fn units(&mut self, field: &Decimal, step: &crate::exact::Step) -> Result<i64, F::Stop> {
        let fields = self.fields;
        fields.units(self.key(), field.number, step)
    }

    /// The price of a print: whole ticks, and the rest in billionths of one.
    #[inline]
    fn print_price(&mut self, field: &Decimal, grid: &Grid) -> Result<(i64, i64), F::Stop> {
        let fields = self.fields;
        let key = self.key();
        match fields.units(key, field.number, &grid.tick) {
            Ok(ticks) => Ok((ticks, 0)),
            Err(stop) => between(fields, key, field, grid).ok_or(stop),
        }
    }

    /// A print within a message; `at` has its instrument and times.
    fn print(&mut self, field: &Print, grid: &Grid, at: Trade) -> Result<Trade, F::Stop> {
        let trade_id = self.id(field.trade_id.as_ref())?;
        let (price_ticks, fraction_nanoticks) = self.print_price(&field.price, grid)?;
        let size_lots = self.units(&field.size, &grid.lot)?;
        let counts = self.counts(field.conditions.as_ref())?;
        Ok(Trade { trade_id, price_ticks, size_lots, counts, fraction_nanoticks, ..at })
    }

    fn text(&mut self, optional: bool) -> Result<String, F::Stop> {
        let fields = self.fields;
        let key = self.key();
        match fields.find(key)? {
            Found::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
            Found::Absent if optional => Ok(String::new()),
            _ => Err(fields.stop(key, "must be text")),
        }
    }

    /// Plain decimal text; None if it is empty. One that isn't `signed` is above zero.
    fn decimal(&mut self, optional: bool, signed: bool) -> Result<Option<String>, F::Stop> {
        let fields = self.fields;
        let key = self.keys.as_slice().first().expect("a key for each field");
        let text = self.text(optional)?;
        if text.is_empty() {
            return Ok(None);
        }
        let above_zero = || !text.starts_with('-') && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        if !is_decimal(&text) || !(signed || above_zero()) {
            return Err(fields.stop(key, "must be decimal text"));
        }
        Ok(Some(text))
    }

    fn flag(&mut self, field: Option<&Optional>) -> Result<bool, F::Stop> {
        let Some(field) = field else { return Ok(false) };
        let fields = self.fields;
        let key = self.key();
        match fields.find(key)? {
            Found::Flag(flag) => Ok(flag),
            Found::Absent if field.optional => Ok(false),
            _ => Err(fields.stop(key, "must be true or false")),
        }
    }

    fn choice(&mut self, field: Option<&Choice>, without: i64) -> Result<i64, F::Stop> {
        let Some(field) = field else { return Ok(without) };
        let fields = self.fields;
        let key = self.key();
        let found = fields.find(key)?;
        if let Some((_, meaning)) = field.values.iter().find(|(named, _)| is_named(found, named)) {
            return Ok(*meaning);
        }
        field.otherwise.ok_or_else(|| fields.stop(key, "must be one of the declared values"))
    }

    /// What a print counts for.
    #[inline]
    fn counts(&mut self, field: Option<&Conditions>) -> Result<i64, F::Stop> {
        let Some(field) = field else { return Ok(PRINT_ALL) };
        let fields = self.fields;
        let mut counts = PRINT_ALL;
        fields.texts(self.key(), &mut |code| counts &= field.of(code))?;
        Ok(counts)
    }

    fn number(&mut self, field: Option<&Optional>) -> Result<f64, F::Stop> {
        let Some(field) = field else { return Ok(f64::NAN) };
        let fields = self.fields;
        let key = self.key();
        match fields.find(key)? {
            Found::Integer(value) => Ok(value as f64),
            Found::Float(value) => Ok(value),
            Found::Absent if field.optional => Ok(f64::NAN),
            _ => Err(fields.stop(key, "must be a finite number")),
        }
    }

    fn range(&mut self, field: Option<&Range>) -> Result<(i64, i64, i64), F::Stop> {
        let Some(field) = field else { return Ok((NO_ID, NO_ID, NO_ID)) };
        let fields = self.fields;
        let first_key = self.keys.as_slice().first().expect("a key for each field");
        let (first, last) = (self.integer(false)?, self.integer(false)?);
        let previous = if field.previous.is_some() { self.integer(false)? } else { NO_ID };
        if first > last {
            return Err(fields.stop(first_key, "must not be beyond the last id"));
        }
        Ok((first, last, previous))
    }
}

/// The price of a print that lies between two ticks.
#[cold]
fn between<F: Fields>(fields: &F, key: &Key, field: &Decimal, grid: &Grid) -> Option<(i64, i64)> {
    let nanoticks = fields.units(key, field.number, grid.nanotick.as_ref()?).ok()?;
    Some((nanoticks / NANOTICKS, nanoticks % NANOTICKS))
}

/// What a message of that kind and instrument says; the levels are put into `arena`.
#[inline]
pub fn read<F: Fields>(
    entry: &Entry,
    fields: &mut F,
    grid: &Grid,
    receive_time_ns: i64,
    arena: &mut Vec<Level>,
) -> Result<Reading, F::Stop> {
    // Here, so that what most messages become is made where it is wanted, and never moved.
    if entry.round_lots.is_empty() {
        return as_sent(entry, fields, grid, receive_time_ns, arena);
    }
    in_units(entry, fields, grid, receive_time_ns, arena)
}

/// The same, with sizes in round lots made units.
#[inline(never)]
fn in_units<F: Fields>(
    entry: &Entry,
    fields: &mut F,
    grid: &Grid,
    receive_time_ns: i64,
    arena: &mut Vec<Level>,
) -> Result<Reading, F::Stop> {
    let mut reading = as_sent(entry, fields, grid, receive_time_ns, arena)?;
    if let Some(Some(units)) = entry.round_lots.get(grid.instrument)
        && units.apply_all(&mut reading, arena).is_none()
    {
        return Err(fields.stop(&entry.keys[0], "doesn't fit in 64 bits as units"));
    }
    Ok(reading)
}

/// The same, with sizes as the venue writes them.
#[inline]
fn as_sent<F: Fields>(
    entry: &Entry,
    fields: &mut F,
    grid: &Grid,
    receive_time_ns: i64,
    arena: &mut Vec<Level>,
) -> Result<Reading, F::Stop> {
    let instrument = grid.instrument;
    let mut reader = Reader { fields: &*fields, keys: entry.keys.iter() };
    match &entry.message {
        Message::Delta { event_time, sequence, reset, .. } => {
            let event_time_ns = reader.time(event_time.as_ref(), receive_time_ns)?;
            let (first_id, last_id, previous_id) = reader.range(sequence.as_ref())?;
            let snapshot = reader.flag(reset.as_ref())?;
            let mut depth = Depth { instrument, receive_time_ns, event_time_ns, first_id, last_id, previous_id };
            if snapshot {
                (depth.first_id, depth.previous_id) = (NO_ID, NO_ID);
            }
            sides(entry, fields, grid, arena, BookKind::of(snapshot), depth)
        }
        Message::Snapshot { event_time, last_id, view, cut, .. } => {
            let event_time_ns = reader.time(event_time.as_ref(), receive_time_ns)?;
            let last_id = reader.id(last_id.as_ref())?;
            let (first_id, previous_id) = (NO_ID, NO_ID);
            let depth = Depth { instrument, receive_time_ns, event_time_ns, first_id, last_id, previous_id };
            sides(entry, fields, grid, arena, BookKind::declared(*view, *cut), depth)
        }
        Message::Quote { event_time, update_id, bid_price, bid_size, ask_price, ask_size, .. } => {
            let event_time_ns = reader.time(event_time.as_ref(), receive_time_ns)?;
            let update_id = reader.id(update_id.as_ref())?;
            let (tick, lot) = (&grid.tick, &grid.lot);
            let bid = Level { price: reader.units(bid_price, tick)?, lots: reader.units(bid_size, lot)? };
            let ask = Level { price: reader.units(ask_price, tick)?, lots: reader.units(ask_size, lot)? };
            Ok(Reading::Quote(Quote { instrument, receive_time_ns, event_time_ns, update_id, bid, ask }))
        }
        Message::Trade { event_time, trade_id, price, size, aggressor, conditions, rising_ids, .. } => {
            let event_time_ns = reader.time(event_time.as_ref(), receive_time_ns)?;
            let trade_id = reader.id(trade_id.as_ref())?;
            let (price_ticks, fraction_nanoticks) = reader.print_price(price, grid)?;
            let size_lots = reader.units(size, &grid.lot)?;
            let aggressor = reader.choice(aggressor.as_ref(), 0)?;
            let counts = reader.counts(conditions.as_ref())?;
            let trade = Trade {
                instrument,
                receive_time_ns,
                event_time_ns,
                trade_id,
                price_ticks,
                size_lots,
                aggressor,
                counts,
                fraction_nanoticks,
            };
            Ok(Reading::Trade { rising: *rising_ids, trade })
        }
        Message::Correction { event_time, .. } | Message::Cancel { event_time, .. } => {
            let event_time_ns = reader.time(event_time.as_ref(), receive_time_ns)?;
            let (was, now) = entry.message.prints();
            let at = Trade { instrument, receive_time_ns, event_time_ns, ..Trade::default() };
            let was = was.map_or(Ok(at), |was| reader.print(was, grid, at))?;
            let now = now.map(|now| reader.print(now, grid, at)).transpose()?;
            let correction = Correction { instrument, receive_time_ns, event_time_ns, was, now };
            Ok(Reading::Correction(Box::new(correction)))
        }
        Message::Bar { event_time, open, high, low, close, volume, trades, vwap, .. } => {
            let event_time_ns = reader.time(event_time.as_ref(), receive_time_ns)?;
            let (mut prices, mut fractions_nanoticks) = ([0; 4], [0; 4]);
            for (at, field) in [open, high, low, close].into_iter().enumerate() {
                (prices[at], fractions_nanoticks[at]) = reader.print_price(field, grid)?;
            }
            let volume_lots = reader.units(volume, &grid.lot)?;
            let trades = reader.id(trades.as_ref())?;
            let vwap = reader.number(vwap.as_ref())?;
            Ok(Reading::Bar(Bar {
                instrument,
                receive_time_ns,
                event_time_ns,
                prices,
                volume_lots,
                trades,
                vwap,
                fractions_nanoticks,
            }))
        }
        Message::Status { event_time, code, text, trading, .. } => {
            let event_time_ns = reader.time(event_time.as_ref(), receive_time_ns)?;
            let code = reader.text(code.optional)?;
            let text = text.as_ref().map_or(Ok(String::new()), |text| reader.text(text.optional))?;
            let told = reader.choice(trading.as_ref(), -1)?;
            let trading = (told >= 0).then_some(told != 0);
            Ok(Reading::Status(Status { instrument, receive_time_ns, event_time_ns, code, text, trading }))
        }
        Message::Mark { event_time, mark_price, funding_rate, funding_time, .. } => {
            let event_time_ns = reader.time(event_time.as_ref(), receive_time_ns)?;
            let price_key = reader.keys.as_slice().first().expect("a key for each field");
            let Some(mark_price) = reader.decimal(mark_price.optional, false)? else {
                return Err(fields.stop(price_key, "must be decimal text above zero"));
            };
            let mut mark = Mark { instrument, receive_time_ns, event_time_ns, mark_price, ..Mark::default() };
            if let (Some(rate), Some(time)) = (funding_rate, funding_time) {
                mark.funding_rate = reader.decimal(rate.optional, true)?;
                let time_ns = reader.time(Some(time), receive_time_ns)?;
                mark.funding_time_ns = if mark.funding_rate.is_some() { time_ns } else { 0 };
            }
            Ok(Reading::Mark(mark))
        }
        Message::Control { .. } => Ok(Reading::Ignored),
    }
}

/// Whether a text is a plain decimal: a sign perhaps, digits, and perhaps a point with digits behind it, 20 at most each.
pub fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| (1..=20).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

fn sides<F: Fields>(
    entry: &Entry,
    fields: &mut F,
    grid: &Grid,
    arena: &mut Vec<Level>,
    kind: BookKind,
    depth: Depth,
) -> Result<Reading, F::Stop> {
    let (bids, asks) = entry.rows.as_ref().expect("deltas and snapshots have levels");
    let bids = fields.rows(bids, grid, arena)?;
    let asks = fields.rows(asks, grid, arena)?;
    Ok(Reading::Depth { kind, depth, bids, asks })
}

/// What a message about the connection says. `declaration` is the number of its declaration.
pub fn read_control<F: Fields>(
    entry: &Entry,
    declaration: usize,
    fields: &F,
    receive_time_ns: i64,
) -> Result<Reading, F::Stop> {
    let Message::Control { inside, code, text, .. } = &entry.message else { return Ok(Reading::Ignored) };
    let (code, text) = if inside.is_some() {
        let (key, keys) = entry.keys.split_first().expect("a key for each field");
        let inner = fields.inside(key)?;
        told_by(&inner, keys, code.as_ref(), text.as_ref()).map_err(|fault| fields.stop(key, fault.what))?
    } else {
        told_by(fields, &entry.keys, code.as_ref(), text.as_ref())?
    };
    Ok(Reading::Control(Control { receive_time_ns, declaration, code, text }))
}

fn told_by<F: Fields>(
    fields: &F,
    keys: &[Key],
    code: Option<&Code>,
    text: Option<&Text>,
) -> Result<(String, String), F::Stop> {
    let mut reader = Reader { fields, keys: keys.iter() };
    let code = match code {
        None => String::new(),
        Some(Code::Text(text)) => reader.text(text.optional)?,
        Some(Code::Integer(integer)) => reader.integer(integer.optional)?.to_string(),
    };
    let text = text.map_or(Ok(String::new()), |text| reader.text(text.optional))?;
    Ok((code, text))
}
