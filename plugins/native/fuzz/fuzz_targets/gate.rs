#![no_main]
//! Orders at the built-in risk checks, of any size and price in any market: nothing panics, and what a check lets pass is within its
//! limit by a sum of 256 bits.

use ethnum::I256;
use libfuzzer_sys::fuzz_target;
use mainspring_native::book::any::{AnyBook, STRUCTURES};
use mainspring_native::book::{Book, Level, Side};
use mainspring_native::trading::gate::{Account, Asked, Check, Seen};
use mainspring_native::trading::order::NewOrder;
use mainspring_native::venue::orders::TimeInForce;

/// Numbers of 64 bits and their neighbourhoods, and the small ones of a market.
fn number(bytes: &mut &[u8]) -> i64 {
    let Some((&first, rest)) = bytes.split_first() else { return 1 };
    *bytes = rest;
    match first {
        255 => i64::MAX,
        254 => i64::MIN,
        253 => 1 << 62,
        252 => -1,
        200..=251 => {
            let Some((eight, rest)) = bytes.split_first_chunk::<8>() else { return 0 };
            *bytes = rest;
            i64::from_le_bytes(*eight)
        }
        _ => i64::from(first),
    }
}

/// A product of two numbers of 128 bits, as (high, low) with the sign in the high part: comparable as pairs.
fn wide(a: i128, b: i128) -> (i128, u128) {
    let (x, y) = (a.unsigned_abs(), b.unsigned_abs());
    let [(x1, x0), (y1, y0)] = [x, y].map(|one| (one >> 64, one & u128::from(u64::MAX)));
    let (low, cross) = (x0 * y0, x1 * y0 + (x0 * y0 >> 64));
    let middle = x0 * y1 + (cross & u128::from(u64::MAX));
    let high = x1 * y1 + (cross >> 64) + (middle >> 64);
    let low = middle << 64 | low & u128::from(u64::MAX);
    if (a < 0) == (b < 0) || (high == 0 && low == 0) {
        return (high as i128, low);
    }
    let (low, borrow) = (!low).overflowing_add(1);
    ((!high).wrapping_add(u128::from(borrow)) as i128, low)
}

/// A market order's worst price and whole cost along levels, best first; `None` if they are too few.
struct Along {
    filled: i128,
    cost: i128,
    worst: i128,
}

fn along(levels: &[(i64, i64)], lots: i128) -> Along {
    let mut met = Along { filled: 0, cost: 0, worst: 0 };
    for &(price, size) in levels {
        if met.filled == lots {
            break;
        }
        let taken = i128::from(size).min(lots - met.filled);
        met.filled += taken;
        met.cost += taken * i128::from(price);
        met.worst = price.into();
    }
    met
}

/// The position if all open orders of the order's side fill.
fn worst(order: &NewOrder, account: &Account) -> i128 {
    let (held, open) = if order.buy {
        (account.position_lots, account.open_buy_lots)
    } else {
        (-account.position_lots, account.open_sell_lots)
    };
    held + open + i128::from(order.size_lots)
}

