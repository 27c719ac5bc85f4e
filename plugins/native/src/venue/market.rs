//! One instrument of the paper venue. The twin is `mainspring.venue.paper_market`, which explains the rules.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::book::{Book, Side};
use crate::venue::displayed::{Displayed, other, sign};
use crate::venue::level::{Filled, PaperLevel};
use crate::venue::levels::Changed;
use crate::venue::orders::{Order, PaperSide, TimeInForce};
use crate::venue::outbox::{Outbox, Request, What};
use crate::venue::queue::Queue;
use crate::wire::event::{PRINT_MATCH, Quote, Trade};

/// Matches our orders in one instrument against what its market shows and trades.
#[derive(Debug)]
pub struct PaperMarket {
    displayed: Displayed,
    orders: FxHashMap<i64, Order>,
    // The reduce-only orders, some of which may have ended.
    reducing: BTreeSet<i64>,
    bids: PaperSide,
    asks: PaperSide,
    model: Queue,
    settle_ns: i64,
}

impl PaperMarket {
    /// A market of which nothing was seen, and where no order waits.
    pub fn new(model: Queue, settle_ns: i64) -> Self {
        PaperMarket {
            displayed: Displayed::new(),
            orders: FxHashMap::default(),
            reducing: BTreeSet::new(),
            bids: PaperSide::new(Side::Buy),
            asks: PaperSide::new(Side::Sell),
            model,
            settle_ns,
        }
    }

    /// Whether the market's events matter now.
    pub fn is_busy(&self) -> bool {
        !self.orders.is_empty() || self.watches() || self.displayed.remembers()
    }

    /// Whether an order of that id waits here.
    pub fn has(&self, order_id: i64) -> bool {
        self.orders.contains_key(&order_id)
    }

    /// How many orders wait here.
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether no order waits here.
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// How many lots go before a waiting order; `None` if there is no such order.
    pub fn lots_ahead(&self, order_id: i64) -> Option<i128> {
        let order = self.orders.get(&order_id)?;
        let side = if order.side == Side::Buy { &self.bids } else { &self.asks };
        Some(if order.waits { side.levels.get(order.price)?.lots_ahead(order_id) } else { 0 })
    }

    /// An order has reached the venue.
    pub fn enter(&mut self, order: Order, now_ns: i64, book: &impl Book, outbox: &mut Outbox) {
        if let Some(reason) = self.problem(&order, now_ns, book, outbox) {
            outbox.tell(order.known(), now_ns, What::Rejected { reason, request: Request::New }, true);
            return;
        }
        outbox.tell(order.known(), now_ns, What::Accepted, false);
        self.orders.insert(order.order_id, order);
        if order.reduce_only {
            self.reducing.insert(order.order_id);
        }
        if order.time_in_force == TimeInForce::Fok && !self.fills_whole(&order, book, outbox) {
            self.finish(order.order_id, now_ns, "not-fillable", outbox);
            return;
        }
        self.match_order(order, now_ns, book, outbox);
        self.end_reducing(now_ns, outbox);
    }

    /// The time of an order is over, which may have ended before.
    pub fn expire(&mut self, order_id: i64, now_ns: i64, outbox: &mut Outbox) {
        self.leave(order_id);
        if let Some(order) = self.orders.remove(&order_id) {
            outbox.tell(order.known(), now_ns, What::Expired { lots: order.leaves(), reason: "expired" }, true);
        }
    }

    /// A cancel of an order that waits here has reached the venue.
    pub fn cancel(&mut self, order_id: i64, now_ns: i64, outbox: &mut Outbox) {
        self.leave(order_id);
        self.finish(order_id, now_ns, "requested", outbox);
    }

    /// A replace of an order that waits here has reached the venue.
    pub fn replace(
        &mut self,
        order_id: i64,
        (price, size): (i64, i64),
        now_ns: i64,
        book: &impl Book,
        outbox: &mut Outbox,
    ) {
        let Some(&order) = self.orders.get(&order_id) else { return };
        let reason = if price <= 0 || size <= order.filled {
            Some("invalid-order")
        } else if !self.is_open(book) {
            Some("market-unavailable")
        } else if order.post_only && self.would_take(order.side, price, book) {
            Some("would-take")
        } else {
            None
        };
        if let Some(reason) = reason {
            outbox.tell(order.known(), now_ns, What::Rejected { reason, request: Request::Replace }, false);
            return;
        }
        let fewer = order.size - size;
        let keeps_its_place = price == order.price && fewer >= 0;
        if !keeps_its_place {
            self.leave(order_id);
        } else if fewer > 0
            && order.waits
            && let Some(level) = self.side_mut(order.side).levels.get_mut(price)
        {
            level.reduce(order_id, fewer);
        }
        outbox.tell(order.known(), now_ns, What::Replaced { price, lots: size }, false);
        let Some(order) = self.orders.get_mut(&order_id) else { return };
        (order.price, order.size) = (price, size);
        if !keeps_its_place {
            let order = *order;
            self.match_order(order, now_ns, book, outbox);
            self.end_reducing(now_ns, outbox);
        }
    }

