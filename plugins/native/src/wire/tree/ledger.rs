//! What one instrument's book needs beyond its numbering: ids of levels, orders, a depth to cut to, checksums.
//!
//! The twin is `mainspring.wire._ledger`.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use flate2::Crc;
use rustc_hash::FxHashMap;

use crate::book::queues::RestingOrder;
use crate::book::sorted_vec::SortedVec;
use crate::book::two_sided::Half;
use crate::book::{Level, Side};
use crate::wire::declared::{Checksum, Layout, Written};
use crate::wire::event::{Depth, Event, PRINT_ALL, Sink, Trade};
use crate::wire::tree::digits::Digits;
use crate::wire::tree::order_ledger::{OrderLedger, Print};
use crate::wire::tree::orders::OrderChange;
use crate::wire::tree::short_text::ShortText;
use crate::wire::tree::tape::Message;

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// A venue's name for a level.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LevelId {
    /// A number.
    Integer(i128),
    /// A text.
    Text(Box<[u8]>),
}

/// A row of a message. `price` and `size` are the nodes that say them, where they are text and a checksum needs them.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whether it is a bid.
    pub bid: bool,
    /// The price in ticks; `None` where only the id says which level it is.
    pub ticks: Option<i64>,
    /// The size in lots.
    pub lots: i64,
    /// The id of the level.
    pub id: Option<LevelId>,
    /// The price, as text.
    pub price: Option<usize>,
    /// The size, as text.
    pub size: Option<usize>,
    /// Whether a sign in front of the size says its side.
    pub signed: bool,
}

impl Row {
    /// Price and size as they were sent, where they are text.
    fn sent<'a>(&self, message: Message<'a>) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
        let text = |at: usize| message.text(message.node(at));
        let size = self.size.map(text).map(|size| match size.strip_prefix(b"-") {
            Some(size) if self.signed => size,
            _ => size,
        });
        (self.price.map(text), size)
    }
}

/// What a checksum has of a level, and its size in lots then.
#[derive(Clone, Debug)]
struct Sent {
    lots: i64,
    /// Price, separator and size.
    text: ShortText,
    /// How much of that is the price and the separator.
    price: usize,
}

