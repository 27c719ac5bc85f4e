//! A simulated exchange for one strategy's orders. The rules stand in words in `mainspring_native.replay.plain`.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::ops::ControlFlow;

use crate::book::{Bbo, Book, Side};
use crate::replay::event::{LEVEL, Row, TRADE};
use crate::replay::strategy::Request;

/// A limit order that rests.
pub const LIMIT: i64 = 1;
/// A limit order that rests or is rejected.
pub const POST_ONLY: i64 = 2;
/// A limit order that takes what it can.
pub const IOC: i64 = 3;
/// An order that takes at any price.
pub const MARKET: i64 = 4;
/// Takes an order back.
pub const CANCEL: i64 = 5;

/// The largest number of resting orders.
pub const MAX_OPEN: usize = 64;

/// Why something was rejected: the place in `mainspring_native.replay.REASONS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Reason {
    NotLive = 1,
    Malformed = 2,
    TooManyOpen = 3,
    WouldTake = 4,
    UnknownOrder = 5,
    NoLiquidity = 6,
}

/// A request with the time at which it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The time of the event.
    pub time_ns: i64,
    /// What was asked for.
    pub request: Request,
}

/// A fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Fill {
    pub time_ns: i64,
    pub order_id: i64,
    pub side: i64,
    pub price_ticks: i64,
    pub size_lots: i64,
    pub maker: bool,
}

/// A rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Rejection {
    pub time_ns: i64,
    pub order_id: i64,
    pub reason: Reason,
}

#[derive(Clone, Copy, Debug)]
struct Resting {
    order_id: i64,
    side: i64,
    price_ticks: i64,
    leaves_lots: i64,
    /// The lots of others that stand before it at its price.
    ahead_lots: i64,
}

/// Orders, and what became of them.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    latency_ns: i64,
    in_flight: VecDeque<Made>,
    open: Vec<Resting>,
    /// Every request, in the order in which they were made.
    pub requests: Vec<Made>,
    /// Every fill.
    pub fills: Vec<Fill>,
    /// Every rejection.
    pub rejections: Vec<Rejection>,
    /// The position, in lots.
    pub position: i128,
    /// What was received less what was paid: ticks times lots.
    pub cash: i128,
}

fn side_of(side: i64) -> Side {
    if side > 0 { Side::Buy } else { Side::Sell }
}

fn opposite(side: i64) -> Side {
    if side > 0 { Side::Sell } else { Side::Buy }
}

/// Whether an order of this side and price would trade against the other side's best.
fn crosses(side: i64, price_ticks: i64, best: &Bbo) -> bool {
    if side > 0 {
        best.ask.lots > 0 && price_ticks >= best.ask.price
    } else {
        best.bid.lots > 0 && price_ticks <= best.bid.price
    }
}

impl Exchange {
    /// An exchange that requests reach after `latency_ns`.
    pub fn new(latency_ns: i64) -> Self {
        Exchange { latency_ns, ..Exchange::default() }
    }