    /// The venue's best prices have changed.
    #[inline]
    pub fn on_quote(&mut self, quote: &Quote, book: &impl Book, outbox: &mut Outbox) {
        if !self.displayed.on_quote(quote, book) || !self.watches() || !self.displayed.usable {
            return;
        }
        let now_ns = quote.receive_time_ns;
        for (own, best) in [(&mut self.bids, quote.bid), (&mut self.asks, quote.ask)] {
            let sign = sign(own.side);
            own.levels.observe(&Changed::ANYTHING, |price, level| {
                let better = (price - best.price) * sign;
                if better < 0 && best.lots != 0 {
                    return None;
                }
                level.observe(if better == 0 { best.lots } else { 0 }, now_ns);
                level.observed_id = quote.update_id;
                Some(false)
            });
        }
        if self.bids.reaches(quote.ask.price) || self.asks.reaches(quote.bid.price) {
            self.meet_offers(now_ns, book, outbox);
            self.end_reducing(now_ns, outbox);
        }
        self.settle(now_ns);
    }

    /// The book has changed, up to this id.
    pub fn on_delta(&mut self, last_id: i64, changed: &Changed, now_ns: i64, book: &impl Book, outbox: &mut Outbox) {
        self.displayed.on_depth(last_id, book);
        if !self.watches() {
            return;
        }
        if !self.displayed.usable {
            self.bids.levels.wake();
            self.asks.levels.wake();
            return;
        }
        let displayed = &self.displayed;
        for own in [&mut self.bids, &mut self.asks] {
            let side = own.side;
            let quoted = displayed.quote.map(|_| displayed.touch(side, book));
            let sign = sign(side);
            own.levels.observe(changed, |price, level| {
                // At the best prices and above, a newer quote has told already.
                let reported = quoted.is_some_and(|best| best.lots == 0 || (price - best.price) * sign >= 0);
                if reported || (0 <= last_id && last_id < level.observed_id) {
                    return Some(false);
                }
                level.observe(displayed.lots_at(side, price, book), now_ns);
                Some(true)
            });
        }
        self.meet_offers(now_ns, book, outbox);
        self.end_reducing(now_ns, outbox);
        self.settle(now_ns);
    }

    /// The book was made again.
    pub fn on_snapshot(&mut self, last_id: i64, now_ns: i64, book: &impl Book, outbox: &mut Outbox) {
        let lost = !self.displayed.usable;
        self.displayed.on_snapshot(last_id, book);
        if !self.watches() || !self.displayed.usable {
            return;
        }
        for own in [&mut self.bids, &mut self.asks] {
            let side = own.side;
            for (price, level) in own.levels.each() {
                let lots = self.displayed.lots_at(side, price, book);
                if lost {
                    level.resynchronise(lots);
                } else {
                    level.observe(lots, now_ns);
                }
            }
        }
        self.meet_offers(now_ns, book, outbox);
        self.end_reducing(now_ns, outbox);
        self.settle(now_ns);
    }

    /// A trade was printed.
    pub fn on_trade(&mut self, trade: &Trade, book: &impl Book, outbox: &mut Outbox) {
        if !self.watches() || !self.displayed.usable || trade.size_lots == 0 {
            return;
        }
        if trade.price_ticks == 0 && trade.fraction_nanoticks == 0 {
            return;
        }
        if trade.counts & PRINT_MATCH == 0 {
            return;
        }
        let aggressor = if trade.aggressor == 0 { self.likely_aggressor(trade, book) } else { trade.aggressor };
        match aggressor {
            ..0 => self.meet_trade(Side::Buy, trade, outbox),
            1.. => self.meet_trade(Side::Sell, trade, outbox),
            0 => {}
        }
        self.end_reducing(trade.receive_time_ns, outbox);
        // A print that explains what fell lets a level go that was kept for it.
        for own in [&mut self.bids, &mut self.asks] {
            if !own.left.is_empty() {
                own.settle(trade.receive_time_ns);
            }
        }
    }

    /// The book isn't to be trusted.
    pub fn on_invalid(&mut self) {
        self.displayed.on_invalid();
    }

    /// A halt, or its end.
    pub fn on_status(&mut self, trading: Option<bool>) {
        self.displayed.on_status(trading);
    }

    fn watches(&self) -> bool {
        !self.bids.levels.is_empty() || !self.asks.levels.is_empty()
    }

