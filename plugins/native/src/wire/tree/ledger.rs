//! What one instrument's book needs beyond its numbering: ids of levels, orders, a depth to cut to, checksums.
//!
//! The twin is `mainspring.wire._ledger`.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use flate2::Crc;
use rustc_hash::FxHashMap;

use crate::book::queues::RestingOrder;
use crate::book::{Level, Side};
use crate::wire::declared::{Checksum, Layout, Written};
use crate::wire::event::{Depth, Event, PRINT_ALL, Sink, Trade};
use crate::wire::tree::digits::Digits;
use crate::wire::tree::order_ledger::{OrderLedger, Print};
use crate::wire::tree::orders::OrderChange;

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// A venue's name for a level.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LevelId {
    /// A number.
    Integer(i128),
    /// A text.
    Text(Box<[u8]>),
}

/// A row of a message. `price` and `size` are as they were sent, where they are text and a checksum needs them.
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
    pub price: Option<Box<[u8]>>,
    /// The size, as text.
    pub size: Option<Box<[u8]>>,
}

/// What a level was written as, and its size in lots then.
#[derive(Clone, Debug)]
struct Sent {
    lots: i64,
    price: Option<Box<[u8]>>,
    size: Option<Box<[u8]>>,
}

/// Keeps one instrument's book.
#[derive(Clone, Debug)]
pub struct Ledger {
    form: Option<Checksum>,
    tick: Digits,
    lot: Digits,
    prices: FxHashMap<LevelId, i64>,
    /// By side, bids first: levels by a key that rises from the best on.
    sides: [BTreeMap<i64, i64>; 2],
    sent: [FxHashMap<i64, Sent>; 2],
    depth: Option<usize>,
    orders: OrderLedger,
}

impl Ledger {
    /// An empty book.
    pub fn new(form: Option<Checksum>, tick: Digits, lot: Digits) -> Ledger {
        Ledger {
            form,
            tick,
            lot,
            prices: FxHashMap::default(),
            sides: Default::default(),
            sent: Default::default(),
            depth: None,
            orders: OrderLedger::default(),
        }
    }

    /// Puts the levels of rows of one side into `arena`; false if one has an id that no row with a price came with.
    pub fn resolve(&mut self, rows: &[Row], bid: bool, arena: &mut Vec<Level>) -> bool {
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
            if self.form.is_some() {
                let sent = &mut self.sent[usize::from(!bid)];
                if row.lots != 0 {
                    sent.insert(ticks, Sent { lots: row.lots, price: row.price.clone(), size: row.size.clone() });
                } else {
                    sent.remove(&ticks);
                }
            }
        }
        true
    }

    /// From now on the book is known to so many levels.
    pub fn reach(&mut self, depth: usize) {
        self.depth = Some(depth);
    }

    fn put(&mut self, side: usize, levels: &[Level]) {
        let book = &mut self.sides[side];
        for level in levels {
            let key = if side == 0 { -level.price } else { level.price };
            if level.lots != 0 {
                book.insert(key, level.lots);
            } else {
                book.remove(&key);
            }
        }
    }

    /// Drops the levels beyond the depth; returns them as deletions, from the best on.
    fn cut(&mut self, side: usize) -> Vec<Level> {
        let Some(depth) = self.depth else { return Vec::new() };
        let book = &mut self.sides[side];
        let mut beyond = Vec::new();
        while book.len() > depth {
            let Some((key, _)) = book.pop_last() else { break };
            let price = if side == 0 { -key } else { key };
            self.sent[side].remove(&price);
            self.orders.queues.drop_level(SIDES[side], price);
            beyond.push(Level { price, lots: 0 });
        }
        beyond.reverse();
        beyond
    }

    /// The checksum of the book as it stands.
    pub fn computed(&self) -> Option<u32> {
        let form = self.form.as_ref()?;
        let side = |side: usize| {
            let levels = self.sides[side].iter().take(form.levels);
            levels
                .flat_map(|(&key, &lots)| self.price(form, side, if side == 0 { -key } else { key }, lots))
                .collect::<Vec<_>>()
        };
        let (bids, asks) = (side(0), side(1));
        let mut parts: Vec<&[u8]> = Vec::new();
        match form.layout {
            Layout::AsksBids => parts.extend(asks.iter().chain(&bids).flatten().map(Vec::as_slice)),
            Layout::Interleaved => {
                for at in 0..bids.len().max(asks.len()) {
                    parts.extend(bids.get(at).iter().copied().chain(asks.get(at)).flatten().map(Vec::as_slice));
                }
            }
        }
        let mut crc = Crc::new();
        crc.update(&parts.join(form.separator.as_bytes()));
        Some(crc.sum())
    }

    /// Price and size of a level, or of each of its orders.
    fn price(&self, form: &Checksum, side: usize, ticks: i64, lots: i64) -> Vec<[Vec<u8>; 2]> {
        if !form.orders {
            return vec![self.level(form, side, ticks, lots)];
        }
        let orders = self.orders.queues.orders_at(SIDES[side], ticks);
        orders.map(|order| self.level(form, side, ticks, order.lots)).collect()
    }

    fn level(&self, form: &Checksum, side: usize, ticks: i64, lots: i64) -> [Vec<u8>; 2] {
        let sent = self.sent[side].get(&ticks);
        let price = sent.and_then(|sent| sent.price.as_deref());
        let size = sent.filter(|sent| sent.lots == lots).and_then(|sent| sent.size.as_deref());
        let mut written = [written(form.text, price, ticks, &self.tick), written(form.text, size, lots, &self.lot)];
        if side == 1 && form.negative_asks {
            written[1].insert(0, b'-');
        }
        written
    }
}

fn written(form: Written, sent: Option<&[u8]>, units: i64, digits: &Digits) -> Vec<u8> {
    if form == Written::Shortest {
        let text = digits.write(units);
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        return text.as_bytes().to_vec();
    }
    let text = sent.map_or_else(|| digits.write(units).into_bytes(), <[u8]>::to_vec);
    if form == Written::Sent {
        return text;
    }
    let digits = text.into_iter().filter(|&byte| byte != b'.');
    digits.skip_while(|&byte| byte == b'0').collect()
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
            ledger.sides.iter_mut().for_each(BTreeMap::clear);
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
        let stands = |order: &&RestingOrder| {
            let key = if order.side == Side::Buy { -order.price } else { order.price };
            order.lots == 0 || self.ledger.sides[order.side as usize].contains_key(&key)
        };
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
