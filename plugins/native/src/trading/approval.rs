//! The rules by which requests are judged. The twin is `mainspring.risk.Gate`, which explains the rules and words the refusals.

#![forbid(unsafe_code)]

use crate::lane::market::Market;
use crate::trading::gate::{Account, Asked, Check, Seen};
use crate::trading::lifecycle::OrderState;
use crate::trading::order::{NewOrder, Order, StrategyId};
use crate::trading::tracker::Tracker;

/// The order itself is wrong.
pub const INVALID_ORDER: &str = "invalid-order";

/// What a replace comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The order as it would be, with what would be left of it, or one lot if nothing would be.
    pub wanted: NewOrder,
    /// Whether nothing would be left of it.
    pub leaves_nothing: bool,
    /// What the replace gives up of the account's open lots; `None` if no check has to see it, as it adds no risk.
    pub gives_up: Option<i128>,
}

/// What risk checks read of a market.
pub fn seen(market: &Market) -> Seen {
    let Market { live, bid, ask, now_ns, bbo_time_ns, .. } = *market;
    Seen { live, bid, ask, now_ns, bbo_time_ns }
}

/// Why no slippage model prices an order in a market: see `mainspring_plugins.slippage`.
pub fn unpriced(seen: &Seen) -> Option<&'static str> {
    if !seen.live {
        return Some("book-not-live");
    }
    if seen.bid.lots <= 0 || seen.ask.lots <= 0 {
        return Some("no-mid-price");
    }
    (seen.bid.price >= seen.ask.price).then_some("book-crossed")
}

/// Whether nothing is wrong with an order itself.
pub fn is_valid(order: &NewOrder) -> bool {
    let NewOrder { limit, price_ticks, size_lots, time_in_force, post_only, expires_ns, .. } = *order;
    let terms = if limit {
        price_ticks > 0 && (time_in_force.waits() || !post_only)
    } else {
        price_ticks == 0 && !post_only && !time_in_force.ends()
    };
    size_lots > 0 && terms && time_in_force.ends() == (expires_ns > 0)
}

/// The tracked order that a request of a strategy names in an instrument, or why it can't be changed.
pub fn changeable(
    tracker: &Tracker,
    order_id: i64,
    instrument: usize,
    strategy: StrategyId,
) -> Result<&Order, &'static str> {
    let order = tracker.find(order_id).ok_or("unknown-order")?;
    if order.order.instrument != instrument || order.order.strategy != strategy {
        return Err("not-yours");
    }
    if order.ended() { Err("order-ended") } else { Ok(order) }
}

/// What a replace of an order to a price and a total size comes to; `None` if what would be left exceeds 64 bits.
pub fn replacement(order: &Order, price_ticks: i64, size_lots: i64) -> Option<Replacement> {
    let leaves = i128::from(order.size_lots) - order.filled_lots;
    let new_leaves = i128::from(size_lots) - order.filled_lots;
    let settled = matches!(order.state, OrderState::Accepted | OrderState::PartiallyFilled);
    let adds = !settled || price_ticks != order.price_ticks || new_leaves > leaves;
    let size_lots = i64::try_from(new_leaves.max(1)).ok()?;
    let wanted = NewOrder { price_ticks, size_lots, ..order.order };
    Some(Replacement { wanted, leaves_nothing: new_leaves <= 0, gives_up: adds.then_some(leaves) })
}

/// Which check refuses an order, if one does; `gives_up` is what a replace gives up of the account's open lots, 0 for a new order.
///
pub fn refusal(
    tracker: &Tracker,
    checks: &[Check],
    order: &NewOrder,
    seen: &Seen,
    position_lots: i128,
    gives_up: i128,
    asked: Asked<'_>,
) -> Option<&'static str> {
    let (buy, sell) = tracker.open_lots(order.instrument);
    let account = Account {
        position_lots,
        open_buy_lots: buy - if order.buy { gives_up } else { 0 },
        open_sell_lots: sell - if order.buy { 0 } else { gives_up },
    };
    let open = || (gives_up == 0).then(|| tracker.count_open(order.instrument));
    checks.iter().find(|check| !check.passes(order, seen, &account, asked, open)).map(Check::name)
}
