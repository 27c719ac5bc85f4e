//! The built-in risk checks. The twins are the modules of `mainspring_plugins.risk` with the checks' names, which explain the rules.
//!
//! In a session a check here only lets an order pass, or leaves it to its twin, which words the refusal. In research it refuses
//! by its name.

#![forbid(unsafe_code)]

use ethnum::I256;

use crate::book::{Level, Walk};
use crate::trading::order::NewOrder;

/// A check with its limit in whole units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the attributes of the twins")]
pub enum Check {
    MaxOrderSize {
        max_lots: i128,
    },
    MaxOrderNotional {
        priced: bool,
        max_units: i128,
    },
    MaxPosition {
        max_lots: i128,
    },
    MaxPositionValue {
        priced: bool,
        max_units: i128,
    },
    CollarBps {
        numerator: i128,
        base: i128,
        passive: Option<(i128, i128)>,
    },
    MaxBookAgeMs {
        max_ns: i128,
    },
    RestrictedInstruments {
        restricted: bool,
    },
    AllowedInstruments {
        allowed: bool,
    },
    ReduceOnly {
        applies: bool,
    },
    MaxGrossExposure {
        max_units: i128,
    },
    MaxNetExposure {
        max_units: i128,
    },
    MaxOpenOrders {
        limit: i128,
    },
    TradingHours {
        begin_ns: i128,
        length_ns: i128,
        daily: bool,
    },
    VenueConnected {
        connected: bool,
    },
    MaxFeedLagMs {
        within: bool,
        valid_until_ns: i128,
    },
    MaxClockSkewMs {
        within: bool,
        valid_until_ns: i128,
    },
    BuyingPower {
        margin: i128,
        margin_of: i128,
        capital: I256,
    },
    MaxSlippageBps {
        max_bps_bits: u64,
    },
    /// One that has counted something, or looks at more than figures say: what runs the gate decides, by its place there.
    Outside {
        at: usize,
    },
}

const PPB: i128 = 1_000_000_000;
/// How many figures describe a check.
pub const FIGURES: usize = 4;
/// The bits of a check's figure.
const FIGURE_BITS: u32 = 62;
const DAY_NS: i128 = 24 * 3_600 * 1_000_000_000;

/// The product, if it fits. Factors of 64 bits, as most are, take one multiplication.
#[inline]
fn product(one: i128, other: i128) -> Option<i128> {
    match (i64::try_from(one), i64::try_from(other)) {
        (Ok(one), Ok(other)) => Some(i128::from(one) * i128::from(other)),
        _ => one.checked_mul(other),
    }
}

/// What checks read of a market.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Whether its prices can be trusted.
    pub live: bool,
    /// The best bid.
    pub bid: Level,
    /// The best offer.
    pub ask: Level,
    /// The market's time.
    pub now_ns: i64,
    /// When the best prices came.
    pub bbo_time_ns: i64,
}

/// What checks read of an account.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// The position.
    pub position_lots: i128,
    /// What may still be bought by open orders.
    pub open_buy_lots: i128,
    /// What may still be sold by open orders.
    pub open_sell_lots: i128,
}

/// What checks read besides, if they do.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// What an order that takes more than the best price has would meet in the book; where it is `None`, a check that doesn't pass
    /// is no refusal: the twin decides.
    pub walk: &'a dyn Fn(&NewOrder) -> Option<Walk>,
    /// What was made in the instrument, after fees and funding, in billionths of a value unit; `None` if that isn't known.
    pub profit_ppb: &'a dyn Fn() -> Option<I256>,
    /// What the order is expected to cost, in basis points of the mid; `None` if nothing says.
    pub cost_bps: Option<f64>,
    /// Whether the check at a place that is decided outside lets an order pass, with that account.
    pub outside: &'a dyn Fn(usize, &NewOrder, &Account) -> bool,
}

