//! What one instrument's book needs beyond its numbering: ids of levels, orders, a depth to cut to, checksums.
//!
//! The twin is `mainspring.wire._ledger`.

#![forbid(unsafe_code)]

use flate2::Crc;
use rustc_hash::FxHashMap;

use crate::book::{Level, Side};
use crate::digits::number_between;
use crate::mantissa::{InHalves, Mantissas, Work, with_mantissas};
use crate::wire::declared::{Checksum, Written};
use crate::wire::tree::digits::Digits;
use crate::wire::tree::ledger_side::{Known, LedgerSide};
use crate::wire::tree::node::{Message, Span};
use crate::wire::tree::order_ledger::OrderLedger;
use crate::wire::tree::sent::{write, write_all, write_size};
use crate::wire::tree::short_text::{Joined, ShortText};

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
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Whether it has a price of its own; otherwise only the id says which level it is.
    pub known: bool,
    /// Whether a sign in front of the size says its side.
    pub signed: bool,
    /// Where the price stands, if it is text and a checksum may need it.
    pub price: Span,
    /// Where the size stands, likewise.
    pub size: Span,
}

/// The levels of a message, bids first, and what its ledger has to know of each.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// Prices and sizes.
    pub levels: [&'a [Level]; 2],
    /// The rest.
    pub rows: [&'a [Row]; 2],
    /// Where the texts of both stand.
    pub message: Message<'a>,
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

    /// Takes down price and size with their separators; how much of that is the price's. `None` where a checksum has them in
    /// another form, or one isn't short.
    #[inline(always)]
    fn keep_short(
        &self,
        mantissas: impl Mantissas,
        form: &Checksum,
        side: usize,
        message: Message<'_>,
        text: &mut ShortText,
    ) -> Option<usize> {
        let (price, size) = (self.price, self.size);
        let plain = form.text != Written::Shortest && !self.signed && !(side == 1 && form.negative_asks);
        if !plain || !price.is_some() || !size.is_some() || price.own || size.own {
            return None;
        }
        let at = |span: Span| (span.start as usize, span.end as usize);
        let (data, separator) = (message.raw, form.separator.as_bytes());
        text.set_pair(mantissas, data, (at(price), at(size)), separator, form.text == Written::Digits)
    }

    /// Takes down what a checksum needs of a level of so many lots.
    #[inline(always)]
    fn keep(
        &self,
        mantissas: impl Mantissas,
        level: &Level,
        side: usize,
        message: Message<'_>,
        writing: &mut Writing<'_>,
        known: &mut Known,
    ) {
        known.sent_lots = level.lots;
        known.price_length = self
            .keep_short(mantissas, writing.form, side, message, &mut known.text)
            .unwrap_or_else(|| self.keep_any(level, side, message, writing, known));
    }

    #[inline(never)]
    fn keep_any(
        &self,
        level: &Level,
        side: usize,
        message: Message<'_>,
        writing: &mut Writing<'_>,
        known: &mut Known,
    ) -> usize {
        let Writing { form, tick, lot, text } = writing;
        let (price, size) = self.sent(message);
        text.clear();
        write(form.text, price, level.price, tick, text);
        text.extend_from_slice(form.separator.as_bytes());
        let length = text.len();
        write_size(form, side, size, level.lots, lot, text);
        text.extend_from_slice(form.separator.as_bytes());
        known.text = ShortText::new(text);
        length
    }
}

/// How a level's text is made.
struct Writing<'a> {
    form: &'a Checksum,
    tick: &'a Digits,
    lot: &'a Digits,
    text: &'a mut Vec<u8>,
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
    /// What a checksum is computed of, in memory that is kept for the next; and where the second side begins there, if one side
    /// stands behind the other.
    joined: Joined,
    second: usize,
    /// One level's text, likewise.
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
            joined: Joined::default(),
            second: 0,
            text: Vec::new(),
            sum: None,
        }
    }

    /// Finds the prices of a side's levels that have only ids. Returns how many it found: it ends at an id that no level with a
    /// price came with.
    pub fn resolve(&mut self, levels: &mut [Level], rows: &[Row], ids: &[Option<LevelId>]) -> usize {
        for (at, ((level, row), id)) in levels.iter_mut().zip(rows).zip(ids).enumerate() {
            match id {
                None => {}
                Some(id) if row.known => {
                    self.prices.insert(id.clone(), level.price);
                }
                Some(id) => match self.prices.get(id) {
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

    /// Takes down what a checksum needs of a message's levels.
    pub fn keep_sent(&mut self, sent: Sent<'_>) {
        let Ledger { form: Some(form), sides, text, tick, lot, .. } = self else { return };
        let mut writing = Writing { form, tick, lot, text };
        for (side, known) in sides.iter_mut().enumerate() {
            for (level, row) in in_order(known.is_empty(), side, sent) {
                if level.lots == 0 {
                    known.forget_sent(level.price);
                } else {
                    row.keep(InHalves, level, side, sent.message, &mut writing, known.sent(level.price));
                }
            }
        }
    }

    /// Sets a message's levels, and takes down what a checksum needs of them.
    pub fn put_sent(&mut self, sent: Sent<'_>) {
        if self.form.is_none() {
            return (0..2).for_each(|side| self.put(side, sent.levels[side]));
        }
        with_mantissas(Put { ledger: self, sent });
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
        let book = &mut self.sides[side];
        if book.is_empty() && is_best_first(side, levels) {
            // From the best on is the dear order to put a whole book in.
            return levels.iter().rev().for_each(|&level| book.set(level));
        }
        levels.iter().for_each(|&level| book.set(level));
    }

    /// Drops the levels beyond the depth; returns them as deletions, from the best on.
    #[inline]
    pub fn cut(&mut self, side: usize) -> Vec<Level> {
        match self.depth {
            Some(depth) if self.sides[side].len() > depth => self.cut_to(depth, side),
            _ => Vec::new(),
        }
    }

    #[inline(never)]
    fn cut_to(&mut self, depth: usize, side: usize) -> Vec<Level> {
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
        let Ledger { form: Some(form), sides, orders, joined, second, tick, lot, .. } = self else { return None };
        // What lies behind the levels that count changes nothing.
        if !form.orders && !sides.iter().any(LedgerSide::has_changed) {
            return self.sum;
        }
        let steps = (&*tick, &*lot);
        if form.orders {
            joined.truncate(0);
            let queues = &orders.queues;
            let each = [0, 1].map(|side| {
                sides[side].best(form.levels).flat_map(move |known| {
                    queues.orders_at(SIDES[side], known.price).map(move |order| (order.lots, known))
                })
            });
            write_all(form, each, steps, joined);
        } else {
            // Of two sides one behind the other, the first stays where only the second has changed.
            let stays = *second > 0 && !sides[1].has_changed();
            joined.truncate(if stays { *second } else { 0 });
            let levels = [form.levels, if stays { 0 } else { form.levels }];
            let each = [0, 1].map(|side| sides[side].best(levels[side]).map(|known| (known.lots, known)));
            let begins = write_all(form, each, steps, joined);
            *second = begins;
        }
        let mut crc = Crc::new();
        crc.update(joined.without(form.separator.len()));
        self.sum = Some(crc.sum());
        sides.iter_mut().for_each(|side| side.computed(form.levels));
        self.sum
    }
}

/// A message's levels, to be set and taken down.
struct Put<'a> {
    ledger: &'a mut Ledger,
    sent: Sent<'a>,
}

impl Work for Put<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self, mantissas: impl Mantissas) {
        let Put { ledger, sent } = self;
        let Ledger { form: Some(form), sides, text, tick, lot, .. } = ledger else { return };
        let mut writing = Writing { form, tick, lot, text };
        for (side, known) in sides.iter_mut().enumerate() {
            for (level, row) in in_order(known.is_empty(), side, sent) {
                if level.lots == 0 {
                    known.remove(level.price);
                } else {
                    row.keep(mantissas, level, side, sent.message, &mut writing, known.place(*level));
                }
            }
        }
    }
}

