//! What risk checks have counted, as a fused run asks it about orders and tells it of requests and reports.

use pyo3::prelude::*;

use crate::python::heard::{CancelCounts, ChangesUnderWay, ExecutionCounts, RateCounts, SentOrders};
use crate::python::listeners::Judged;
use crate::python::loss_marks::LossMarks;
use crate::trading::gate::Account;
use crate::trading::heard::{self, Key};
use crate::trading::lifecycle::OrderState;
use crate::trading::order::{NewOrder, Order, RequestKind, Told};
use crate::trading::tracker::Tracker;

/// What a check has counted, with its limits.
pub enum Ear {
    Rate { counts: Py<RateCounts>, venue: i64, new: i64, replace: i64, cancel: i64 },
    Loss { marks: Py<LossMarks>, currency: String, alone: bool },
    Executions { counts: Py<ExecutionCounts>, window_ns: i64, limit: i64 },
    Duplicate { sent: Py<SentOrders>, window_ns: i64 },
    Cancels { counts: Py<CancelCounts>, after: i64, cancels_for: i64, fills_for: i64 },
    SelfTrade { changes: Py<ChangesUnderWay> },
}

/// A request on its way.
pub struct ToldSent<'a> {
    pub kind: RequestKind,
    pub order_id: i64,
    /// The order, if it is a new one.
    pub order: Option<&'a NewOrder>,
    /// The price and total size, if it is a replace.
    pub change: Option<(i64, i64)>,
    pub strategy: &'a str,
    pub now_ns: i64,
}

/// A report of an order.
pub struct Report<'a> {
    pub order_id: i64,
    pub what: &'a Told,
    /// Whose order it is: nobody's if it isn't known.
    pub strategy: &'a str,
    /// Whether the order is known and goes on.
    pub goes_on: bool,
    pub now_ns: i64,
}

impl Ear {
    /// Whether an order passes; the losses are for `Listeners`, which know what was made.
    pub fn passes(&self, py: Python<'_>, order: &NewOrder, account: &Account, judged: &Judged<'_>) -> bool {
        let Judged { tracker, seen, strategy, total, .. } = *judged;
        let changed = total.is_some();
        match self {
            Ear::Rate { counts, venue, new, replace, .. } => {
                let weight = if changed { *replace } else { *new };
                counts.get().counts.with(py, |counts| counts.above(*venue, seen.now_ns, weight)).is_none()
            }
            Ear::Executions { counts, .. } => {
                counts.get().counts.with(py, |counts| !counts.stopped || counts.stop_of(strategy).is_none())
            }
            Ear::Duplicate { sent, window_ns } => {
                let last_ns = sent.get().sent.with(py, |sent| {
                    let NewOrder { order_id, buy: buys, price_ticks, size_lots, .. } = *order;
                    let key = match total {
                        Some(size_lots) => Key::Change { order_id, price_ticks, size_lots },
                        None => Key::Order { strategy: sent.strategy(strategy), buys, price_ticks, size_lots },
                    };
                    sent.last_ns(&key)
                });
                last_ns.is_none_or(|last_ns| seen.now_ns.saturating_sub(last_ns) >= *window_ns)
            }
            Ear::Cancels { counts, after, cancels_for, fills_for } => {
                let within =
                    |counts: &mut heard::CancelCounts| counts.lets_pass(seen.now_ns, *after, *cancels_for, *fills_for);
                counts.get().counts.with(py, within) || changed
            }
            Ear::SelfTrade { changes } => {
                let other = if order.buy { account.open_sell_lots } else { account.open_buy_lots };
                other == 0 || !meets_own(py, changes, tracker, order)
            }
            Ear::Loss { .. } => false,
        }
    }

    /// Hears of a request that is sent.
    pub fn sent(&self, py: Python<'_>, sent: &ToldSent<'_>) {
        let now_ns = sent.now_ns;
        match self {
            Ear::Rate { counts, venue, new, replace, cancel } => {
                let weight = match sent.kind {
                    RequestKind::New => *new,
                    RequestKind::Replace => *replace,
                    RequestKind::Cancel => *cancel,
                };
                counts.get().counts.with(py, |counts| counts.add(*venue, now_ns, weight));
            }
            Ear::Duplicate { sent: known, window_ns } => known.get().sent.with(py, |known| {
                let key = match (sent.order, sent.change) {
                    (Some(&NewOrder { buy: buys, price_ticks, size_lots, .. }), _) => {
                        Key::Order { strategy: known.strategy(sent.strategy), buys, price_ticks, size_lots }
                    }
                    (None, Some((price_ticks, size_lots))) => {
                        Key::Change { order_id: sent.order_id, price_ticks, size_lots }
                    }
                    (None, None) => return,
                };
                known.add(key, now_ns, *window_ns);
            }),
            Ear::Cancels { counts, .. } => {
                if sent.kind == RequestKind::Cancel {
                    counts.get().counts.with(py, |counts| counts.add_cancel(now_ns));
                }
            }
            Ear::SelfTrade { changes } => {
                if let Some((price_ticks, _)) = sent.change {
                    changes.get().changes.with(py, |changes| changes.add(sent.order_id, price_ticks));
                }
            }
            Ear::Loss { .. } | Ear::Executions { .. } => {}
        }
    }

    /// Hears of a report.
    pub fn reported(&self, py: Python<'_>, report: &Report<'_>) {
        let now_ns = report.now_ns;
        match (self, report.what) {
            (Ear::Executions { counts, window_ns, limit }, Told::Fill { buy, .. }) => {
                counts.get().counts.with(py, |counts| counts.add(report.strategy, *buy, now_ns, *window_ns, *limit));
            }
            (Ear::Cancels { counts, .. }, Told::Fill { .. }) => {
                counts.get().counts.with(py, |counts| counts.add_fill(now_ns));
            }
            (Ear::SelfTrade { changes }, what) => {
                let answered = match what {
                    Told::Replaced { .. } => true,
                    Told::Rejected { request, .. } => *request == RequestKind::Replace,
                    _ => false,
                };
                changes.get().changes.with(py, |changes| changes.hear(report.order_id, answered, !report.goes_on));
            }
            _ => {}
        }
    }
}

/// Whether an order could trade with another of ours: see `mainspring_plugins.risk.self_trade`.
fn meets_own(py: Python<'_>, changes: &Py<ChangesUnderWay>, tracker: &Tracker, order: &NewOrder) -> bool {
    let crosses = |price: &i64| if order.buy { order.price_ticks >= *price } else { order.price_ticks <= *price };
    changes.get().changes.with(py, |changes| {
        let meets = |one: &Order| {
            // It may be at the price of each change that is under way.
            !order.limit
                || one.state == OrderState::Unknown
                || crosses(&one.price_ticks)
                || changes.of(one.order.order_id).iter().any(crosses)
        };
        tracker
            .all_open()
            .filter(|one| one.order.instrument == order.instrument && one.order.order_id != order.order_id)
            .filter(|one| one.order.buy != order.buy && one.order.limit && one.order.time_in_force.waits())
            .any(meets)
    })
}
