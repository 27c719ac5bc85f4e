//! What happened to orders, as rows: `mainspring_native.replay.LOG` is the same as a NumPy type.

#![forbid(unsafe_code)]

use crate::kernel::view::{ACCEPTED, CANCELLED, FILLED, REJECTED, REPLACED};
use crate::trading::discrepancy;
use crate::trading::manager::{Asked, Change};
use crate::trading::order::{NewOrder, RequestKind};
use crate::venue::orders::TimeInForce;
use crate::venue::outbox::{Told, What};

/// A strategy asked for an order.
pub const SUBMIT: i16 = 1;
/// A strategy asked for the end of one.
pub const CANCEL: i16 = 2;
/// A strategy asked for another price or size of one.
pub const REPLACE: i16 = 3;
/// The gate let a request pass.
pub const APPROVED: i16 = 4;
/// A request was refused.
pub const REFUSED: i16 = 5;
/// The venue contradicted what is known of an order.
pub const DISCREPANCY: i16 = 6;

/// Bits of `Record::flags`.
#[allow(missing_docs, reason = "the names say it")]
pub mod flags {
    pub const LIMIT: u8 = 1;
    pub const POST_ONLY: u8 = 2;
    pub const IOC: u8 = 4;
    pub const FOK: u8 = 8;
    pub const MAKER: u8 = 16;
    /// What was approved, refused or rejected is a cancel; without this or the next, it is a new order.
    pub const OF_CANCEL: u8 = 32;
    pub const OF_REPLACE: u8 = 64;
}

/// The strategy answered its own order events by too many requests at one instant.
pub const TOO_MANY_REQUESTS: &str = "too-many-requests";

/// Every reason of a record, by its number less 1: 0 is none.
pub const REASONS: [&str; 42] = [
    "market-unavailable",
    "would-take",
    "not-fillable",
    "no-liquidity",
    "requested",
    "too-late",
    "unknown-order",
    "invalid-order",
    "order-ended",
    "book-not-live",
    "no-mid-price",
    "book-crossed",
    "max_order_size",
    "max_order_notional",
    "max_position",
    "collar_bps",
    "max_book_age_ms",
    "discrepancy",
    "order-state-unknown",
    discrepancy::NEVER_SENT,
    discrepancy::UNACKNOWLEDGED,
    discrepancy::ACKNOWLEDGED_TWICE,
    discrepancy::AFTER_END,
    discrepancy::UNREQUESTED,
    discrepancy::DUPLICATE_FILL,
    discrepancy::OVERFILL,
    discrepancy::REMAINING_MISMATCH,
    discrepancy::WRONG_SIDE,
    discrepancy::WRONG_INSTRUMENT,
    discrepancy::MALFORMED,
    TOO_MANY_REQUESTS,
    "restricted_instruments",
    "allowed_instruments",
    "reduce_only",
    "max_gross_exposure",
    "max_net_exposure",
    "max_open_orders",
    "trading_hours",
    "venue_connected",
    "max_feed_lag_ms",
    "max_clock_skew_ms",
    "buying_power",
];

/// A row.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are described in `mainspring_native.replay.layout`")]
pub struct Record {
    pub time_ns: i64,
    pub order_id: i64,
    pub price_ticks: i64,
    pub size_lots: i64,
    pub fill_id: i64,
    pub fee_ppb: i64,
    pub kind: i16,
    pub market: u16,
    pub reason: i16,
    pub side: i8,
    pub flags: u8,
}

/// The number of a reason; -1 for one that no list has.
pub fn reason_number(reason: &str) -> i16 {
    REASONS.iter().position(|one| *one == reason).map_or(-1, |at| at as i16 + 1)
}

/// The side of an order as a number.
pub fn side(buy: bool) -> i8 {
    if buy { 1 } else { -1 }
}

/// The bits that say what a request asks for.
pub fn of_request(request: RequestKind) -> u8 {
    match request {
        RequestKind::New => 0,
        RequestKind::Cancel => flags::OF_CANCEL,
        RequestKind::Replace => flags::OF_REPLACE,
    }
}

impl Record {
    /// A strategy asked for something.
    #[inline]
    pub fn asked(asked: &Asked, time_ns: i64) -> Record {
        let row =
            Record { time_ns, order_id: asked.order_id(), market: asked.instrument() as u16, ..Record::default() };
        match *asked {
            Asked::New(NewOrder { price_ticks, size_lots, buy, limit, post_only, time_in_force, .. }) => {
                let terms = match time_in_force {
                    TimeInForce::Gtc | TimeInForce::Day | TimeInForce::Gtd => 0,
                    TimeInForce::Ioc => flags::IOC,
                    TimeInForce::Fok => flags::FOK,
                };
                let flag = |set: bool, flag: u8| if set { flag } else { 0 };
                let flags = terms | flag(limit, flags::LIMIT) | flag(post_only, flags::POST_ONLY);
                Record { kind: SUBMIT, price_ticks, size_lots, side: side(buy), flags, ..row }
            }
            Asked::Change { change: Change::Cancel, .. } => Record { kind: CANCEL, ..row },
            Asked::Change { change: Change::Replace(price_ticks, size_lots), .. } => {
                Record { kind: REPLACE, price_ticks, size_lots, ..row }
            }
        }
    }

    /// What a venue reported.
    #[inline]
    pub fn of(told: &Told) -> Record {
        let Told { order_id, instrument, time_ns, what, .. } = *told;
        let row = Record { time_ns, order_id, market: instrument as u16, ..Record::default() };
        match what {
            What::Accepted => Record { kind: ACCEPTED, ..row },
            What::Rejected { reason, request } => {
                Record { kind: REJECTED, reason: reason_number(reason), flags: of_request(request), ..row }
            }
            What::Filled { fill_id, buy, price, lots, maker, fee_ppb } => Record {
                kind: FILLED,
                fill_id,
                price_ticks: price,
                size_lots: lots,
                fee_ppb,
                side: side(buy),
                flags: u8::from(maker) * flags::MAKER,
                ..row
            },
            // Compiled strategies have no orders with an end.
            What::Cancelled { lots, reason } | What::Expired { lots, reason } => {
                Record { kind: CANCELLED, size_lots: lots, reason: reason_number(reason), ..row }
            }
            What::Replaced { price, lots } => Record { kind: REPLACED, price_ticks: price, size_lots: lots, ..row },
            // The kernel announces no funding.
            What::Funded { .. } => row,
        }
    }
}
