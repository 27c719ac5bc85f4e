//! The paper venue: fills our orders against a market that doesn't know of them. The twin is `mainspring.venue.paper`, which
//! explains the rules; both give the same events.

#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use rustc_hash::FxHashMap;

use crate::book::Book;
use crate::rising::Rising;
use crate::venue::delay::Delay;
use crate::venue::market::PaperMarket;
use crate::venue::orders::Order;
use crate::venue::outbox::{Known, Outbox, Request, Told, What};
use crate::venue::queue::Queue;

pub mod delay;
pub mod displayed;
pub mod elementary;
pub mod level;
pub mod levels;
pub mod market;
pub mod orders;
pub mod outbox;
pub mod queue;

/// No time at all: see `mainspring.seams.NEVER_NS`.
pub const NEVER_NS: i64 = i64::MAX;

const ENDED_KEPT: usize = 10_000;

/// How many orders that ended before their time may wait to be forgotten, besides as many as are open.
const MOST_ENDED: usize = 1_000;

/// A request on its way to the venue.
#[derive(Clone, Copy, Debug)]
pub enum Sent {
    /// A new order.
    New(Order),
    /// A cancel of an order in an instrument.
    Cancel(i64, usize),
    /// A replace of an order in an instrument, to a price and a total size.
    Replace(i64, usize, i64, i64),
}

impl Sent {
    fn instrument(&self) -> usize {
        match *self {
            Sent::New(order) => order.instrument,
            Sent::Cancel(_, instrument) | Sent::Replace(_, instrument, ..) => instrument,
        }
    }
}

/// An instrument's requests on their way: none overtakes another.
#[derive(Debug)]
struct Connection {
    delay: Delay,
    // When the last request arrives.
    last_ns: i64,
    // Each with when it arrives, and its number among all of the venue.
    under_way: VecDeque<(i64, u64, Sent)>,
}

/// A simulated exchange over the lane's own books, which its callers hand over.
#[derive(Debug)]
pub struct PaperVenue {
    /// When something next happens here, or an answer arrives at our end.
    pub due_ns: i64,
    /// The next arrival here, or end of an order's time.
    pub next_ns: i64,
    funding_due_ns: i64,
    outbox: Outbox,
    markets: Vec<PaperMarket>,
    connections: Vec<Connection>,
    // The first of each connection's requests that are under way: when it arrives, its number, and its instrument.
    arrivals: BinaryHeap<Reverse<(i64, u64, usize)>>,
    sent: u64,
    // When an order's time is over, the order, and its instrument. It may have ended before.
    expiries: BTreeSet<(i64, i64, usize)>,
    last_order_id: Option<i64>,
    instruments: Rising<u32>,
    ended: VecDeque<i64>,
    requests: FxHashMap<i64, u64>,
}

impl PaperVenue {
    /// A venue with these queue models, and delays of requests and answers, by instrument.
    pub fn new(
        queues: Vec<Queue>,
        requests: Vec<Delay>,
        responses: Vec<Delay>,
        fees_ppb: (i64, i64),
        settle_ns: i64,
    ) -> Self {
        PaperVenue {
            due_ns: NEVER_NS,
            next_ns: NEVER_NS,
            funding_due_ns: NEVER_NS,
            outbox: Outbox::new(responses, fees_ppb.0, fees_ppb.1),
            markets: queues.into_iter().map(|model| PaperMarket::new(model, settle_ns)).collect(),
            connections: requests
                .into_iter()
                .map(|delay| Connection { delay, last_ns: 0, under_way: VecDeque::new() })
                .collect(),
            arrivals: BinaryHeap::new(),
            sent: 0,
            expiries: BTreeSet::new(),
            last_order_id: None,
            instruments: Rising::default(),
            ended: VecDeque::new(),
            requests: FxHashMap::default(),
        }
    }

    /// How many instruments there are.
    pub fn len(&self) -> usize {
        self.markets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.markets.is_empty()
    }

    /// Whether no order is on its way or waits, and nothing that we took of a level is remembered.
    pub fn is_idle(&self) -> bool {
        self.arrivals.is_empty() && self.outbox.is_empty() && !self.markets.iter().any(PaperMarket::is_busy)
    }

    /// The last order's id.
    pub fn last_order_id(&self) -> Option<i64> {
        self.last_order_id
    }

    /// Sends a request. The caller has checked the instrument, and that ids of new orders rise.
    pub fn send(&mut self, request: Sent, now_ns: i64) {
        let instrument = request.instrument();
        let Connection { delay, last_ns, under_way } = &mut self.connections[instrument];
        let arrival_ns = now_ns.saturating_add(delay.at_ns(now_ns)).max(*last_ns);
        *last_ns = arrival_ns;
        if under_way.is_empty() {
            self.arrivals.push(Reverse((arrival_ns, self.sent, instrument)));
        }
        under_way.push_back((arrival_ns, self.sent, request));
        self.sent += 1;
        self.next_ns = self.next_ns.min(arrival_ns);
        self.due_ns = self.due_ns.min(arrival_ns);
        match request {
            Sent::New(order) => {
                self.last_order_id = Some(order.order_id);
                self.instruments.insert(order.order_id, order.instrument as u32);
            }
            Sent::Cancel(order_id, _) | Sent::Replace(order_id, ..) => *self.requests.entry(order_id).or_default() += 1,
        }
    }