    /// The position, or the nearest to it that 64 bits hold.
    #[inline]
    pub fn position_lots(&self) -> i64 {
        self.position.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// How many orders rest.
    pub fn open_orders(&self) -> usize {
        self.open.len()
    }

    /// How many requests are under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Takes a request that was made at `time_ns`.
    pub fn take(&mut self, time_ns: i64, request: Request) {
        let made = Made { time_ns, request };
        self.requests.push(made);
        self.in_flight.push_back(made);
    }

    /// Lets in what has arrived by `now_ns`. Called between messages.
    pub fn arrive(&mut self, now_ns: i64, book: &impl Book, live: bool) {
        while let Some(made) = self.in_flight.front().copied() {
            let time_ns = made.time_ns.saturating_add(self.latency_ns);
            if time_ns > now_ns {
                return;
            }
            self.in_flight.pop_front();
            if let Err(reason) = self.accept(time_ns, &made.request, book, live) {
                self.rejections.push(Rejection { time_ns, order_id: made.request.order_id, reason });
            }
        }
    }

    fn accept(&mut self, time_ns: i64, request: &Request, book: &impl Book, live: bool) -> Result<(), Reason> {
        let Request { action, order_id, side, price_ticks, size_lots } = *request;
        if action == CANCEL {
            let found = self.open.iter().position(|order| order.order_id == order_id);
            self.open.remove(found.ok_or(Reason::UnknownOrder)?);
            return Ok(());
        }
        if !matches!(action, LIMIT..=MARKET) || !matches!(side, 1 | -1) || size_lots <= 0 || price_ticks < 0 {
            return Err(Reason::Malformed);
        }
        if !live {
            return Err(Reason::NotLive);
        }
        let rests = matches!(action, LIMIT | POST_ONLY);
        if rests && self.open.len() == MAX_OPEN {
            return Err(Reason::TooManyOpen);
        }
        if action == POST_ONLY && crosses(side, price_ticks, &book.bbo()) {
            return Err(Reason::WouldTake);
        }
        let mut leaves_lots = size_lots;
        let any_price = action == MARKET;
        let mut taken = Vec::new();
        book.visit(opposite(side), &mut |level| {
            let within = if side > 0 { level.price <= price_ticks } else { level.price >= price_ticks };
            if leaves_lots == 0 || !(within || any_price) {
                return ControlFlow::Break(());
            }
            let lots = level.lots.min(leaves_lots);
            leaves_lots -= lots;
            taken.push((level.price, lots));
            ControlFlow::Continue(())
        });
        for (price_ticks, size_lots) in taken {
            self.fill(Fill { time_ns, order_id, side, price_ticks, size_lots, maker: false });
        }
        if leaves_lots > 0 && rests {
            let ahead_lots = book.lots_at(side_of(side), price_ticks);
            self.open.push(Resting { order_id, side, price_ticks, leaves_lots, ahead_lots });
        } else if leaves_lots == size_lots {
            return Err(Reason::NoLiquidity);
        }
        Ok(())
    }

    fn fill(&mut self, fill: Fill) {
        self.position += i128::from(fill.side) * i128::from(fill.size_lots);
        self.cash -= i128::from(fill.side) * i128::from(fill.price_ticks) * i128::from(fill.size_lots);
        self.fills.push(fill);
    }

    /// Takes an event that the book has taken. `best` and `live` are as they stand behind it.
    pub fn on_event(&mut self, row: &Row, best: &Bbo, live: bool) {
        if self.open.is_empty() {
            return;
        }
        match row.kind {
            LEVEL => {
                for order in &mut self.open {
                    if order.side == i64::from(row.side) && order.price_ticks == row.price_ticks {
                        order.ahead_lots = order.ahead_lots.min(row.size_lots);
                    }
                }
            }
            TRADE => self.on_trade(row),
            _ => {}
        }
        if row.last && live {
            self.fill_where(row.time_ns, |order| {
                if crosses(order.side, order.price_ticks, best) { order.leaves_lots } else { 0 }
            });
        }
    }

    fn on_trade(&mut self, row: &Row) {
        // What of the print our own orders have taken, a side each.
        let mut ours = [0_i64; 2];
        self.fill_where(row.time_ns, |order| {
            if i64::from(row.side) == order.side {
                return 0;
            }
            if (order.price_ticks - row.price_ticks) * order.side > 0 {
                return order.leaves_lots;
            }
            if order.price_ticks != row.price_ticks {
                return 0;
            }
            let ours = &mut ours[side_of(order.side) as usize];
            let reached = row.size_lots.saturating_sub(order.ahead_lots).saturating_sub(*ours).max(0);
            let lots = reached.min(order.leaves_lots);
            order.ahead_lots = (order.ahead_lots - row.size_lots).max(0);
            *ours += lots;
            lots
        });
    }

    /// Fills each resting order, in the order of their arrival, by as many lots as `lots` says.
    fn fill_where(&mut self, time_ns: i64, mut lots: impl FnMut(&mut Resting) -> i64) {
        let mut open = std::mem::take(&mut self.open);
        open.retain_mut(|order| {
            let size_lots = lots(order);
            if size_lots > 0 {
                order.leaves_lots -= size_lots;
                let Resting { order_id, side, price_ticks, .. } = *order;
                self.fill(Fill { time_ns, order_id, side, price_ticks, size_lots, maker: true });
            }
            order.leaves_lots > 0
        });
        self.open = open;
    }
}