/// Keeps one instrument's book.
#[derive(Clone, Debug)]
pub struct Ledger {
    form: Option<Checksum>,
    tick: Digits,
    lot: Digits,
    prices: FxHashMap<LevelId, i64>,
    /// By side, bids first.
    sides: [SortedVec; 2],
    sent: [FxHashMap<i64, Sent>; 2],
    depth: Option<usize>,
    orders: OrderLedger,
    /// What a checksum is computed of, kept for the next.
    text: Vec<u8>,
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
            sent: Default::default(),
            depth: None,
            orders: OrderLedger::default(),
            text: Vec::new(),
        }
    }

    /// Puts the levels of a message's rows of one side into `arena`; false if one has an id that no row with a price came with.
    pub fn resolve(&mut self, rows: &[Row], message: Message<'_>, bid: bool, arena: &mut Vec<Level>) -> bool {
        for row in rows {
            if row.bid != bid {
                continue;
            }
            let ticks = match (row.ticks, &row.id) {
                (Some(ticks), Some(id)) => {
                    self.prices.insert(id.clone(), ticks);
                    ticks
                }
                (Some(ticks), None) => ticks,
                (None, Some(id)) => match self.prices.get(id) {
                    Some(&ticks) => ticks,
                    None => return false,
                },
                (None, None) => return false,
            };
            arena.push(Level { price: ticks, lots: row.lots });
            if let Some(form) = &self.form {
                let side = usize::from(!bid);
                if row.lots != 0 {
                    let (price, size) = row.sent(message);
                    let mut text = std::mem::take(&mut self.text);
                    text.clear();
                    write(form.text, price, ticks, &self.tick, &mut text);
                    text.extend_from_slice(form.separator.as_bytes());
                    let price = text.len();
                    self.write_size(form, side, size, row.lots, &mut text);
                    self.sent[side].insert(ticks, Sent { lots: row.lots, text: ShortText::new(&text), price });
                    self.text = text;
                } else {
                    self.sent[side].remove(&ticks);
                }
            }
        }
        true
    }

    /// From now on the book is known to so many levels.
    pub fn reach(&mut self, depth: usize) {
        self.depth = Some(depth);
    }

    fn start(&mut self) {
        self.sides.iter_mut().for_each(SortedVec::clear);
    }

    fn put(&mut self, side: usize, levels: &[Level]) {
        let book = &mut self.sides[side];
        let worse =
            |pair: &[Level]| if side == 0 { pair[0].price > pair[1].price } else { pair[0].price < pair[1].price };
        if book.is_empty() && levels.windows(2).all(worse) {
            // From the best on is the dear order to put a whole book in.
            levels.iter().rev().for_each(|level| book.set(level.price, level.lots));
        } else {
            levels.iter().for_each(|level| book.set(level.price, level.lots));
        }
    }

    /// Drops the levels beyond the depth; returns them as deletions, from the best on.
    fn cut(&mut self, side: usize) -> Vec<Level> {
        let Some(depth) = self.depth else { return Vec::new() };
        let book = &mut self.sides[side];
        let mut beyond = Vec::new();
        while book.len() > depth {
            let Some(price) = book.drop_worst() else { break };
            self.sent[side].remove(&price);
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
                    self.top(form, side, |level| self.append(form, side, level, &mut text));
                }
            }
            Layout::Interleaved => {
                let (mut bids, mut asks) = (Vec::with_capacity(form.levels), Vec::with_capacity(form.levels));
                self.top(form, 0, |level| bids.push(level));
                self.top(form, 1, |level| asks.push(level));
                for at in 0..bids.len().max(asks.len()) {
                    for (side, levels) in [(0, &bids), (1, &asks)] {
                        if let Some(&level) = levels.get(at) {
                            self.append(form, side, level, &mut text);
                        }
                    }
                }
            }
        }
        text.truncate(text.len().saturating_sub(form.separator.len()));
        let mut crc = Crc::new();
        crc.update(&text);
        self.text = text;
        Some(crc.sum())
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

    /// Appends a level, and a separator after it.
    fn append(&self, form: &Checksum, side: usize, level: Level, text: &mut Vec<u8>) {
        match self.sent[side].get(&level.price) {
            Some(sent) if sent.lots == level.lots => text.extend_from_slice(sent.text.as_bytes()),
            Some(sent) => {
                text.extend_from_slice(&sent.text.as_bytes()[..sent.price]);
                self.write_size(form, side, None, level.lots, text);
            }
            None => {
                write(form.text, None, level.price, &self.tick, text);
                text.extend_from_slice(form.separator.as_bytes());
                self.write_size(form, side, None, level.lots, text);
            }
        }
        text.extend_from_slice(form.separator.as_bytes());
    }

    fn write_size(&self, form: &Checksum, side: usize, sent: Option<&[u8]>, lots: i64, text: &mut Vec<u8>) {
        if side == 1 && form.negative_asks {
            text.push(b'-');
        }
        write(form.text, sent, lots, &self.lot, text);
    }
}

/// Appends a price or a size in a checksum's form.
fn write(form: Written, sent: Option<&[u8]>, units: i64, digits: &Digits, text: &mut Vec<u8>) {
    let made;
    let sent = match sent {
        Some(sent) if form != Written::Shortest => sent,
        _ => {
            made = digits.write(units);
            made.as_bytes()
        }
    };
    match form {
        Written::Sent => text.extend_from_slice(sent),
        Written::Shortest => {
            let shortest = if sent.contains(&b'.') {
                let end = sent.iter().rposition(|&byte| byte != b'0').map_or(0, |at| at + 1);
                sent[..end].strip_suffix(b".").unwrap_or(&sent[..end])
            } else {
                sent
            };
            text.extend_from_slice(shortest);
        }
        Written::Digits => {
            let digits = sent.iter().copied().filter(|&byte| byte != b'.');
            text.extend(digits.skip_while(|&byte| byte == b'0'));
        }
    }
}

/// Passes on what an instrument's numbering lets through, and keeps its book up to date with it.
pub struct Checked<'a, S> {
    ledger: &'a mut Ledger,
    sink: &'a mut S,
    wanted: Option<u32>,
    first: bool,
    of_orders: bool,
    /// Whether what comes first is the message itself, so that what it executes is news.
    arrives: bool,
    /// The delta or the snapshot whose orders come next, and whether it is a snapshot.
    waiting: Option<(Depth, bool)>,
    /// Whether an order was missing: nothing of the message was passed on from there.
    pub lost: bool,
    /// Whether a checksum was compared.
    pub compared: bool,
    /// Whether it was wrong: nothing was passed on then.
    pub wrong: bool,
}

impl<'a, S: Sink> Checked<'a, S> {
    /// `wanted` is the checksum that the book must have after the first event. `of_orders`: the rows are orders. `arrives`:
    /// the message is a delta, so that what comes first is not one that was kept.
    pub fn new(ledger: &'a mut Ledger, sink: &'a mut S, wanted: Option<u32>, of_orders: bool, arrives: bool) -> Self {
        Checked {
            ledger,
            sink,
            wanted,
            of_orders,
            arrives,
            first: true,
            waiting: None,
            lost: false,
            compared: false,
            wrong: false,
        }
    }