/// Whether the order is within the limit: the rules of the checks' twins, in words of their own.
fn within(check: &Check, order: &NewOrder, seen: &Seen, account: &Account, far: &[(i64, i64)], changed: bool) -> bool {
    let lots = i128::from(order.size_lots);
    let (bid, ask) = (seen.bid, seen.ask);
    let sided = bid.lots != 0 && ask.lots != 0 && bid.price < ask.price;
    let touch = if order.buy { ask } else { bid };
    let market_lots = (!order.limit && order.size_lots > touch.lots).then(|| along(far, lots));
    let worse = |a: i128, b: i128| if order.buy { a.max(b) } else { a.min(b) };
    match *check {
        Check::MaxOrderSize { max_lots } => lots <= max_lots,
        Check::MaxOrderNotional { priced: false, max_units } => lots <= max_units,
        Check::MaxOrderNotional { priced: true, max_units } if order.limit => {
            let price = if !order.buy && bid.lots != 0 { order.price_ticks.max(bid.price) } else { order.price_ticks };
            wide(price.into(), lots) <= wide(max_units, 1)
        }
        Check::MaxOrderNotional { priced: true, max_units } => {
            let beyond = market_lots.is_none_or(|met| {
                wide(met.worst, lots - met.filled) <= wide(max_units - met.cost.min(max_units), 1)
                    && met.cost <= max_units
            });
            seen.live && touch.lots > 0 && wide(touch.price.into(), lots) <= wide(max_units, 1) && beyond
        }
        Check::MaxPosition { max_lots } => worst(order, account) <= max_lots,
        Check::MaxPositionValue { priced: false, max_units } => worst(order, account) <= max_units,
        Check::MaxPositionValue { priced: true, max_units } => {
            let price = match order.limit {
                true if !order.buy && bid.lots != 0 => order.price_ticks.max(bid.price),
                true => order.price_ticks,
                false => touch.price,
            };
            let known = price > 0 && (order.limit || (seen.live && touch.lots > 0));
            let worst = worst(order, account);
            worst <= 0 || (known && wide(price.into(), worst) <= wide(max_units, 1))
        }
        Check::CollarBps { numerator, base, passive } => {
            if !seen.live || !sided || market_lots.as_ref().is_some_and(|met| met.filled < lots) {
                return false;
            }
            let price = match market_lots {
                Some(met) => worse(touch.price.into(), met.worst),
                None => i128::from(if order.limit { order.price_ticks } else { touch.price }),
            };
            let mid = i128::from(bid.price) + i128::from(ask.price);
            let beyond = if order.buy { 2 * price - mid } else { mid - 2 * price };
            wide(beyond, base) <= wide(mid, numerator)
                && passive.is_none_or(|(numerator, base)| wide(-beyond, base) <= wide(mid, numerator))
        }
        Check::MaxBookAgeMs { max_ns } => {
            let age_ns = i128::from(seen.now_ns) - i128::from(seen.bbo_time_ns);
            seen.live && sided && age_ns >= 0 && age_ns <= max_ns
        }
        Check::RestrictedInstruments { restricted } => !restricted,
        Check::AllowedInstruments { allowed } => allowed,
        Check::ReduceOnly { applies } => {
            let (held, open) = if order.buy {
                (-account.position_lots, account.open_buy_lots)
            } else {
                (account.position_lots, account.open_sell_lots)
            };
            !applies || open + lots <= held
        }
        Check::MaxGrossExposure { max_units } => {
            let (now, other) =
                (worst(order, account), worst(&NewOrder { buy: !order.buy, size_lots: 0, ..*order }, account));
            now <= other || worth(now, seen, sided, max_units)
        }
        Check::MaxNetExposure { max_units } => worth(worst(order, account), seen, sided, max_units),
        Check::MaxOpenOrders { limit } => changed || limit > OPEN as i128,
        Check::TradingHours { begin_ns, length_ns, daily: false } => {
            let now_ns = i128::from(seen.now_ns);
            begin_ns <= now_ns && now_ns < begin_ns + length_ns
        }
        Check::TradingHours { begin_ns, length_ns, daily: true } => {
            let of_day = |ns: i128| ((ns % DAY_NS) + DAY_NS) % DAY_NS;
            of_day(of_day(seen.now_ns.into()) - of_day(begin_ns)) < length_ns
        }
        Check::VenueConnected { connected } => connected,
        Check::MaxFeedLagMs { within, valid_until_ns } | Check::MaxClockSkewMs { within, valid_until_ns } => {
            within && valid_until_ns >= i128::from(seen.now_ns)
        }
        Check::BuyingPower { margin, margin_of, capital } => {
            let (now, other) =
                (worst(order, account), worst(&NewOrder { buy: !order.buy, size_lots: 0, ..*order }, account));
            let mid = i128::from(seen.bid.price) + i128::from(seen.ask.price);
            let own = 2 * i128::from(order.price_ticks);
            let half_ticks = if order.limit && own > mid { own } else { mid };
            let left = capital + I256::new(margin_of) * 2 * I256::new(PROFIT_PPB)
                - I256::new(half_ticks) * I256::new(1_000_000_000) * I256::new(margin) * I256::new(now);
            now <= other || (seen.live && sided && left >= 0)
        }
        Check::MaxSlippageBps { max_bps_bits } => f64::from_bits(max_bps_bits) >= COST_BPS,
        Check::Outside { at } => at % 2 == 0 && order.limit,
    }
}

/// What was made in the instrument, and what an order costs.
const PROFIT_PPB: i128 = -3_000_000_001;
const COST_BPS: f64 = 1.5;

const DAY_NS: i128 = 86_400_000_000_000;

/// How many orders are open in the instrument.
const OPEN: usize = 3;

/// Whether lots are worth at most so much at the mid, in half ticks times lots.
fn worth(lots: i128, seen: &Seen, sided: bool, max_units: i128) -> bool {
    let mid = i128::from(seen.bid.price) + i128::from(seen.ask.price);
    lots == 0 || (seen.live && sided && wide(lots, mid) <= wide(max_units, 1))
}

