//! The order side of the kernel: what the order manager (`trading::manager`) decides goes to the log as rows, and to the venue.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

use crate::book::any::AnyBook;
use crate::book::{Book, Side};
use crate::kernel::handles::Handles;
use crate::kernel::record::{APPROVED, DISCREPANCY, REFUSED, Record, TOO_MANY_REQUESTS, of_request, reason_number};
use crate::lane::market::Market;
use crate::trading::approval::{INVALID_ORDER, refusal, seen, unpriced};
use crate::trading::gate::{self, Check};
use crate::trading::manager::{Asked, Desk, Refused, decide, report};
use crate::trading::order::{Event, NewOrder};
use crate::trading::position::Position;
use crate::trading::tracker::Tracker;
use crate::venue::outbox::{Told, What};
use crate::venue::{NEVER_NS, PaperVenue};

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

    /// Works off a request; one that is `surplus` is refused.
    pub fn work(&mut self, asked: &Asked, place: &mut Place, now_ns: i64, surplus: bool) {
        self.log.push(Record::asked(asked, now_ns));
        let decided = if surplus {
            Err(Refused::For(TOO_MANY_REQUESTS))
        } else {
            decide(&mut self.tracker, asked, now_ns, &mut AtPlace { place })
        };
        match decided {
            Ok(_) => {
                let (order_id, market, flags) = (asked.order_id(), asked.instrument() as u16, of_request(asked.kind()));
                self.log.push(Record { time_ns: now_ns, order_id, kind: APPROVED, market, flags, ..Record::default() });
                self.venue.send(asked.sent(asked.instrument()), now_ns);
            }
            Err(Refused::For(reason)) => self.refuse(asked, now_ns, reason),
            // The numbers of orders rise here.
            Err(Refused::Untracked(_)) => self.refuse(asked, now_ns, INVALID_ORDER),
        }
    }

    /// Takes a venue's word on an order; returns whether it is news for the strategy.
    pub fn execution(&mut self, told: &Told, place: &mut Place, now_ns: i64) -> bool {
        let Some(event) = Event::reported(told, 0) else { return false };
        let reported = report(&mut self.tracker, &event, now_ns);
        if reported.moved.is_some()
            && let What::Filled { buy, price, lots, fee_ppb, .. } = told.what
        {
            // Prices and sizes of 64 bits fit.
            let booked = place.position.on_fill(buy, lots, price, fee_ppb);
            debug_assert!(booked);
        }
        self.log.push(Record::of(told));
        for found in reported.discrepancies {
            self.log.push(Record {
                time_ns: found.time_ns,
                order_id: found.order_id,
                kind: DISCREPANCY,
                market: told.instrument as u16,
                reason: reason_number(found.what),
                ..Record::default()
            });
        }
        reported.applied.is_some()
    }

    fn refuse(&mut self, asked: &Asked, time_ns: i64, reason: &'static str) {
        let (order_id, instrument, request) = (asked.order_id(), asked.instrument(), asked.kind());
        self.log.push(Record {
            time_ns,
            order_id,
            kind: REFUSED,
            market: instrument as u16,
            reason: reason_number(reason),
            flags: of_request(request),
            ..Record::default()
        });
        let what = What::Rejected { reason, request };
        let told = Told { order_id, instrument, time_ns, what, ends: false };
        self.refusals.push_back((time_ns.saturating_add(REFUSAL_NS), told));
    }
}

/// A market with its checks, by the rules of a session's slippage models, which price an order only in a whole market.
struct AtPlace<'a> {
    place: &'a mut Place,
}

impl Desk for AtPlace<'_> {
    type Estimate = ();

    #[inline]
    fn estimate(&mut self, _: &NewOrder, now_ns: i64) -> Result<(), &'static str> {
        let market = &mut self.place.market;
        market.now_ns = market.now_ns.max(now_ns);
        unpriced(&seen(market)).map_or(Ok(()), Err)
    }

    #[inline]
    fn refusal(&mut self, tracker: &Tracker, order: &NewOrder, gives_up: i128) -> Option<&'static str> {
        let Place { book, market, position, checks, .. } = &*self.place;
        let walk = |order: &NewOrder| Some(book.walk(if order.buy { Side::Buy } else { Side::Sell }, order.size_lots));
        // Orders are priced only where there is a mid.
        let profit_ppb = || market.mid_half_ticks().and_then(|half_ticks| position.net_ppb(half_ticks));
        // No check of a replay is decided outside.
        let asked = gate::Asked { walk: &walk, profit_ppb: &profit_ppb, cost_bps: None, outside: &|_, _, _| false };
        refusal(tracker, checks, order, &seen(market), position.lots, gives_up, asked)
    }
}
