//! One of our orders, and how it follows the lifecycle. The twin is `mainspring.orders.order`.
//!
//! What a venue adds up is counted in 128 bits, which no number of fills of 64 bits can exceed.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use crate::trading::discrepancy::{DUPLICATE_FILL, MALFORMED, OVERFILL, REMAINING_MISMATCH, WRONG_SIDE};
use crate::trading::lifecycle::{LifecycleEvent, Next, OrderState, Report, Transition, transition};
use crate::venue::orders::TimeInForce;
use crate::venue::outbox::{self as venue, What};

pub use crate::venue::outbox::Request as RequestKind;

/// A strategy's name, by a number that its owner gave it.
pub type StrategyId = u32;

/// No strategy: whose fills of orders are that aren't ours.
pub const NOBODY: StrategyId = StrategyId::MAX;

/// A request for a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.NewOrder`")]
pub struct NewOrder {
    pub order_id: i64,
    pub instrument: usize,
    pub buy: bool,
    pub limit: bool,
    pub price_ticks: i64,
    pub size_lots: i64,
    pub created_ns: i64,
    pub time_in_force: TimeInForce,
    pub post_only: bool,
    pub strategy: StrategyId,
    pub expires_ns: i64,
    pub reduce_only: bool,
}

/// What a venue reported of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The order's id, as reported.
    pub order_id: i64,
    /// The instrument's index, as reported: there may be none.
    pub instrument: i64,
    /// The venue's time.
    pub time_ns: i64,
    /// What happened.
    pub what: Told,
}

