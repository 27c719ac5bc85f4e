//! The memory that a strategy shares with the kernel: what it reads, and what it asks for.
//!
//! The layouts are `MARKET_VIEW`, `ORDER_VIEW` and `REQUEST` of `mainspring_native.replay.layout`; a test compares them.

use std::ptr;

use ethnum::I256;

use crate::book::any::AnyBook;
use crate::lane::market::Market;
use crate::trading::order::{NewOrder, StrategyId};
use crate::trading::position::Position;
use crate::venue::orders::TimeInForce;

/// The best prices changed, or whether they can be trusted.
pub const BBO: i64 = 10;
/// A timer is due.
pub const TIMER: i64 = 11;
/// An order was accepted. From here on the numbers are also kinds of a record.
pub const ACCEPTED: i16 = 20;
/// An order, a cancel or a replace was rejected or refused.
pub const REJECTED: i16 = 21;
/// An order was filled, wholly or in part.
pub const FILLED: i16 = 22;
/// An order has ended, or what was left of it.
pub const CANCELLED: i16 = 23;
/// An order has another price or size.
pub const REPLACED: i16 = 24;

/// What a strategy sees of a market.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the fields are described in `mainspring_native.replay.layout`")]
pub struct MarketView {
    pub time_ns: i64,
    pub index: i64,
    pub bid_ticks: i64,
    pub bid_lots: i64,
    pub ask_ticks: i64,
    pub ask_lots: i64,
    pub bbo_time_ns: i64,
    pub last_ticks: i64,
    pub last_fraction_nanoticks: i64,
    pub live: i64,
    pub position_lots: i64,
    pub cash_units: i64,
    pub fees_units: i64,
    pub fills: i64,
    pub open_orders: i64,
    pub open_buy_lots: i64,
    pub open_sell_lots: i64,
    pub volatility_per_day: f64,
    pub daily_volume_lots: f64,
    pub spread_ticks: f64,
    pub event_kind: i64,
    pub event_side: i64,
    pub event_ticks: i64,
    pub event_lots: i64,
    pub event_order_id: i64,
    pub event_reason: i64,
    pub event_maker: i64,
    pub event_fraction_nanoticks: i64,
    pub orders: *const OrderView,
    pub book: *const AnyBook,
}

impl MarketView {
    /// The view of the market of that index, of which nothing was seen yet.
    pub fn new(index: usize) -> Self {
        MarketView {
            time_ns: 0,
            index: index as i64,
            bid_ticks: 0,
            bid_lots: 0,
            ask_ticks: 0,
            ask_lots: 0,
            bbo_time_ns: 0,
            last_ticks: 0,
            last_fraction_nanoticks: 0,
            live: 0,
            position_lots: 0,
            cash_units: 0,
            fees_units: 0,
            fills: 0,
            open_orders: 0,
            open_buy_lots: 0,
            open_sell_lots: 0,
            volatility_per_day: f64::NAN,
            daily_volume_lots: f64::NAN,
            spread_ticks: f64::NAN,
            event_kind: 0,
            event_side: 0,
            event_ticks: 0,
            event_lots: 0,
            event_order_id: 0,
            event_reason: 0,
            event_maker: 0,
            event_fraction_nanoticks: 0,
            orders: ptr::null(),
            book: ptr::null(),
        }
    }
}

impl MarketView {
    /// Says what woke the strategy.
    #[inline]
    pub fn set_event(&mut self, event: Woken) {
        self.event_kind = event.kind;
        (self.event_side, self.event_ticks, self.event_lots) = (event.side, event.ticks, event.lots);
        (self.event_order_id, self.event_reason) = (event.order_id, event.reason);
        (self.event_maker, self.event_fraction_nanoticks) = (event.maker, event.fraction_nanoticks);
    }

