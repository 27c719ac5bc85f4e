//! What one instrument's book needs beyond its numbering: ids of levels, orders, a depth to cut to, checksums.
//!
//! The twin is `mainspring.wire._ledger`.

#![forbid(unsafe_code)]

use flate2::Crc;
use rustc_hash::FxHashMap;

use crate::book::{Level, Side};
use crate::wire::declared::{Checksum, Written};
use crate::wire::tree::digits::Digits;
use crate::wire::tree::ledger_side::{LedgerSide, NO_PLACE};
use crate::wire::tree::node::{Message, Span};
use crate::wire::tree::order_ledger::OrderLedger;
use crate::wire::tree::sent::{write, write_all, write_size};
use crate::wire::tree::short_text::ShortText;

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// A venue's name for a level.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LevelId {
    /// A number.
    Integer(i128),
    /// A text.
    Text(Box<[u8]>),
}

/// What a ledger has to know of a level beyond price and size.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whether it has a price of its own; otherwise only the id says which level it is.
    pub known: bool,
    /// Whether a sign in front of the size says its side.
    pub signed: bool,
    /// Where the price stands, if it is text and a checksum may need it.
    pub price: Span,
    /// Where the size stands, likewise.
    pub size: Span,
    /// The id of the level.
    pub id: Option<Box<LevelId>>,
}

impl Row {
    /// Price and size as they were sent, where they are text.
    #[inline]
    fn sent<'a>(&self, message: Message<'a>) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
        let text = |span: Span| span.is_some().then(|| message.bytes(span));
        let size = text(self.size).map(|size| match size.strip_prefix(b"-") {
            Some(size) if self.signed => size,
            _ => size,
        });
        (text(self.price), size)
    }

    /// Takes down price and size with their separators; how much of that is the price's. `None` where a checksum doesn't have
    /// them as they were sent, or one isn't short.
    #[inline]
    fn keep_as_sent(&self, form: &Checksum, side: usize, message: Message<'_>, text: &mut ShortText) -> Option<usize> {
        let (price, size) = (self.price, self.size);
        let plain = form.text == Written::Sent && !self.signed && !(side == 1 && form.negative_asks);
        if !plain || !price.is_some() || !size.is_some() || price.own || size.own {
            return None;
        }
        let at = |span: Span| (span.start as usize, span.end as usize);
        let kept = text.set_pair(message.raw, at(price), at(size), form.separator.as_bytes());
        kept.then_some((price.end - price.start) as usize + form.separator.len())
    }
}

/// Keeps one instrument's book.
#[derive(Clone, Debug)]
pub struct Ledger {
    form: Option<Checksum>,
    tick: Digits,
    lot: Digits,
    prices: FxHashMap<LevelId, i64>,
    /// By side, bids first.
    pub sides: [LedgerSide; 2],
    /// To how many levels the book is known.
    pub depth: Option<usize>,
    /// The orders, where the venue sends them.
    pub orders: OrderLedger,
    /// Where the texts of a message's levels were put, likewise.
    hints: [Vec<u32>; 2],
    /// What a checksum is computed of, in memory that is kept for the next.
    text: Vec<u8>,
    /// The last checksum.
    sum: Option<u32>,
}

impl Ledger {
    /// An empty book.
    pub fn new(form: Option<Checksum>, tick: Digits, lot: Digits) -> Ledger {
        Ledger {
            form,
            tick,
            lot,
            prices: FxHashMap::default(),
            sides: SIDES.map(LedgerSide::new),
            depth: None,
            orders: OrderLedger::default(),
            hints: Default::default(),
            text: Vec::new(),
            sum: None,
        }
    }

    /// Finds the prices of a side's levels that have only ids. Returns how many it found: it ends at an id that no level with a
    /// price came with.
    pub fn resolve(&mut self, levels: &mut [Level], rows: &[Row]) -> usize {
        for (at, (level, row)) in levels.iter_mut().zip(rows).enumerate() {
            match &row.id {
                None => {}
                Some(id) if row.known => {
                    self.prices.insert(LevelId::clone(id), level.price);
                }
                Some(id) => match self.prices.get(&**id) {
                    Some(&price) => level.price = price,
                    None => return at,
                },
            }
        }
        levels.len()
    }

    /// Forgets all levels and their texts, before a snapshot that is taken whatever it says.
    pub fn clear(&mut self) {
        self.sides.iter_mut().for_each(LedgerSide::clear);
    }