fuzz_target!(|data: &[u8]| {
    let Some((head, mut bytes)) = data.split_first_chunk::<2>() else { return };
    let mut book = AnyBook::new(STRUCTURES[usize::from(head[0]) % STRUCTURES.len()]);
    for at in 0..head[1] % 12 {
        let (price, lots) = (number(&mut bytes), number(&mut bytes));
        if price >= 0 && lots >= 0 {
            book.set(if at % 2 == 0 { Side::Buy } else { Side::Sell }, price, lots);
        }
    }
    let best = book.bbo();
    while !bytes.is_empty() {
        let flags = number(&mut bytes);
        let mut next = || number(&mut bytes);
        let figure = |value: i64| i128::from(value.clamp(0, 1 << 62));
        // Quotes may be newer than the book.
        let quoted =
            |level: Level, price: i64| if flags & 1 == 0 { level } else { Level { price: price.max(0), ..level } };
        let seen = Seen {
            live: flags & 2 == 0,
            bid: quoted(best.bid, next()),
            ask: quoted(best.ask, next()),
            now_ns: next(),
            bbo_time_ns: next(),
        };
        let account = Account {
            position_lots: next().into(),
            open_buy_lots: next().max(0).into(),
            open_sell_lots: next().max(0).into(),
        };
        let order = NewOrder {
            order_id: 1,
            instrument: 0,
            buy: flags & 4 == 0,
            limit: flags & 8 == 0,
            price_ticks: if flags & 8 == 0 { next().max(1) } else { 0 },
            size_lots: next().max(1),
            created_ns: 0,
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            strategy: 0,
            expires_ns: 0,
            reduce_only: false,
        };
        let [one, two, three, four] = [next(), next(), next(), next()].map(figure);
        let passive = (flags & 16 == 0).then_some((three, four.max(1)));
        let changed = flags & 128 == 0;
        let checks = [
            Check::MaxOrderSize { max_lots: one },
            Check::MaxOrderNotional { priced: flags & 32 == 0, max_units: one },
            Check::MaxPosition { max_lots: one },
            Check::MaxPositionValue { priced: flags & 32 == 0, max_units: one },
            Check::CollarBps { numerator: one, base: two.max(1), passive },
            Check::MaxBookAgeMs { max_ns: one },
            Check::RestrictedInstruments { restricted: one != 0 },
            Check::AllowedInstruments { allowed: one != 0 },
            Check::ReduceOnly { applies: one != 0 },
            Check::MaxGrossExposure { max_units: one },
            Check::MaxNetExposure { max_units: one },
            Check::MaxOpenOrders { limit: one },
            Check::TradingHours {
                begin_ns: i128::from(two as i64),
                length_ns: i128::from(one as i64),
                daily: flags & 64 == 0,
            },
            Check::VenueConnected { connected: one != 0 },
            Check::MaxFeedLagMs { within: two != 0, valid_until_ns: one },
            Check::MaxClockSkewMs { within: two != 0, valid_until_ns: one },
            Check::BuyingPower {
                margin: two.max(1),
                margin_of: three.max(1),
                capital: (I256::new(one) << 62) + I256::new(four),
            },
            Check::MaxSlippageBps { max_bps_bits: one as u64 },
            Check::Outside { at: one as usize },
        ];
        let side = if order.buy { Side::Buy } else { Side::Sell };
        // A buyer meets the asks.
        let far: Vec<_> =
            (0..).map_while(|at| book.level(if order.buy { Side::Sell } else { Side::Buy }, at)).collect();
        let far: Vec<_> = far.into_iter().map(|level| (level.price, level.lots)).collect();
        let open = || (!changed).then_some(OPEN);
        let outside = |at: usize, order: &NewOrder, _: &Account| at % 2 == 0 && order.limit;
        for check in checks {
            let walk = |order: &NewOrder| Some(book.walk(side, order.size_lots));
            let profit_ppb = || Some(I256::new(PROFIT_PPB));
            let asked =
                Asked { walk: &walk, profit_ppb: &profit_ppb, cost_bps: Some(COST_BPS), outside: &outside };
            let passes = check.passes(&order, &seen, &account, asked, open);
            let left = check.passes(&order, &seen, &account, Asked { walk: &|_| None, ..asked }, open);
            let exact = within(&check, &order, &seen, &account, &far, changed);
            assert!(exact || !passes, "{check:?} lets pass {order:?} in {seen:?} with {account:?}");
            assert!(passes || !left, "{check:?} passes only without the book");
            let small = [seen.bid.price, seen.ask.price, order.price_ticks, order.size_lots]
                .into_iter()
                .chain([one, two, three, four].map(|one| one as i64))
                .all(|one| one < 1 << 30);
            assert!(passes || !exact || !small, "{check:?} refuses {order:?} in {seen:?} with {account:?}");
        }
    }
});