    fn side_mut(&mut self, side: Side) -> &mut PaperSide {
        if side == Side::Buy { &mut self.bids } else { &mut self.asks }
    }

    fn is_open(&self, book: &impl Book) -> bool {
        self.displayed.usable && !self.displayed.crossed(book)
    }

    fn problem(&self, order: &Order, now_ns: i64, book: &impl Book, outbox: &Outbox) -> Option<&'static str> {
        if let Some(problem) = order.terms_problem(now_ns) {
            return Some(problem);
        }
        if order.reduce_only && outbox.reducible(order.known()) == 0 {
            return Some("nothing-to-reduce");
        }
        if !self.is_open(book) {
            return Some("market-unavailable");
        }
        (order.post_only && self.would_take(order.side, order.price, book)).then_some("would-take")
    }

    fn would_take(&self, side: Side, price: i64, book: &impl Book) -> bool {
        let best = self.displayed.touch(other(side), book);
        best.lots != 0 && (price - best.price) * sign(side) >= 0
    }

    fn fills_whole(&mut self, order: &Order, book: &impl Book, outbox: &Outbox) -> bool {
        let mut left = order.leaves();
        if order.reduce_only && left > outbox.reducible(order.known()) {
            return false;
        }
        let limit = order.limit.then_some(order.price);
        self.displayed.available(other(order.side), limit, book, |_, level| {
            left = left.saturating_sub(level.lots);
            left > 0
        });
        left <= 0
    }

    /// Takes what the order can take, then lets the rest of it wait or ends it.
    fn match_order(&mut self, mut order: Order, now_ns: i64, book: &impl Book, outbox: &mut Outbox) {
        let side = other(order.side);
        let limit = order.limit.then_some(order.price);
        self.displayed.available(side, limit, book, |displayed, level| {
            let mut part = level.lots.min(order.leaves());
            if order.reduce_only {
                part = part.min(outbox.reducible(order.known()));
                if part == 0 {
                    return false;
                }
            }
            displayed.take(side, level.price, part);
            order.filled += part;
            let ends = order.leaves() == 0;
            outbox.filled(order.known(), now_ns, (level.price, part), false, ends);
            !ends
        });
        if order.leaves() == 0 {
            self.orders.remove(&order.order_id);
            return;
        }
        let reduced = order.reduce_only && outbox.reducible(order.known()) == 0;
        order.waits = order.limit && order.time_in_force.waits() && !reduced;
        self.orders.insert(order.order_id, order);
        if reduced {
            self.finish(order.order_id, now_ns, "nothing-to-reduce", outbox);
        } else if order.waits {
            self.join(&order, now_ns, book);
        } else {
            self.finish(order.order_id, now_ns, "no-liquidity", outbox);
        }
    }

    fn join(&mut self, order: &Order, now_ns: i64, book: &impl Book) {
        let (model, settle_ns) = (self.model, self.settle_ns);
        let own = if order.side == Side::Buy { &mut self.bids } else { &mut self.asks };
        own.left.remove(&order.price);
        let displayed = &self.displayed;
        let level = own.levels.get_or_insert(order.price, || {
            let known = displayed.knows(order.side, order.price, book);
            let lots = known.then(|| displayed.lots_at(order.side, order.price, book));
            let mut level = PaperLevel::new(lots, model, settle_ns);
            level.observed_id = displayed.source_id(order.side, order.price, book);
            level
        });
        level.join(order.order_id, order.leaves(), now_ns);
    }

    fn leave(&mut self, order_id: i64) {
        let Some(order) = self.orders.get_mut(&order_id) else { return };
        if std::mem::take(&mut order.waits) {
            let (side, price) = (order.side, order.price);
            let own = self.side_mut(side);
            if let Some(level) = own.levels.get_mut(price) {
                level.leave(order_id);
            }
            own.tidy(price);
        }
    }

    fn finish(&mut self, order_id: i64, now_ns: i64, reason: &'static str, outbox: &mut Outbox) {
        if let Some(order) = self.orders.remove(&order_id) {
            outbox.tell(order.known(), now_ns, What::Cancelled { lots: order.leaves(), reason }, true);
        }
    }

    /// Ends the reduce-only orders that have nothing to reduce any more, the oldest first.
    fn end_reducing(&mut self, now_ns: i64, outbox: &mut Outbox) {
        if self.reducing.is_empty() {
            return;
        }
        for order_id in self.reducing.iter().copied().collect::<Vec<_>>() {
            let Some(order) = self.orders.get(&order_id) else {
                self.reducing.remove(&order_id);
                continue;
            };
            if outbox.reducible(order.known()) == 0 {
                self.reducing.remove(&order_id);
                self.leave(order_id);
                self.finish(order_id, now_ns, "nothing-to-reduce", outbox);
            }
        }
    }

    fn meet_trade(&mut self, side: Side, trade: &Trade, outbox: &mut Outbox) {
        let mut left = trade.size_lots;
        let own = if side == Side::Buy { &mut self.bids } else { &mut self.asks };
        // A print between two ticks traded at the price of no order: it went through those on its far side.
        let between = trade.fraction_nanoticks > 0;
        let reached = trade.price_ticks.saturating_add(i64::from(between && side == Side::Buy));
        if !own.reaches(reached) {
            return;
        }
        let mut fills = Vec::new();
        for price in own.levels.as_good_as(reached) {
            let Some(level) = own.levels.get_mut(price) else { continue };
            if price == trade.price_ticks && !between {
                level.trade(trade.size_lots, left, trade.receive_time_ns, &mut fills);
            } else {
                level.meet(left, &mut fills);
            }
            left -= fill(&mut self.orders, own, price, &mut fills, trade.receive_time_ns, outbox);
        }
    }

    /// The side of a trade whose aggressor isn't known; 0 if it was between the best prices, or at both.
    fn likely_aggressor(&self, trade: &Trade, book: &impl Book) -> i64 {
        let price = trade.price_ticks;
        let above = price.saturating_add(i64::from(trade.fraction_nanoticks > 0));
        let (bid, ask) = (self.displayed.touch(Side::Buy, book), self.displayed.touch(Side::Sell, book));
        i64::from(ask.lots != 0 && price >= ask.price) - i64::from(bid.lots != 0 && above <= bid.price)
    }

    fn settle(&mut self, now_ns: i64) {
        if now_ns < self.bids.left_due_ns && now_ns < self.asks.left_due_ns {
            return;
        }
        for own in [&mut self.bids, &mut self.asks] {
            if !own.left.is_empty() {
                own.settle(now_ns);
            }
        }
    }

    fn meet_offers(&mut self, now_ns: i64, book: &impl Book, outbox: &mut Outbox) {
        for side in [Side::Buy, Side::Sell] {
            let offer = self.displayed.touch(other(side), book);
            let own = if side == Side::Buy { &self.bids } else { &self.asks };
            if offer.lots != 0 && own.reaches(offer.price) && !self.displayed.crossed(book) {
                self.meet_side(side, now_ns, book, outbox);
            }
        }
    }

    fn meet_side(&mut self, side: Side, now_ns: i64, book: &impl Book, outbox: &mut Outbox) {
        let PaperMarket { displayed, orders, bids, asks, .. } = self;
        let own = if side == Side::Buy { bids } else { asks };
        let best = displayed.touch(other(side), book);
        let standing = displayed.touch(side, book);
        let mut fills = Vec::new();
        for price in own.levels.as_good_as(best.price) {
            // Locked: the offer stands against others' orders at this price or a better one, and they against it.
            let locked = standing.lots != 0 && (price - standing.price) * sign(side) <= 0;
            if locked || own.levels.get(price).is_none_or(|level| level.own_lots() == 0) {
                continue;
            }
            displayed.available(other(side), Some(price), book, |displayed, offer| {
                // What the book has behind a newer quote may be gone: it says nothing of who came to meet us.
                if displayed.quote.is_some() && offer.price != best.price {
                    return false;
                }
                let Some(level) = own.levels.get_mut(price) else { return false };
                let part = i64::try_from(level.own_lots()).unwrap_or(i64::MAX).min(offer.lots);
                displayed.take(other(side), offer.price, part);
                level.meet(part, &mut fills);
                fill(orders, own, price, &mut fills, now_ns, outbox);
                own.levels.get(price).is_some_and(|level| level.own_lots() != 0)
            });
        }
    }
}

/// Books fills on orders that wait at a price, and tells of them; returns how many lots they are.
fn fill(
    orders: &mut FxHashMap<i64, Order>,
    own: &mut PaperSide,
    price: i64,
    fills: &mut Vec<Filled>,
    now_ns: i64,
    outbox: &mut Outbox,
) -> i64 {
    let (mut filled, reached) = (0, !fills.is_empty());
    for (order_id, mut lots) in fills.drain(..) {
        let Some(order) = orders.get_mut(&order_id) else { continue };
        if order.reduce_only {
            lots = lots.min(outbox.reducible(order.known()));
            if lots == 0 {
                continue;
            }
        }
        order.filled += lots;
        filled += lots;
        let ends = order.leaves() == 0;
        outbox.filled(order.known(), now_ns, (price, lots), true, ends);
        if ends {
            orders.remove(&order_id);
        }
    }
    if reached {
        own.tidy(price);
    }
    filled
}
