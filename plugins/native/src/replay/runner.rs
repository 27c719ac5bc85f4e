//! The loop: an event into the book, what it fills, the strategy, what it asks for.

#![forbid(unsafe_code)]

use crate::book::any::AnyBook;
use crate::book::{Bbo, Book, Side};
use crate::replay::event::{CLEAR, HALT, LEVEL, RESUME, ROW, Row, TRADE};
use crate::replay::exchange::{CANCEL, Exchange};
use crate::replay::strategy::{BUFFER, MarketView, Request, Strategy};

/// A book, an exchange, and how far the market has come.
#[derive(Debug)]
pub struct Replay {
    /// The book.
    pub book: AnyBook,
    /// The exchange.
    pub exchange: Exchange,
    /// How many events were run.
    pub events: u64,
    best: Bbo,
    valid: bool,
    halted: bool,
    /// Whether the last event ended its message.
    between: bool,
    next_order_id: i64,
}

/// Why a replay ended before the last event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The strategy raised at the event of this number.
    Raised(u64),
    /// The event of this number can't be: what of it can't.
    Refused(u64, &'static str),
}

impl Replay {
    /// A replay over an empty book.
    pub fn new(book: AnyBook, latency_ns: i64) -> Self {
        Replay {
            book,
            exchange: Exchange::new(latency_ns),
            events: 0,
            best: Bbo::default(),
            valid: false,
            halted: false,
            between: true,
            next_order_id: 1,
        }
    }

    /// Runs these events. `market` is where the strategy reads.
    pub fn run(&mut self, events: &[u8], market: &mut MarketView, strategy: &mut impl Strategy) -> Result<(), Ended> {
        let (rows, rest) = events.as_chunks::<ROW>();
        let mut requests = [Request::default(); BUFFER];
        for row in rows {
            let row = Row::read(row);
            self.event(&row, market).map_err(|what| Ended::Refused(self.events, what))?;
            requests[0] = Request { order_id: self.next_order_id, ..Request::default() };
            market.book = &raw const self.book;
            let goes_on = strategy.on_event(market, &mut requests);
            self.events += 1;
            if requests[0].action != 0 {
                self.take(row.time_ns, &requests);
            }
            if !goes_on {
                return Err(Ended::Raised(self.events - 1));
            }
        }
        if rest.is_empty() { Ok(()) } else { Err(Ended::Refused(self.events, "is cut short")) }
    }

    /// Brings an event into the book, the exchange and the view.
    #[inline]
    fn event(&mut self, row: &Row, market: &mut MarketView) -> Result<(), &'static str> {
        if self.between && self.exchange.in_flight() > 0 {
            let live = self.valid && !self.halted;
            self.exchange.arrive(row.time_ns, &self.book, live);
        }
        match row.kind {
            LEVEL => {
                let side = match row.side {
                    1 => Side::Buy,
                    -1 => Side::Sell,
                    _ => return Err("has a side that is neither 1 nor -1"),
                };
                if row.price_ticks < 0 || row.size_lots < 0 {
                    return Err("has a price or a size below 0");
                }
                self.book.set(side, row.price_ticks, row.size_lots);
                self.best = self.book.bbo();
                self.valid |= row.last;
            }
            TRADE => {
                if row.price_ticks < 0 || row.size_lots < 0 {
                    return Err("has a price or a size below 0");
                }
            }
            CLEAR => {
                self.book.clear();
                self.best = Bbo::default();
                self.valid = false;
            }
            HALT => self.halted = true,
            RESUME => self.halted = false,
            _ => return Err("is of no kind that there is"),
        }
        self.between = row.last;
        let live = self.valid && !self.halted;
        self.exchange.on_event(row, &self.best, live);
        market.time_ns = row.time_ns;
        (market.bid_ticks, market.bid_lots) = (self.best.bid.price, self.best.bid.lots);
        (market.ask_ticks, market.ask_lots) = (self.best.ask.price, self.best.ask.lots);
        market.live = i64::from(live);
        market.event_kind = i64::from(row.kind);
        market.event_side = i64::from(row.side);
        (market.event_ticks, market.event_lots) = (row.price_ticks, row.size_lots);
        market.event_last = i64::from(row.last);
        market.position_lots = self.exchange.position_lots();
        market.open_orders = self.exchange.open_orders() as i64;
        market.in_flight = self.exchange.in_flight() as i64;
        market.fills = self.exchange.fills.len() as i64;
        Ok(())
    }

    #[cold]
    fn take(&mut self, time_ns: i64, requests: &[Request; BUFFER]) {
        let count = usize::try_from(requests[0].action).unwrap_or(0).min(BUFFER - 1);
        for request in &requests[1..=count] {
            self.exchange.take(time_ns, *request);
            if request.action != CANCEL {
                self.next_order_id += 1;
            }
        }
    }
}