impl Check {
    /// A check by its name and figures, as `mainspring_native.checks` describes it; `None` for a name that isn't known.
    pub fn described(name: &str, figures: [i64; FIGURES]) -> Option<Check> {
        let [first, second, third, fourth] = figures.map(i128::from);
        Some(match name {
            "max_order_size" => Check::MaxOrderSize { max_lots: first },
            "max_order_notional" => Check::MaxOrderNotional { priced: first != 0, max_units: second },
            "max_position" if third != 0 => Check::MaxPositionValue { priced: first != 0, max_units: second },
            "max_position" => Check::MaxPosition { max_lots: first },
            "max_book_age_ms" => Check::MaxBookAgeMs { max_ns: first },
            "restricted_instruments" => Check::RestrictedInstruments { restricted: first != 0 },
            "allowed_instruments" => Check::AllowedInstruments { allowed: first != 0 },
            "reduce_only" => Check::ReduceOnly { applies: first != 0 },
            "max_gross_exposure" => Check::MaxGrossExposure { max_units: first },
            "max_net_exposure" => Check::MaxNetExposure { max_units: first },
            "max_open_orders" => Check::MaxOpenOrders { limit: first },
            "trading_hours" => Check::TradingHours { begin_ns: first, length_ns: second, daily: third != 0 },
            "venue_connected" => Check::VenueConnected { connected: first != 0 },
            "max_feed_lag_ms" => Check::MaxFeedLagMs { within: first != 0, valid_until_ns: second },
            "max_clock_skew_ms" => Check::MaxClockSkewMs { within: first != 0, valid_until_ns: second },
            // What doesn't fit one figure has two.
            "buying_power" => {
                let capital = (I256::new(third) << FIGURE_BITS) + I256::new(fourth);
                Check::BuyingPower { margin: first, margin_of: second, capital }
            }
            "max_slippage_bps" => Check::MaxSlippageBps { max_bps_bits: ((first << 32) | second) as u64 },
            "collar_bps" => {
                let passive = (third >= 0).then_some((third, fourth));
                Check::CollarBps { numerator: first, base: second, passive }
            }
            _ => return None,
        })
    }

