//! The order manager: judges what strategies ask for, tracks what it approves, and takes what venues report. The twins are
//! `mainspring.lane.OrderManager` and `mainspring.risk.Gate`, which explain the rules and word the refusals.
//!
//! The session or the replay kernel that runs it writes its own log and passes on what was approved.

#![forbid(unsafe_code)]

use crate::trading::approval::{INVALID_ORDER, Replacement, changeable, is_valid, replacement};
use crate::trading::discrepancy::Discrepancy;
use crate::trading::order::{Event, NewOrder, RequestKind, StrategyId};
use crate::trading::tracker::{Applied, Tracker};
use crate::venue::Sent;
use crate::venue::orders::Order;

/// What a strategy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A new order.
    New(NewOrder),
    /// A change of an order of its own.
    Change {
        /// The order's id.
        order_id: i64,
        /// The index of the instrument that it is asked in.
        instrument: usize,
        /// The strategy that asks.
        strategy: StrategyId,
        /// What becomes of the order.
        change: Change,
    },
}

/// What is asked of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its end.
    Cancel,
    /// Another price and total size.
    Replace(i64, i64),
}

/// An approved request. The order manager has tracked it.
#[derive(Clone, Copy, Debug)]
pub enum Approved<E> {
    /// A new order, with what it is expected to cost.
    New(NewOrder, E),
    /// A cancel.
    Cancel,
    /// A replace: the order as it will be, with what will be left of it, and what that is expected to cost.
    Replace(NewOrder, E),
}

/// Why a request wasn't approved. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// By a rule, of which this is the code.
    For(&'static str),
    /// The tracker can't take it: this is the text of `OrderStateError`.
    Untracked(String),
}

/// What judges orders where an order manager runs.
pub trait Desk {
    /// What an order is expected to cost.
    type Estimate;

    /// Prices an order in its market, which goes on to that time; or says why it can't be priced.
    fn estimate(&mut self, order: &NewOrder, now_ns: i64) -> Result<Self::Estimate, &'static str>;

    /// Why the checks of its instrument don't let an order pass that was priced; `None` if they do. `gives_up` is what a replace
    /// gives up of the account's open lots, 0 for a new order.
    fn refusal(&mut self, tracker: &Tracker, order: &NewOrder, gives_up: i128) -> Option<&'static str>;
}

impl Asked {
    /// What kind of request it is.
    pub fn kind(&self) -> RequestKind {
        match self {
            Asked::New(_) => RequestKind::New,
            Asked::Change { change: Change::Cancel, .. } => RequestKind::Cancel,
            Asked::Change { change: Change::Replace(..), .. } => RequestKind::Replace,
        }
    }

    /// The id of the order.
    pub fn order_id(&self) -> i64 {
        match *self {
            Asked::New(NewOrder { order_id, .. }) | Asked::Change { order_id, .. } => order_id,
        }
    }

    /// The index of the instrument.
    pub fn instrument(&self) -> usize {
        match *self {
            Asked::New(NewOrder { instrument, .. }) | Asked::Change { instrument, .. } => instrument,
        }
    }

    /// The total size that an order is to be changed to.
    pub fn total(&self) -> Option<i64> {
        match *self {
            Asked::Change { change: Change::Replace(_, size_lots), .. } => Some(size_lots),
            _ => None,
        }
    }

    /// The request as it goes to a venue that has the instrument at this place.
    pub fn sent(&self, place: usize) -> Sent {
        match self {
            Asked::New(order) => Sent::New(Order::of(order, place)),
            Asked::Change { order_id, change: Change::Cancel, .. } => Sent::Cancel(*order_id, place),
            Asked::Change { order_id, change: Change::Replace(price_ticks, size_lots), .. } => {
                Sent::Replace(*order_id, place, *price_ticks, *size_lots)
            }
        }
    }
}

/// Decides on a request, and tracks it if it is approved.
#[inline]
pub fn decide<D: Desk>(
    tracker: &mut Tracker,
    asked: &Asked,
    now_ns: i64,
    desk: &mut D,
) -> Result<Approved<D::Estimate>, Refused> {
    match *asked {
        Asked::New(order) => submit(tracker, &order, now_ns, desk),
        Asked::Change { order_id, instrument, strategy, change: Change::Cancel } => {
            changeable(tracker, order_id, instrument, strategy).map_err(Refused::For)?;
            tracker.request_cancel(order_id, now_ns).map_err(Refused::Untracked)?;
            Ok(Approved::Cancel)
        }
        Asked::Change { order_id, instrument, strategy, change: Change::Replace(price_ticks, size_lots) } => {
            let order = changeable(tracker, order_id, instrument, strategy).map_err(Refused::For)?;
            let changed = replacement(order, price_ticks, size_lots).ok_or(Refused::For(INVALID_ORDER))?;
            replace(tracker, &changed, (price_ticks, size_lots), now_ns, desk)
        }
    }
}

#[inline]
fn submit<D: Desk>(
    tracker: &mut Tracker,
    order: &NewOrder,
    now_ns: i64,
    desk: &mut D,
) -> Result<Approved<D::Estimate>, Refused> {
    let estimate = desk.estimate(order, now_ns).map_err(Refused::For)?;
    judge(tracker, order, 0, desk)?;
    tracker.add_sent(*order, now_ns).map_err(Refused::Untracked)?;
    Ok(Approved::New(*order, estimate))
}

fn replace<D: Desk>(
    tracker: &mut Tracker,
    changed: &Replacement,
    (price_ticks, size_lots): (i64, i64),
    now_ns: i64,
    desk: &mut D,
) -> Result<Approved<D::Estimate>, Refused> {
    let Replacement { wanted, leaves_nothing, gives_up } = changed;
    // The model sees the order first, whatever its size.
    let estimate = desk.estimate(wanted, now_ns).map_err(Refused::For)?;
    if *leaves_nothing {
        return Err(Refused::For(INVALID_ORDER));
    }
    if let Some(gives_up) = gives_up {
        judge(tracker, wanted, *gives_up, desk)?;
    }
    tracker.request_replace(wanted.order_id, price_ticks, size_lots, now_ns).map_err(Refused::Untracked)?;
    Ok(Approved::Replace(*wanted, estimate))
}

/// The gate: the order itself, what stops its instrument, and the checks.
#[inline]
fn judge<D: Desk>(tracker: &Tracker, order: &NewOrder, gives_up: i128, desk: &mut D) -> Result<(), Refused> {
    let stopped = || tracker.stop(order.instrument).map(|(reason, _)| reason);
    let reason = if is_valid(order) {
        stopped().or_else(|| desk.refusal(tracker, order, gives_up))
    } else {
        Some(INVALID_ORDER)
    };
    reason.map_or(Ok(()), |reason| Err(Refused::For(reason)))
}

/// What a report of a venue led to.
#[derive(Debug)]
pub struct Reported {
    /// Whose order it was, if it was news of one of ours.
    pub applied: Option<Applied>,
    /// Whose position it moves, if it was a fill that counts.
    pub moved: Option<StrategyId>,
    /// What it contradicts of what is known.
    pub discrepancies: Vec<Discrepancy>,
}

/// Takes a venue's word on an order.
#[inline]
pub fn report(tracker: &mut Tracker, event: &Event, now_ns: i64) -> Reported {
    let applied = tracker.apply(event, now_ns);
    let moved = tracker.take_fills().next();
    Reported { applied, moved, discrepancies: tracker.take_discrepancies() }
}