    /// Shows a market's prices and statistics.
    #[inline]
    pub fn set_market(&mut self, market: &Market) {
        (self.bid_ticks, self.bid_lots) = (market.bid.price, market.bid.lots);
        (self.ask_ticks, self.ask_lots) = (market.ask.price, market.ask.lots);
        (self.bbo_time_ns, self.last_ticks) = (market.bbo_time_ns, market.last_ticks);
        self.last_fraction_nanoticks = market.last_fraction_nanoticks;
        self.live = market.live.into();
        let statistics = &market.statistics;
        self.volatility_per_day = statistics.volatility_per_day.unwrap_or(f64::NAN);
        self.daily_volume_lots = statistics.daily_volume_lots.unwrap_or(f64::NAN);
        self.spread_ticks = statistics.spread_ticks.unwrap_or(f64::NAN);
    }

    /// Shows what the strategy has made.
    #[inline]
    pub fn set_money(&mut self, position: &Position) {
        self.fills = position.fills as i64;
        self.cash_units = narrow_wide(position.cash_units());
        self.fees_units = narrow_wide(position.fees_units());
    }
}

/// The nearest that 64 bits hold.
#[inline]
pub fn narrow(value: i128) -> i64 {
    value.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

fn narrow_wide(value: I256) -> i64 {
    value.clamp(i64::MIN.into(), i64::MAX.into()).as_i64()
}

/// What woke a strategy: the fields `event_...` of a view.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the fields are described in `mainspring_native.replay.layout`")]
pub struct Woken {
    pub kind: i64,
    pub side: i64,
    pub ticks: i64,
    pub lots: i64,
    pub order_id: i64,
    pub reason: i64,
    pub maker: i64,
    pub fraction_nanoticks: i64,
}

/// One of a strategy's open orders.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are described in `mainspring_native.replay.layout`")]
pub struct OrderView {
    pub order_id: i64,
    pub side: i64,
    pub price_ticks: i64,
    pub size_lots: i64,
    pub filled_lots: i64,
    pub state: i64,
}

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
/// Gives an order another price and total size.
pub const REPLACE: i64 = 6;
/// A limit order that takes all of its size or nothing.
pub const FOK: i64 = 7;

/// The number of the kernel's one strategy.
pub const OWNER: StrategyId = 0;

/// What a strategy asks for. Row 0 of the buffer is its head: `action` is how many rows are filled, `order_id` the next order's
/// id, `market` the market that woke it, and `side` how many markets there are.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are described in `mainspring_native.replay.layout`")]
pub struct Request {
    pub action: i64,
    pub order_id: i64,
    pub market: i64,
    pub side: i64,
    pub price_ticks: i64,
    pub size_lots: i64,
}

impl Request {
    /// Asks for nothing.
    pub const EMPTY: Request = Request { action: 0, order_id: 0, market: 0, side: 0, price_ticks: 0, size_lots: 0 };

    /// The order that it asks for in the market of that index; `None` if there can't be one.
    pub fn order(&self, market: i64, order_id: i64, now_ns: i64) -> Option<NewOrder> {
        let Request { action, side, price_ticks, size_lots, .. } = *self;
        let time_in_force = match action {
            LIMIT | POST_ONLY => TimeInForce::Gtc,
            IOC | MARKET => TimeInForce::Ioc,
            FOK => TimeInForce::Fok,
            _ => return None,
        };
        let limit = action != MARKET;
        if !matches!(side, 1 | -1) || size_lots <= 0 || (limit && price_ticks <= 0) {
            return None;
        }
        Some(NewOrder {
            order_id,
            instrument: market as usize,
            buy: side > 0,
            limit,
            price_ticks: if limit { price_ticks } else { 0 },
            size_lots,
            created_ns: now_ns,
            time_in_force,
            post_only: action == POST_ONLY,
            strategy: OWNER,
            expires_ns: 0,
            reduce_only: false,
        })
    }
}

/// The rows of a buffer of requests, its head included.
pub const BUFFER: usize = 17;