    fn pass(&mut self, snapshot: bool, depth: &Depth, bids: &[Level], asks: &[Level]) {
        let cut = self.update(snapshot, bids, asks);
        if !self.wrong {
            self.emit(snapshot, depth, bids, asks, &cut);
        }
    }

    /// Brings the book up to date and compares the checksum; returns the levels that the depth cuts off, as deletions.
    fn update(&mut self, snapshot: bool, bids: &[Level], asks: &[Level]) -> [Vec<Level>; 2] {
        let ledger = &mut *self.ledger;
        if snapshot {
            ledger.start();
        }
        ledger.put(0, bids);
        ledger.put(1, asks);
        let cut = [ledger.cut(0), ledger.cut(1)];
        // What follows a snapshot was kept from before it, so that the message's checksum isn't that of all.
        if self.first
            && let Some(wanted) = self.wanted
        {
            self.compared = true;
            self.wrong = ledger.computed() != Some(wanted);
        }
        self.first = false;
        cut
    }

    fn emit(&mut self, snapshot: bool, depth: &Depth, bids: &[Level], asks: &[Level], cut: &[Vec<Level>; 2]) {
        let [cut_bids, cut_asks] = cut;
        if cut_bids.is_empty() && cut_asks.is_empty() {
            let event = if snapshot { Event::Snapshot(depth, bids, asks) } else { Event::Delta(depth, bids, asks) };
            self.sink.event(event);
            return;
        }
        let (bids, asks) = ([bids, cut_bids].concat(), [asks, cut_asks].concat());
        let event = if snapshot { Event::Snapshot(depth, &bids, &asks) } else { Event::Delta(depth, &bids, &asks) };
        self.sink.event(event);
    }

    /// Passes on what changes of orders make: prints, levels, and the orders as they stand.
    fn pass_orders(&mut self, snapshot: bool, depth: &Depth, changes: &[OrderChange]) {
        if !self.ledger.orders.take(changes, snapshot) {
            self.lost = true;
            return;
        }
        let prints = self.arrives && self.first;
        let made = self.ledger.orders.take_made();
        let cut = self.update(snapshot, &made.levels[0], &made.levels[1]);
        if !self.wrong {
            let Depth { instrument, receive_time_ns, event_time_ns, .. } = *depth;
            for print in made.prints.iter().filter(|print| prints && print.is_trade()) {
                let Print { price_ticks, fraction_nanoticks, size_lots, aggressor, trade_id } = *print;
                self.sink.event(Event::Trade(&Trade {
                    instrument,
                    receive_time_ns,
                    event_time_ns,
                    trade_id,
                    price_ticks,
                    size_lots,
                    aggressor,
                    counts: PRINT_ALL,
                    fraction_nanoticks,
                }));
            }
            self.emit(snapshot, depth, &made.levels[0], &made.levels[1], &cut);
            self.emit_orders(depth, &made.orders);
        }
        self.ledger.orders.give_back(made);
    }

    /// Emits the orders that changed, without those on levels that the depth has cut off.
    fn emit_orders(&mut self, depth: &Depth, orders: &[RestingOrder]) {
        let stands =
            |order: &&RestingOrder| order.lots == 0 || self.ledger.sides[order.side as usize].lots_at(order.price) != 0;
        let kept: Vec<RestingOrder>;
        let orders = match self.ledger.depth {
            None => orders,
            Some(_) => {
                kept = orders.iter().filter(stands).cloned().collect();
                &kept
            }
        };
        if !orders.is_empty() {
            self.sink.event(Event::Orders(depth, orders));
        }
    }
}

impl<S: Sink> Sink for Checked<'_, S> {
    fn event(&mut self, event: Event<'_>) {
        if self.wrong || self.lost {
            return;
        }
        match event {
            Event::Delta(depth, ..) if self.of_orders => self.waiting = Some((*depth, false)),
            Event::Snapshot(depth, ..) if self.of_orders => self.waiting = Some((*depth, true)),
            Event::Delta(depth, bids, asks) => self.pass(false, depth, bids, asks),
            Event::Snapshot(depth, bids, asks) => self.pass(true, depth, bids, asks),
            Event::Changes(changes) => {
                if let Some((depth, snapshot)) = self.waiting.take() {
                    self.pass_orders(snapshot, &depth, changes);
                }
            }
            other => {
                self.first = false;
                self.sink.event(other);
            }
        }
    }
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