/// A message's levels of a side, which may be `empty`: from the best on is the dear order to put a whole book in.
#[inline(always)]
fn in_order<'a>(empty: bool, side: usize, sent: Sent<'a>) -> impl Iterator<Item = (&'a Level, &'a Row)> {
    let (levels, rows) = (sent.levels[side], sent.rows[side]);
    let turned = empty && is_best_first(side, levels);
    let last = levels.len().wrapping_sub(1);
    let place = move |at: usize| if turned { last - at } else { at };
    (0..levels.len()).filter_map(move |at| levels.get(place(at)).zip(rows.get(place(at))))
}

/// Whether each level of a side is worse than the one before it.
fn is_best_first(side: usize, levels: &[Level]) -> bool {
    let worse = |pair: &[Level]| if side == 0 { pair[0].price > pair[1].price } else { pair[0].price < pair[1].price };
    levels.windows(2).all(worse)
}

/// The checksum that a text states, of either sign, as 32 bits without one.
pub fn checksum_of(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if text.len() > 11 {
        return None;
    }
    // Room before the digits, so that they are read at once.
    let mut room = [b'0'; 16];
    let from = room.len() - digits.len();
    room[from..].copy_from_slice(digits);
    let number = i64::try_from(number_between(&room, from, room.len())?).ok()?;
    let number = if digits.len() < text.len() { -number } else { number };
    (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&number).then_some(number as u32)
}
