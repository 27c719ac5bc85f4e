//! Between an instrument's numbering and its book: keeps the ledger up to date, and compares the venue's checksums.

#![forbid(unsafe_code)]

use std::ptr;

use crate::book::Level;
use crate::book::queues::RestingOrder;
use crate::wire::event::{Depth, Event, PRINT_ALL, Sink, Trade};
use crate::wire::tree::ledger::{Ledger, Sent};
use crate::wire::tree::order_ledger::Print;
use crate::wire::tree::orders::OrderChange;

/// Passes on what an instrument's numbering lets through, and keeps its book up to date with it.
pub struct Checked<'a, S> {
    ledger: &'a mut Ledger,
    sink: &'a mut S,
    wanted: Option<u32>,
    first: bool,
    of_orders: bool,
    /// The levels of the message, until the ledger has them.
    sent: Option<Sent<'a>>,
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
    /// `wanted` is the checksum that the book must have after the first event. `sent` are the message's levels; `None` if its
    /// rows are orders. `arrives`: the message is a delta, so that what comes first is not one that was kept.
    pub fn new(
        ledger: &'a mut Ledger,
        sink: &'a mut S,
        wanted: Option<u32>,
        sent: Option<Sent<'a>>,
        arrives: bool,
    ) -> Self {
        Checked {
            ledger,
            sink,
            wanted,
            of_orders: sent.is_none(),
            sent,
            arrives,
            first: true,
            waiting: None,
            lost: false,
            compared: false,
            wrong: false,
        }
    }

    /// Takes down the texts of a message that has reached no book.
    #[inline]
    pub fn keep_rest(&mut self) {
        if let Some(sent) = self.sent.take() {
            self.ledger.keep_sent(sent);
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
        match self.sent.take() {
            // Mostly a message's levels are those of the book at once: then they are looked up once.
            Some(sent) if ptr::eq(sent.levels[0], bids) && ptr::eq(sent.levels[1], asks) => ledger.put_sent(sent),
            sent => {
                sent.into_iter().for_each(|sent| ledger.keep_sent(sent));
                ledger.put(0, bids);
                ledger.put(1, asks);
            }
        }
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