/// What happened to an order. A fee that the venue reported as an amount stays with the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model`'s order events")]
pub enum Told {
    Accepted,
    Rejected { reason: Cow<'static, str>, request: RequestKind },
    Fill { fill_id: i64, buy: bool, price_ticks: i64, size_lots: i64, maker: bool, fee_ppb: i64 },
    Cancelled { remaining_lots: i64, reason: Cow<'static, str> },
    Expired { remaining_lots: i64, reason: Cow<'static, str> },
    Replaced { price_ticks: i64, size_lots: i64 },
}

impl Event {
    /// What the paper venue told, whose first instrument is the one of this index; `None` if it isn't of an order.
    pub fn reported(told: &venue::Told, first: usize) -> Option<Event> {
        let what = match told.what {
            What::Accepted => Told::Accepted,
            What::Rejected { reason, request } => Told::Rejected { reason: Cow::Borrowed(reason), request },
            What::Filled { fill_id, buy, price, lots, maker, fee_ppb } => {
                Told::Fill { fill_id, buy, price_ticks: price, size_lots: lots, maker, fee_ppb }
            }
            What::Cancelled { lots, reason } => Told::Cancelled { remaining_lots: lots, reason: Cow::Borrowed(reason) },
            What::Expired { lots, reason } => Told::Expired { remaining_lots: lots, reason: Cow::Borrowed(reason) },
            What::Replaced { price, lots } => Told::Replaced { price_ticks: price, size_lots: lots },
            What::Funded { .. } => return None,
        };
        let instrument = (first + told.instrument) as i64;
        Some(Event { order_id: told.order_id, instrument, time_ns: told.time_ns, what })
    }
}

static ACCEPTED: Report = Report::of(LifecycleEvent::Accepted);
static REJECTED: Report = Report::of(LifecycleEvent::Rejected);
static FILL: Report = Report::of(LifecycleEvent::Fill);
static LAST_FILL: Report = Report::of(LifecycleEvent::LastFill);
static CANCELLED: Report = Report::of(LifecycleEvent::Cancelled);
static EXPIRED: Report = Report::of(LifecycleEvent::Expired);
static REPLACED: Report = Report::of(LifecycleEvent::Replaced);
static UNREQUESTED_REPLACED: Report = Report::of(LifecycleEvent::UnrequestedReplaced);
static REQUEST_REJECTED: Report = Report::of(LifecycleEvent::RequestRejected);
static UNREQUESTED_REJECTED: Report = Report::of(LifecycleEvent::UnrequestedRejected);

/// Whether a report was news, and as what discrepancy to record it; an empty one is none.
pub type Outcome = (bool, &'static str);

/// An order from its creation on, as of the latest event.
#[derive(Debug)]
pub struct Order {
    /// What was asked for.
    pub order: NewOrder,
    /// The venue's present price.
    pub price_ticks: i64,
    /// The venue's present total size.
    pub size_lots: i64,
    /// How much of it was traded.
    pub filled_lots: i128,
    /// The most that the venue may still fill.
    pub exposure_lots: i128,
    /// Its state.
    pub state: OrderState,
    acknowledged: bool,
    cancels: u64,
    replaces: Replaces,
    fill_ids: FillIds,
}

impl Order {
    /// An order of some lots, in one of its first states.
    #[inline]
    pub(super) fn new(order: NewOrder, state: OrderState) -> Self {
        Order {
            order,
            price_ticks: order.price_ticks,
            size_lots: order.size_lots,
            filled_lots: 0,
            exposure_lots: i128::from(order.size_lots),
            state,
            acknowledged: false,
            cancels: 0,
            replaces: Replaces::default(),
            fill_ids: FillIds::default(),
        }
    }

    /// Whether the order is final, so that nothing more can trade.
    #[inline]
    pub fn ended(&self) -> bool {
        self.state.is_ended()
    }

    /// Whether the venue still owes an answer: to the order itself, or to a cancel or replace.
    pub fn awaits_answer(&self) -> bool {
        if self.ended() {
            let answered = u64::from(self.state == OrderState::Cancelled);
            return self.cancels > answered || !self.replaces.is_empty();
        }
        !self.acknowledged || self.cancels != 0 || !self.replaces.is_empty()
    }

    /// Whether the venue has acknowledged it.
    pub fn acknowledged(&self) -> bool {
        self.acknowledged
    }

    /// How many cancels, and how many replaces, the venue hasn't answered.
    pub fn pending(&self) -> (u64, usize) {
        (self.cancels, self.replaces.len())
    }

    /// Whether a fill of this id was counted.
    pub fn has_fill(&self, fill_id: i64) -> bool {
        self.fill_ids.contains(fill_id)
    }

    /// Records that we approve it, send it, or lose contact. The error is the text of `OrderStateError`.
    pub(super) fn do_event(&mut self, event: LifecycleEvent) -> Result<(), String> {
        let transition = self.allowed(event)?;
        self.follow(transition);
        Ok(())
    }

    pub(super) fn request_cancel(&mut self) -> Result<(), String> {
        let transition = self.allowed(LifecycleEvent::RequestCancel)?;
        self.cancels += 1;
        self.follow(transition);
        Ok(())
    }

    pub(super) fn request_replace(&mut self, size_lots: i64) -> Result<(), String> {
        if i128::from(size_lots) <= self.filled_lots {
            return Err(format!("{}: a replace to {size_lots} lots leaves nothing", self.describe()));
        }
        let transition = self.allowed(LifecycleEvent::RequestReplace)?;
        self.replaces.push(size_lots);
        self.follow(transition);
        Ok(())
    }

    /// Applies a report of the venue.
    pub(super) fn apply(&mut self, told: &Told) -> Outcome {
        match *told {
            Told::Fill { fill_id, buy, price_ticks, size_lots, .. } => {
                self.on_fill(fill_id, buy, price_ticks, size_lots)
            }
            Told::Accepted => {
                let transition = ACCEPTED.in_state(self.state);
                self.acknowledged |= transition.next == Next::Working;
                self.follow(transition)
            }
            Told::Cancelled { remaining_lots, .. } => self.on_end(CANCELLED.in_state(self.state), remaining_lots),
            Told::Expired { remaining_lots, .. } => self.on_end(EXPIRED.in_state(self.state), remaining_lots),
            Told::Replaced { price_ticks, size_lots } => self.on_replaced(price_ticks, size_lots),
            Told::Rejected { request, .. } => self.on_rejected(request),
        }
    }

    fn on_fill(&mut self, fill_id: i64, buy: bool, price_ticks: i64, lots: i64) -> Outcome {
        if lots <= 0 || price_ticks <= 0 {
            return (false, MALFORMED);
        }
        if !self.fill_ids.insert(fill_id) {
            return (false, DUPLICATE_FILL);
        }
        if buy != self.order.buy {
            return (true, WRONG_SIDE);
        }
        let (lots, leaves_lots) = (i128::from(lots), self.leaves_lots());
        let report = if lots < leaves_lots { &FILL } else { &LAST_FILL };
        let transition = report.in_state(self.state);
        self.filled_lots += lots;
        let counts = transition.next != Next::Same;
        self.acknowledged |= counts;
        self.follow(transition);
        (true, if counts && lots > leaves_lots { OVERFILL } else { transition.discrepancy })
    }

    fn on_end(&mut self, transition: Transition, remaining_lots: i64) -> Outcome {
        let outcome = self.follow(transition);
        if transition.next != Next::Same && i128::from(remaining_lots) != self.leaves_lots() {
            return (true, REMAINING_MISMATCH);
        }
        outcome
    }

    fn on_replaced(&mut self, price_ticks: i64, size_lots: i64) -> Outcome {
        let requested = self.replaces.pop();
        if i128::from(size_lots) <= self.filled_lots || price_ticks <= 0 {
            self.expose();
            return (false, MALFORMED);
        }
        let report = if requested { &REPLACED } else { &UNREQUESTED_REPLACED };
        let transition = report.in_state(self.state);
        if transition.next == Next::Working {
            self.acknowledged = true;
            self.price_ticks = price_ticks;
            self.size_lots = size_lots;
        }
        self.follow(transition)
    }

    fn on_rejected(&mut self, request: RequestKind) -> Outcome {
        let requested = match request {
            RequestKind::New => return self.follow(REJECTED.in_state(self.state)),
            RequestKind::Cancel => {
                let requested = self.cancels != 0;
                self.cancels -= u64::from(requested);
                requested
            }
            RequestKind::Replace => self.replaces.pop(),
        };
        let report = if requested { &REQUEST_REJECTED } else { &UNREQUESTED_REJECTED };
        self.follow(report.in_state(self.state))
    }

    fn allowed(&self, event: LifecycleEvent) -> Result<Transition, String> {
        transition(event, self.state)
            .ok_or_else(|| format!("{}, which doesn't allow this: {}", self.describe(), event.name()))
    }

    fn describe(&self) -> String {
        let (order, state) = (&self.order, self.state.name());
        let (filled, size) = (self.filled_lots, self.size_lots);
        let (order_id, instrument) = (order.order_id, order.instrument);
        format!("order {order_id} (instrument {instrument}) is {state} with {filled} of {size} lots filled")
    }

    fn follow(&mut self, transition: Transition) -> Outcome {
        match transition.next {
            Next::Working => self.settle(),
            Next::State(state) => self.state = state,
            Next::Same => {}
        }
        self.expose();
        (transition.next != Next::Same || transition.discrepancy.is_empty(), transition.discrepancy)
    }

    fn settle(&mut self) {
        self.state = if !self.acknowledged {
            OrderState::InFlight
        } else if self.cancels != 0 {
            OrderState::CancelPending
        } else if !self.replaces.is_empty() {
            OrderState::ReplacePending
        } else if self.filled_lots != 0 {
            OrderState::PartiallyFilled
        } else {
            OrderState::Accepted
        };
    }

    fn leaves_lots(&self) -> i128 {
        i128::from(self.size_lots) - self.filled_lots
    }

    fn expose(&mut self) {
        if self.ended() {
            self.exposure_lots = 0;
            return;
        }
        let size_lots = self.replaces.largest().map_or(self.size_lots, |largest| largest.max(self.size_lots));
        // More can only have been filled before the order was sent.
        self.exposure_lots = (i128::from(size_lots) - self.filled_lots).max(0);
    }
}

/// The sizes of unanswered replaces, oldest first. One needs no allocation, and no room for more.
#[derive(Debug, Default)]
struct Replaces {
    first: Option<i64>,
    #[allow(clippy::box_collection, reason = "hardly an order has any, and each one pays for the room")]
    others: Option<Box<VecDeque<i64>>>,
}

impl Replaces {
    fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    fn push(&mut self, size_lots: i64) {
        match self.first {
            None => self.first = Some(size_lots),
            Some(_) => self.others.get_or_insert_default().push_back(size_lots),
        }
    }

    /// Takes the oldest; whether there was one.
    fn pop(&mut self) -> bool {
        let next = self.others.as_mut().and_then(|others| others.pop_front());
        std::mem::replace(&mut self.first, next).is_some()
    }

    fn len(&self) -> usize {
        usize::from(!self.is_empty()) + self.others.as_ref().map_or(0, |others| others.len())
    }

    fn largest(&self) -> Option<i64> {
        self.first.iter().chain(self.others.iter().flat_map(|others| others.iter())).copied().max()
    }
}

/// The venue's ids of an order's fills. A few need no allocation, and no room for more.
#[derive(Debug, Default)]
struct FillIds {
    few: [i64; 4],
    count: u8,
    others: Option<Box<FxHashSet<i64>>>,
}

impl FillIds {
    fn contains(&self, id: i64) -> bool {
        self.few().contains(&id) || self.others.as_ref().is_some_and(|others| others.contains(&id))
    }

    /// Adds an id; whether it is new.
    fn insert(&mut self, id: i64) -> bool {
        if self.few().contains(&id) {
            return false;
        }
        if let Some(place) = self.few.get_mut(usize::from(self.count)) {
            *place = id;
            self.count += 1;
            return true;
        }
        self.others.get_or_insert_default().insert(id)
    }

    fn few(&self) -> &[i64] {
        &self.few[..usize::from(self.count)]
    }
}
