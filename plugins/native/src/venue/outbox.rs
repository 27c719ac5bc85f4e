//! What the paper venue has to tell, on its way back to us. The twin is `mainspring.venue.event_outbox`.

#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::book::Side;
use crate::venue::NEVER_NS;
use crate::venue::delay::Delay;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// A new order.
    New,
    /// The end of an order.
    Cancel,
    /// Another price or size of one.
    Replace,
}

impl Request {
    /// Its name, as `mainspring.model.RequestKind` has it.
    pub fn name(self) -> &'static str {
        match self {
            Request::New => "new",
            Request::Cancel => "cancel",
            Request::Replace => "replace",
        }
    }
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model`'s order events")]
pub enum What {
    Accepted,
    Rejected {
        reason: &'static str,
        request: Request,
    },
    Filled {
        fill_id: i64,
        buy: bool,
        price: i64,
        lots: i64,
        maker: bool,
        fee_ppb: i64,
    },
    Cancelled {
        lots: i64,
        reason: &'static str,
    },
    Replaced {
        price: i64,
        lots: i64,
    },
    Expired {
        lots: i64,
        reason: &'static str,
    },
    /// Funding of the instrument was settled; the venue's owner knows which by this number.
    Funded {
        number: u64,
    },
}

/// An order event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// Whose it is.
    pub order_id: i64,
    /// The place of its instrument.
    pub instrument: usize,
    /// The venue's time.
    pub time_ns: i64,
    /// What happened.
    pub what: What,
    /// Whether it ends the order.
    pub ends: bool,
}

/// Numbers the fills, knows the fees, and holds each event until it has reached us.
#[derive(Debug)]
pub struct Outbox {
    /// When the next event reaches us.
    pub due_ns: i64,
    under_way: BinaryHeap<Reverse<(i64, u64, Told)>>,
    sent: u64,
    fills: i64,
    responses: Vec<(Delay, i64)>,
    fees_ppb: (i64, i64),
    positions: Vec<i128>,
}

/// An order as the outbox sees it.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the fields say what they are")]
pub struct Known {
    pub order_id: i64,
    pub instrument: usize,
    pub side: Side,
}

impl Outbox {
    /// `responses` are by instrument; fees of makers and takers in parts per billion.
    pub fn new(responses: Vec<Delay>, maker_fee_ppb: i64, taker_fee_ppb: i64) -> Self {
        Outbox {
            due_ns: NEVER_NS,
            under_way: BinaryHeap::new(),
            sent: 0,
            fills: 0,
            positions: vec![0; responses.len()],
            responses: responses.into_iter().map(|delay| (delay, 0)).collect(),
            fees_ppb: (maker_fee_ppb, taker_fee_ppb),
        }
    }

    /// What the venue has of us in an instrument, in lots.
    pub fn position(&self, instrument: usize) -> i128 {
        self.positions[instrument]
    }

    /// How many lots of an order would bring the position nearer to zero.
    pub(super) fn reducible(&self, order: Known) -> i64 {
        let position = self.positions[order.instrument];
        let lots = if matches!(order.side, Side::Buy) { -position } else { position };
        i64::try_from(lots.max(0)).unwrap_or(i64::MAX)
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// The next event that has reached us by now.
    pub fn take(&mut self, now_ns: i64) -> Option<Told> {
        let due = self.under_way.peek().is_some_and(|Reverse((arrival_ns, ..))| *arrival_ns <= now_ns);
        let taken = if due { self.under_way.pop().map(|Reverse((.., told))| told) } else { None };
        self.due_ns = self.under_way.peek().map_or(NEVER_NS, |Reverse((arrival_ns, ..))| *arrival_ns);
        taken
    }

    /// Sends an event of an order.
    pub fn tell(&mut self, order: Known, now_ns: i64, what: What, ends: bool) {
        let (delay, last_ns) = &mut self.responses[order.instrument];
        let arrival_ns = now_ns.saturating_add(delay.at_ns(now_ns)).max(*last_ns);
        *last_ns = arrival_ns;
        let told = Told { order_id: order.order_id, instrument: order.instrument, time_ns: now_ns, what, ends };
        self.under_way.push(Reverse((arrival_ns, self.sent, told)));
        self.sent += 1;
        self.due_ns = self.due_ns.min(arrival_ns);
    }

    /// Sends a fill; `ends` says whether it is the order's last.
    pub fn filled(&mut self, order: Known, now_ns: i64, (price, lots): (i64, i64), maker: bool, ends: bool) {
        self.fills += 1;
        let fee_ppb = if maker { self.fees_ppb.0 } else { self.fees_ppb.1 };
        let buy = matches!(order.side, Side::Buy);
        self.positions[order.instrument] += i128::from(if buy { lots } else { -lots });
        self.tell(order, now_ns, What::Filled { fill_id: self.fills, buy, price, lots, maker, fee_ppb }, ends);
    }
}
