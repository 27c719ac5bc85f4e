//! The order side of the kernel: prices, checks and sends what the strategy asks for, and takes what the venue reports. The twins
//! are `mainspring.lane.OrderManager` and `mainspring.risk.Gate`.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

use crate::book::any::AnyBook;
use crate::book::{Book, Side};
use crate::kernel::handles::Handles;
use crate::kernel::record::{
    self, APPROVED, CANCEL, DISCREPANCY, REFUSED, REPLACE, Record, TOO_MANY_REQUESTS, of_request, reason_number,
};
use crate::lane::market::Market;
use crate::trading::approval::{Replacement, changeable, refusal, replacement, seen, unpriced};
use crate::trading::gate::Check;
use crate::trading::order::{Event, NewOrder, RequestKind};
use crate::trading::position::Position;
use crate::trading::tracker::Tracker;
use crate::venue::orders::Order;
use crate::venue::outbox::{Told, What};
use crate::venue::{NEVER_NS, PaperVenue, Sent};

/// How long after a request its refusal reaches the strategy: see `mainspring.lane.REFUSAL_NS`.
pub const REFUSAL_NS: i64 = 1_000_000;

/// One instrument: its book and market, and what the strategy has there.
#[derive(Debug)]
pub struct Place {
    /// The book.
    pub book: AnyBook,
    /// The market.
    pub market: Market,
    /// The position.
    pub position: Position,
    /// The strategy's open orders, as it knows them.
    pub handles: Handles,
    /// What every order has to pass.
    pub checks: Vec<Check>,
}

/// Orders, and what became of them.
#[derive(Debug)]
pub struct Manager {
    /// The orders that were approved.
    pub tracker: Tracker,
    /// The venue.
    pub venue: PaperVenue,
    /// Everything that happened, in order.
    pub log: Vec<Record>,
    /// Refusals that the strategy doesn't know of yet, each with when it will.
    pub refusals: VecDeque<(i64, Told)>,
}

impl Manager {
    /// When something is to be done without an event.
    pub fn due_ns(&self) -> i64 {
        self.refusals.front().map_or(NEVER_NS, |(due_ns, _)| *due_ns)
    }

    /// A new order; one that is `surplus` is refused.
    pub fn submit(&mut self, order: &NewOrder, place: &mut Place, surplus: bool) {
        let now_ns = order.created_ns;
        place.market.now_ns = place.market.now_ns.max(now_ns);
        self.log.push(Record::submit(order));
        if surplus {
            self.refuse(order.order_id, order.instrument, now_ns, TOO_MANY_REQUESTS, RequestKind::New);
            return;
        }
        if let Some(reason) = self.refusal(order, place, Some(0)) {
            self.refuse(order.order_id, order.instrument, now_ns, reason, RequestKind::New);
            return;
        }
        // The numbers of orders rise here, and their sizes are above zero.
        if self.tracker.add(*order).is_err() || self.tracker.send(order.order_id, now_ns).is_err() {
            self.refuse(order.order_id, order.instrument, now_ns, "invalid-order", RequestKind::New);
            return;
        }
        self.approved(order.order_id, order.instrument, now_ns, RequestKind::New);
        self.venue.send(Sent::New(Order::of(order)), now_ns);
    }

    /// A cancel; one that is `surplus` is refused.
    pub fn cancel(&mut self, order_id: i64, instrument: usize, now_ns: i64, surplus: bool) {
        self.log.push(Record {
            time_ns: now_ns,
            order_id,
            kind: CANCEL,
            market: instrument as u16,
            ..Record::default()
        });
        let known = changeable(&self.tracker, order_id, instrument).map(|_| ());
        if let Err(reason) = if surplus { Err(TOO_MANY_REQUESTS) } else { known } {
            self.refuse(order_id, instrument, now_ns, reason, RequestKind::Cancel);
            return;
        }
        if self.tracker.request_cancel(order_id, now_ns).is_ok() {
            self.approved(order_id, instrument, now_ns, RequestKind::Cancel);
            self.venue.send(Sent::Cancel(order_id, instrument), now_ns);
        }
    }