    /// Lets happen what happens here by a time: requests arrive, and the time of orders is over. `book` returns the book of an
    /// instrument.
    pub fn arrive<B: Book>(&mut self, now_ns: i64, mut book: impl FnMut(usize, &mut dyn FnMut(&B))) {
        while self.next_ns <= now_ns {
            if let Some(&(expires_ns, order_id, instrument)) = self.expiries.first()
                && expires_ns == self.next_ns
            {
                self.expiries.pop_first();
                self.markets[instrument].expire(order_id, expires_ns, &mut self.outbox);
            } else if let Some((time_ns, request)) = self.take_arrival() {
                book(request.instrument(), &mut |book| self.on_request(request, time_ns, book));
            }
            let arrival_ns = self.arrivals.peek().map_or(NEVER_NS, |Reverse((time_ns, ..))| *time_ns);
            self.next_ns = self.expiries.first().map_or(arrival_ns, |first| arrival_ns.min(first.0));
        }
    }

    /// The request that arrives first, and when.
    fn take_arrival(&mut self) -> Option<(i64, Sent)> {
        let Reverse((_, _, instrument)) = self.arrivals.pop()?;
        let under_way = &mut self.connections[instrument].under_way;
        let (time_ns, _, request) = under_way.pop_front()?;
        if let Some(&(next_ns, number, _)) = under_way.front() {
            self.arrivals.push(Reverse((next_ns, number, instrument)));
        }
        Some((time_ns, request))
    }

    /// Adds the events that have reached us by now, in that order. What has arrived must have been matched.
    pub fn poll(&mut self, now_ns: i64, events: &mut Vec<Told>) {
        while let Some(told) = self.outbox.take(now_ns) {
            if told.ends && !matches!(told.what, What::Funded { .. }) {
                self.ended.push_back(told.order_id);
            }
            events.push(told);
        }
        self.forget();
        self.due_ns = self.next_ns.min(self.outbox.due_ns).min(self.funding_due_ns);
    }

    /// When funding is to be settled next.
    pub fn funding_due_ns(&self) -> i64 {
        self.funding_due_ns
    }

    /// Sets when funding is to be settled next.
    pub fn set_funding_due_ns(&mut self, due_ns: i64) {
        self.funding_due_ns = due_ns;
        self.due_ns = self.next_ns.min(self.outbox.due_ns).min(due_ns);
    }

    /// What we have in an instrument, in lots.
    pub fn position(&self, instrument: usize) -> i128 {
        self.outbox.position(instrument)
    }

    /// Tells of funding that was settled, by its number.
    pub fn fund(&mut self, instrument: usize, now_ns: i64, number: u64) {
        let order = Known { order_id: 0, instrument, side: crate::book::Side::Buy };
        self.outbox.tell(order, now_ns, What::Funded { number }, false);
    }

    /// Lets a market see an event, with the outbox for what comes of it.
    #[inline]
    pub fn on_market(&mut self, instrument: usize, see: impl FnOnce(&mut PaperMarket, &mut Outbox)) {
        see(&mut self.markets[instrument], &mut self.outbox);
        self.due_ns = self.due_ns.min(self.outbox.due_ns);
    }

    /// How many lots go before an order of ours that waits; `None` if none of that id does.
    pub fn lots_ahead(&self, order_id: i64) -> Option<i128> {
        self.markets[*self.instruments.get(order_id)? as usize].lots_ahead(order_id)
    }

    fn on_request(&mut self, request: Sent, time_ns: i64, book: &impl Book) {
        let (order_id, instrument, kind) = match request {
            Sent::New(order) => return self.enter(order, time_ns, book),
            Sent::Cancel(order_id, instrument) => (order_id, instrument, Request::Cancel),
            Sent::Replace(order_id, instrument, ..) => (order_id, instrument, Request::Replace),
        };
        if let Some(left) = self.requests.get_mut(&order_id) {
            *left -= 1;
            if *left == 0 {
                self.requests.remove(&order_id);
            }
        }
        let market = &mut self.markets[instrument];
        if !market.has(order_id) {
            let late = self.instruments.get(order_id) == Some(&(instrument as u32));
            let reason = if late { "too-late" } else { "unknown-order" };
            let order = Known { order_id, instrument, side: crate::book::Side::Buy };
            self.outbox.tell(order, time_ns, What::Rejected { reason, request: kind }, false);
        } else if let Sent::Replace(_, _, price, size) = request {
            market.replace(order_id, (price, size), time_ns, book, &mut self.outbox);
        } else {
            market.cancel(order_id, time_ns, &mut self.outbox);
        }
    }

    fn enter(&mut self, order: Order, time_ns: i64, book: &impl Book) {
        let market = &mut self.markets[order.instrument];
        market.enter(order, time_ns, book, &mut self.outbox);
        if order.expires_ns != 0 && market.has(order.order_id) {
            self.expiries.insert((order.expires_ns, order.order_id, order.instrument));
            let open: usize = self.markets.iter().map(PaperMarket::len).sum();
            if self.expiries.len() > MOST_ENDED + 2 * open {
                let markets = &self.markets;
                self.expiries.retain(|&(_, order_id, instrument)| markets[instrument].has(order_id));
            }
        }
    }

    /// Forgets the oldest ended orders, though none that a request on its way names.
    fn forget(&mut self) {
        for _ in 0..self.ended.len().saturating_sub(ENDED_KEPT) {
            let Some(order_id) = self.ended.pop_front() else { return };
            if self.requests.contains_key(&order_id) {
                self.ended.push_back(order_id);
            } else {
                self.instruments.remove(order_id);
            }
        }
    }
}
