//! What one instrument's book needs beyond its numbering: ids of levels, orders, a depth to cut to, checksums.
//!
//! The twin is `mainspring.wire._ledger`.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use flate2::Crc;
use rustc_hash::FxHashMap;

use crate::book::sorted_vec::SortedVec;
use crate::book::two_sided::Half;
use crate::book::{Level, Side};
use crate::wire::declared::{Checksum, Layout, Written};
use crate::wire::tree::digits::Digits;
use crate::wire::tree::node::{Message, Span};
use crate::wire::tree::order_ledger::OrderLedger;
use crate::wire::tree::sent::{Sent, SentSide, Writer, write, write_size};
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

    /// Price and size with their separators, and how much of that is the price's, where a checksum has them as they were
    /// sent and both are short.
    #[inline]
    fn as_sent(&self, form: &Checksum, side: usize, message: Message<'_>) -> Option<(ShortText, usize)> {
        let (price, size) = (self.price, self.size);
        let plain = form.text == Written::Sent && !self.signed && !(side == 1 && form.negative_asks);
        if !plain || !price.is_some() || !size.is_some() || price.own || size.own {
            return None;
        }
        let at = |span: Span| (span.start as usize, span.end as usize);
        let text = ShortText::pair(message.raw, at(price), at(size), form.separator.as_bytes())?;
        Some((text, (price.end - price.start) as usize + form.separator.len()))
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
    pub sides: [SortedVec; 2],
    /// What a checksum has of the levels, likewise.
    sent: [SentSide; 2],
    /// To how many levels the book is known.
    pub depth: Option<usize>,
    /// The orders, where the venue sends them.
    pub orders: OrderLedger,
    /// What a checksum is computed of, and the levels that count, kept for the next.
    text: Vec<u8>,
    top: [Vec<Level>; 2],
}

impl Ledger {
    /// An empty book.
    pub fn new(form: Option<Checksum>, tick: Digits, lot: Digits) -> Ledger {
        Ledger {
            form,
            tick,
            lot,
            prices: FxHashMap::default(),
            sides: [SortedVec::new(Side::Buy), SortedVec::new(Side::Sell)],
            sent: SIDES.map(SentSide::new),
            depth: None,
            orders: OrderLedger::default(),
            text: Vec::new(),
            top: Default::default(),
        }
    }

    /// Finds the prices of a side's levels that have only ids, and takes down what checksums need. False if one has an id
    /// that no level with a price came with.
    pub fn resolve(&mut self, side: usize, levels: &mut [Level], rows: &[Row], message: Message<'_>) -> bool {
        let mut resolved = 0;
        for (level, row) in levels.iter_mut().zip(rows) {
            match &row.id {
                None => {}
                Some(id) if row.known => {
                    self.prices.insert(LevelId::clone(id), level.price);
                }
                Some(id) => match self.prices.get(&**id) {
                    Some(&price) => level.price = price,
                    None => break,
                },
            }
            resolved += 1;
        }
        let mut keep = |level: &Level, row: &Row| self.keep_sent(side, level, row, message);
        let known = levels[..resolved].iter().zip(rows);
        if is_best_first(side, &levels[..resolved]) {
            // From the best on is the dear order to put a whole book in.
            known.rev().for_each(|(level, row)| keep(level, row));
        } else {
            known.for_each(|(level, row)| keep(level, row));
        }
        resolved == levels.len()
    }

    /// Takes down what a checksum needs of a level.
    #[inline]
    fn keep_sent(&mut self, side: usize, level: &Level, row: &Row, message: Message<'_>) {
        let Some(form) = &self.form else { return };
        if level.lots == 0 {
            self.sent[side].remove(level.price);
            return;
        }
        let sent = row.as_sent(form, side, message).unwrap_or_else(|| {
            let (price, size) = row.sent(message);
            let text = &mut self.text;
            text.clear();
            write(form.text, price, level.price, &self.tick, text);
            text.extend_from_slice(form.separator.as_bytes());
            let length = text.len();
            write_size(form, side, size, level.lots, &self.lot, text);
            text.extend_from_slice(form.separator.as_bytes());
            (ShortText::new(text), length)
        });
        self.sent[side].set(level.price, Sent { lots: level.lots, text: sent.0, price: sent.1 });
    }

    /// From now on the book is known to so many levels.
    pub fn reach(&mut self, depth: usize) {
        self.depth = Some(depth);
    }

    /// Empties the book for a snapshot.
    pub fn start(&mut self) {
        self.sides.iter_mut().for_each(SortedVec::clear);
    }

    /// Sets levels of a side.
    pub fn put(&mut self, side: usize, levels: &[Level]) {
        let book = &mut self.sides[side];
        if book.is_empty() && is_best_first(side, levels) {
            // From the best on is the dear order to put a whole book in.
            levels.iter().rev().for_each(|level| book.set(level.price, level.lots));
        } else {
            levels.iter().for_each(|level| book.set(level.price, level.lots));
        }
    }

    /// Drops the levels beyond the depth; returns them as deletions, from the best on.
    pub fn cut(&mut self, side: usize) -> Vec<Level> {
        let Some(depth) = self.depth else { return Vec::new() };
        let book = &mut self.sides[side];
        let mut beyond = Vec::new();
        while book.len() > depth {
            let Some(price) = book.drop_worst() else { break };
            self.sent[side].remove(price);
            self.orders.queues.drop_level(SIDES[side], price);
            beyond.push(Level { price, lots: 0 });
        }
        beyond.reverse();
        beyond
    }

    /// The checksum of the book as it stands.
    pub fn computed(&mut self) -> Option<u32> {
        let form = self.form.as_ref()?;
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        match form.layout {
            Layout::AsksBids => {
                for side in [1, 0] {
                    let mut writer = self.writer(form, side);
                    self.top(form, side, |level| writer.append(level, &mut text));
                }
            }
            Layout::Interleaved => {
                let mut top = std::mem::take(&mut self.top);
                top.iter_mut().for_each(Vec::clear);
                self.top(form, 0, |level| top[0].push(level));
                self.top(form, 1, |level| top[1].push(level));
                let mut writers = [self.writer(form, 0), self.writer(form, 1)];
                for at in 0..top[0].len().max(top[1].len()) {
                    for (writer, levels) in writers.iter_mut().zip(&top) {
                        if let Some(&level) = levels.get(at) {
                            writer.append(level, &mut text);
                        }
                    }
                }
                self.top = top;
            }
        }
        text.truncate(text.len().saturating_sub(form.separator.len()));
        let mut crc = Crc::new();
        crc.update(&text);
        self.text = text;
        Some(crc.sum())
    }

    fn writer<'a>(&'a self, form: &'a Checksum, side: usize) -> Writer<'a> {
        let steps = (&self.tick, &self.lot);
        Writer { form, side, sent: self.sent[side].best_first(), steps }
    }

    /// Visits the levels of a side that count, best first, or the orders of each.
    fn top(&self, form: &Checksum, side: usize, mut visit: impl FnMut(Level)) {
        let mut left = form.levels;
        self.sides[side].visit(|level| {
            if left == 0 {
                return ControlFlow::Break(());
            }
            left -= 1;
            if form.orders {
                let orders = self.orders.queues.orders_at(SIDES[side], level.price);
                orders.for_each(|order| visit(Level { lots: order.lots, ..level }));
            } else {
                visit(level);
            }
            ControlFlow::Continue(())
        });
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