    /// A replace to a price and a total size; one that is `surplus` is refused.
    pub fn replace(
        &mut self,
        order_id: i64,
        (price_ticks, size_lots): (i64, i64),
        place: &mut Place,
        at: (usize, i64),
        surplus: bool,
    ) {
        let (instrument, now_ns) = at;
        self.log.push(Record {
            time_ns: now_ns,
            order_id,
            price_ticks,
            size_lots,
            kind: REPLACE,
            market: instrument as u16,
            ..Record::default()
        });
        let checked = if surplus {
            Err(TOO_MANY_REQUESTS)
        } else {
            self.checked_replace(order_id, price_ticks, size_lots, place, at)
        };
        if let Err(reason) = checked {
            self.refuse(order_id, instrument, now_ns, reason, RequestKind::Replace);
            return;
        }
        if self.tracker.request_replace(order_id, price_ticks, size_lots, now_ns).is_ok() {
            self.approved(order_id, instrument, now_ns, RequestKind::Replace);
            self.venue.send(Sent::Replace(order_id, instrument, price_ticks, size_lots), now_ns);
        }
    }

    /// Takes a venue's word on an order; returns whether it is news for the strategy.
    pub fn execution(&mut self, told: &Told, place: &mut Place, now_ns: i64) -> bool {
        let Some(event) = Event::reported(told, 0) else { return false };
        let applied = self.tracker.apply(&event, now_ns);
        if self.tracker.take_fills().next().is_some()
            && let What::Filled { buy, price, lots, fee_ppb, .. } = told.what
        {
            // Prices and sizes of 64 bits fit.
            let booked = place.position.on_fill(buy, lots, price, fee_ppb);
            debug_assert!(booked);
        }
        self.log.push(Record::of(told));
        for found in self.tracker.take_discrepancies() {
            self.log.push(Record {
                time_ns: found.time_ns,
                order_id: found.order_id,
                kind: DISCREPANCY,
                market: told.instrument as u16,
                reason: reason_number(found.what),
                ..Record::default()
            });
        }
        applied.is_some()
    }

    fn approved(&mut self, order_id: i64, instrument: usize, now_ns: i64, request: RequestKind) {
        let (market, flags) = (instrument as u16, of_request(request));
        self.log.push(Record { time_ns: now_ns, order_id, kind: APPROVED, market, flags, ..Record::default() });
    }

    fn refuse(&mut self, order_id: i64, instrument: usize, time_ns: i64, reason: &'static str, request: RequestKind) {
        self.log.push(Record {
            time_ns,
            order_id,
            kind: REFUSED,
            market: instrument as u16,
            reason: record::reason_number(reason),
            flags: of_request(request),
            ..Record::default()
        });
        let what = What::Rejected { reason, request };
        let told = Told { order_id, instrument, time_ns, what, ends: false };
        self.refusals.push_back((time_ns.saturating_add(REFUSAL_NS), told));
    }

    fn checked_replace(
        &self,
        order_id: i64,
        price_ticks: i64,
        size_lots: i64,
        place: &mut Place,
        (instrument, now_ns): (usize, i64),
    ) -> Result<(), &'static str> {
        let order = changeable(&self.tracker, order_id, instrument)?;
        place.market.now_ns = place.market.now_ns.max(now_ns);
        let Replacement { wanted, gives_up } = replacement(order, price_ticks, size_lots).ok_or("invalid-order")?;
        // The model sees the order first, whatever its size.
        if let Some(reason) = unpriced(&seen(&place.market)) {
            return Err(reason);
        }
        let wanted = wanted.ok_or("invalid-order")?;
        self.refusal(&wanted, place, gives_up).map_or(Ok(()), Err)
    }

    /// Why an order is refused; `gives_up` is what a replace gives up of the account's open lots, `None` if no check sees it.
    fn refusal(&self, order: &NewOrder, place: &Place, gives_up: Option<i128>) -> Option<&'static str> {
        let seen = seen(&place.market);
        if let Some(reason) = unpriced(&seen) {
            return Some(reason);
        }
        let walk =
            |order: &NewOrder| Some(place.book.walk(if order.buy { Side::Buy } else { Side::Sell }, order.size_lots));
        refusal(&self.tracker, &place.checks, order, &seen, place.position.lots, gives_up?, walk)
    }
}