    /// Takes down what a checksum needs of a message's levels of a side.
    pub fn keep_sent(&mut self, side: usize, levels: &[Level], rows: &[Row], message: Message<'_>) {
        let Ledger { form: Some(form), sides, hints, text, tick, lot, .. } = self else { return };
        let (known, hints) = (&mut sides[side], &mut hints[side]);
        hints.clear();
        hints.resize(levels.len(), NO_PLACE);
        let reversed = known.is_empty() && is_best_first(side, levels);
        let mut keep = |((level, row), hint): ((&Level, &Row), &mut u32)| {
            if level.lots == 0 {
                return known.forget_sent(level.price);
            }
            let (place, sent) = known.sent(level.price);
            *hint = place;
            sent.sent_lots = level.lots;
            sent.price_length = row.keep_as_sent(form, side, message, &mut sent.text).unwrap_or_else(|| {
                let (price, size) = row.sent(message);
                text.clear();
                write(form.text, price, level.price, tick, text);
                text.extend_from_slice(form.separator.as_bytes());
                let length = text.len();
                write_size(form, side, size, level.lots, lot, text);
                text.extend_from_slice(form.separator.as_bytes());
                sent.text = ShortText::new(text);
                length
            });
        };
        let all = levels.iter().zip(rows).zip(hints);
        if reversed {
            // From the best on is the dear order to put a whole book in.
            all.rev().for_each(keep);
        } else {
            all.for_each(&mut keep);
        }
    }

    /// From now on the book is known to so many levels.
    pub fn reach(&mut self, depth: usize) {
        self.depth = Some(depth);
    }

    /// Empties the book for a snapshot.
    pub fn start(&mut self) {
        self.sides.iter_mut().for_each(LedgerSide::start);
    }

    /// Sets levels of a side.
    pub fn put(&mut self, side: usize, levels: &[Level]) {
        let (book, hints) = (&mut self.sides[side], &self.hints[side]);
        if book.is_empty() && is_best_first(side, levels) {
            // From the best on is the dear order to put a whole book in.
            return levels.iter().rev().for_each(|&level| book.set(level, NO_PLACE));
        }
        for (at, &level) in levels.iter().enumerate() {
            book.set(level, hints.get(at).copied().unwrap_or(NO_PLACE));
        }
    }

    /// Drops the levels beyond the depth; returns them as deletions, from the best on.
    pub fn cut(&mut self, side: usize) -> Vec<Level> {
        let Some(depth) = self.depth else { return Vec::new() };
        let book = &mut self.sides[side];
        let mut beyond = Vec::new();
        while book.len() > depth {
            let Some(price) = book.drop_worst() else { break };
            self.orders.queues.drop_level(SIDES[side], price);
            beyond.push(Level { price, lots: 0 });
        }
        beyond.reverse();
        beyond
    }

    /// The checksum of the book as it stands.
    pub fn computed(&mut self) -> Option<u32> {
        let Ledger { form: Some(form), sides, orders, text, tick, lot, .. } = self else { return None };
        // What lies behind the levels that count changes nothing.
        if !form.orders && !sides.iter().any(LedgerSide::has_changed) {
            return self.sum;
        }
        text.clear();
        let steps = (&*tick, &*lot);
        if form.orders {
            let queues = &orders.queues;
            let each = [0, 1].map(|side| {
                sides[side].best(form.levels).flat_map(move |known| {
                    queues.orders_at(SIDES[side], known.price).map(move |order| (order.lots, known))
                })
            });
            write_all(form, each, steps, text);
        } else {
            let each = [0, 1].map(|side| sides[side].best(form.levels).map(|known| (known.lots, known)));
            write_all(form, each, steps, text);
        }
        text.truncate(text.len().saturating_sub(form.separator.len()));
        let mut crc = Crc::new();
        crc.update(text);
        self.sum = Some(crc.sum());
        sides.iter_mut().for_each(|side| side.computed(form.levels));
        self.sum
    }
}

/// Whether each level of a side is worse than the one before it.
fn is_best_first(side: usize, levels: &[Level]) -> bool {
    let worse = |pair: &[Level]| if side == 0 { pair[0].price > pair[1].price } else { pair[0].price < pair[1].price };
    levels.windows(2).all(worse)
}

/// The checksum that a text states, of either sign, as 32 bits without one.
pub fn checksum_of(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || text.len() > 11 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&number).then_some(number as u32)
}