    /// The check's name: the reason of its refusals.
    pub fn name(&self) -> &'static str {
        match self {
            Check::MaxOrderSize { .. } => "max_order_size",
            Check::MaxOrderNotional { .. } => "max_order_notional",
            Check::MaxPosition { .. } | Check::MaxPositionValue { .. } => "max_position",
            Check::CollarBps { .. } => "collar_bps",
            Check::MaxBookAgeMs { .. } => "max_book_age_ms",
            Check::RestrictedInstruments { .. } => "restricted_instruments",
            Check::AllowedInstruments { .. } => "allowed_instruments",
            Check::ReduceOnly { .. } => "reduce_only",
            Check::MaxGrossExposure { .. } => "max_gross_exposure",
            Check::MaxNetExposure { .. } => "max_net_exposure",
            Check::MaxOpenOrders { .. } => "max_open_orders",
            Check::TradingHours { .. } => "trading_hours",
            Check::VenueConnected { .. } => "venue_connected",
            Check::MaxFeedLagMs { .. } => "max_feed_lag_ms",
            Check::MaxClockSkewMs { .. } => "max_clock_skew_ms",
            Check::BuyingPower { .. } => "buying_power",
            Check::MaxSlippageBps { .. } => "max_slippage_bps",
            Check::Outside { .. } => "outside",
        }
    }

    /// Whether the order passes. `open` counts the open orders of its instrument, `None` if it is a change of one.
    pub fn passes(
        &self,
        order: &NewOrder,
        seen: &Seen,
        account: &Account,
        asked: Asked<'_>,
        open: impl FnOnce() -> Option<usize>,
    ) -> bool {
        let lots = i128::from(order.size_lots);
        let (bid, ask) = (seen.bid, seen.ask);
        let far = if order.buy { ask } else { bid };
        let at_touch = order.limit || order.size_lots <= far.lots;
        let price = i128::from(if order.limit { order.price_ticks } else { far.price });
        match *self {
            Check::MaxOrderSize { max_lots } => lots <= max_lots,
            Check::MaxOrderNotional { priced: false, max_units } => lots <= max_units,
            Check::MaxOrderNotional { priced: true, max_units } => {
                if !order.limit && (!seen.live || far.lots <= 0) {
                    return false;
                }
                // A sale is worth the best bid where that is more than its limit.
                let better = !order.buy && bid.lots != 0;
                let price = if better { price.max(i128::from(bid.price)) } else { price };
                let Some(at_best) = product(price, lots) else { return false };
                if at_touch {
                    return at_best <= max_units;
                }
                // Size beyond the book is valued at its last level.
                (asked.walk)(order).is_some_and(|met| {
                    let beyond = product(met.unfilled.into(), met.worst.into());
                    let along = beyond.and_then(|units| units.checked_add(met.cost));
                    along.is_some_and(|units| units.max(at_best) <= max_units)
                })
            }
            Check::MaxPosition { max_lots } => stakes(account, order.buy, lots).0 <= max_lots,
            Check::MaxPositionValue { priced, max_units } => {
                let worst = stakes(account, order.buy, lots).0;
                if worst <= 0 || !priced {
                    return worst <= max_units;
                }
                if !order.limit && (!seen.live || far.lots <= 0) {
                    return false;
                }
                let better = !order.buy && order.limit && bid.lots != 0;
                let price = if better { price.max(i128::from(bid.price)) } else { price };
                price > 0 && price.checked_mul(worst).is_some_and(|units| units <= max_units)
            }
            Check::CollarBps { numerator, base, passive } => {
                if !(seen.live && bid.lots != 0 && ask.lots != 0 && bid.price < ask.price) {
                    return false;
                }
                let price = if at_touch {
                    price
                } else {
                    match (asked.walk)(order) {
                        Some(met) if met.unfilled == 0 && order.buy => price.max(met.worst.into()),
                        Some(met) if met.unfilled == 0 => price.min(met.worst.into()),
                        _ => return false,
                    }
                };
                let mid = i128::from(bid.price) + i128::from(ask.price);
                let beyond = (2 * price - mid) * if order.buy { 1 } else { -1 };
                let within = |distance: i128, numerator: i128, base: i128| match (
                    product(distance, base),
                    product(mid, numerator),
                ) {
                    (Some(distance), Some(limit)) => distance <= limit,
                    _ => false,
                };
                within(beyond, numerator, base)
                    && passive.is_none_or(|(numerator, base)| within(-beyond, numerator, base))
            }
            Check::MaxBookAgeMs { max_ns } => {
                let age_ns = i128::from(seen.now_ns) - i128::from(seen.bbo_time_ns);
                let market = seen.live && bid.lots != 0 && ask.lots != 0 && bid.price < ask.price;
                market && (0..=max_ns).contains(&age_ns)
            }
            Check::RestrictedInstruments { restricted } => !restricted,
            Check::AllowedInstruments { allowed } => allowed,
            Check::ReduceOnly { applies: false } => true,
            Check::ReduceOnly { applies: true } if order.buy => {
                account.position_lots + account.open_buy_lots + lots <= 0
            }
            Check::ReduceOnly { applies: true } => account.position_lots - account.open_sell_lots - lots >= 0,
            Check::MaxGrossExposure { max_units } => {
                let (after, other) = stakes(account, order.buy, lots);
                after <= other || is_worth_at_most(after, seen, max_units)
            }
            Check::MaxNetExposure { max_units } => {
                is_worth_at_most(stakes(account, order.buy, lots).0, seen, max_units)
            }
            Check::MaxOpenOrders { limit } => open().is_none_or(|count| (count as i128) < limit),
            Check::TradingHours { begin_ns, length_ns, daily } => {
                let since_ns = i128::from(seen.now_ns) - begin_ns;
                let since_ns = if daily { since_ns.rem_euclid(DAY_NS) } else { since_ns };
                (0..length_ns).contains(&since_ns)
            }
            Check::VenueConnected { connected } => connected,
            Check::MaxFeedLagMs { within, valid_until_ns } | Check::MaxClockSkewMs { within, valid_until_ns } => {
                within && i128::from(seen.now_ns) <= valid_until_ns
            }
            Check::BuyingPower { margin, margin_of, capital } => {
                let (after, other) = stakes(account, order.buy, lots);
                let covered = || {
                    let limit = if order.limit { 2 * i128::from(order.price_ticks) } else { i128::MIN };
                    let half_ticks = mid_half_ticks(seen)?.max(limit);
                    let worth = I256::new(after).checked_mul(I256::new(half_ticks))?.checked_mul(I256::new(PPB))?;
                    let needed = worth.checked_mul(I256::new(margin))?;
                    let profit = (asked.profit_ppb)()?.checked_mul(I256::new(2 * margin_of))?;
                    Some(needed <= capital.checked_add(profit)?)
                };
                after <= other || covered() == Some(true)
            }
            // An estimate that isn't a number isn't within the limit.
            Check::MaxSlippageBps { max_bps_bits } => {
                asked.cost_bps.is_some_and(|cost_bps| cost_bps <= f64::from_bits(max_bps_bits))
            }
            Check::Outside { at } => (asked.outside)(at, order, account),
        }
    }
}

/// How long or short the position could become on an order's side with it, and on the other side.
pub fn stakes(account: &Account, buy: bool, lots: i128) -> (i128, i128) {
    let longest = account.position_lots + account.open_buy_lots;
    let shortest = account.open_sell_lots - account.position_lots;
    if buy { (longest + lots, shortest) } else { (shortest + lots, longest) }
}

/// Whether lots are worth at most that much at the mid, in lots times half ticks. Without a mid they aren't, unless there are none.
fn is_worth_at_most(lots: i128, seen: &Seen, max_units: i128) -> bool {
    lots == 0 || mid_half_ticks(seen).and_then(|mid| lots.checked_mul(mid)).is_some_and(|units| units <= max_units)
}

/// Twice the mid in ticks; `None` where there is no market to take it from.
pub fn mid_half_ticks(seen: &Seen) -> Option<i128> {
    let Seen { live, bid, ask, .. } = *seen;
    (live && bid.lots != 0 && ask.lots != 0 && bid.price < ask.price)
        .then(|| i128::from(bid.price) + i128::from(ask.price))
}
