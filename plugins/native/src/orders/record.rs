//! The records of the order log. The twin is `mainspring.orders.records`; `docs/order-log.md` has the whole layout.
//!
//! A record is the length of its body (varint), the body, and the CRC-32 of the body (4 bytes, little-endian). A body is
//!
//! - 1 byte: the kind in its low five bits, flags in its high three;
//! - 8 bytes: `time_ns`, little-endian;
//! - the kind's fields in the order of the variants here: numbers are varints (LEB128) after zigzag, texts a length (varint)
//!   and UTF-8; a time other than `time_ns` is its difference from that, modulo 2**64. Sides, requests, `maker`, `post_only`
//!   and the like are flags.
//!
//! Everything has one form only: what is read gives the same bytes when it is written.

#![forbid(unsafe_code)]

use crate::book::Side;
pub use crate::orders::decode::{Fault, decode};
pub use crate::orders::encode::encode_into;
pub use crate::venue::orders::TimeInForce;
pub use crate::venue::outbox::Request;

/// The most bytes that a body may have.
pub const MAX_BODY: usize = 1 << 26;
/// The bytes of a body before its fields.
pub(crate) const START: usize = 9;
/// The bytes of the checksum after a body.
pub(crate) const CRC: usize = 4;

/// A decimal number, exactly as Python's `decimal.Decimal` has it: 1.20 isn't 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal<'a> {
    /// `coefficient` times ten to `exponent`.
    Short {
        /// The digits, with their sign.
        coefficient: i64,
        /// The power of ten.
        exponent: i32,
    },
    /// Its text, where it doesn't fit the short form: more digits, a larger exponent, a negative zero.
    Long(&'a str),
}

/// A record. The names are those of `mainspring.orders` and `mainspring.model`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the Python classes")]
pub enum Record<'a> {
    /// Kind 1.
    SessionStarted { time_ns: i64, session: &'a str, lane: i64 },
    /// Kind 2.
    SubmitRequested { time_ns: i64, order: NewOrder<'a> },
    /// Kind 3.
    CancelRequested { time_ns: i64, order_id: i64 },
    /// Kind 4.
    ReplaceRequested { time_ns: i64, order_id: i64, price_ticks: i64, size_lots: i64 },
    /// Kind 5.
    RequestApproved { time_ns: i64, order_id: i64, request: Request },
    /// Kind 6.
    RequestRefused { time_ns: i64, order_id: i64, reason: &'a str, detail: &'a str, request: Request },
    /// Kind 7.
    Accepted { time_ns: i64, order_id: i64, instrument: i64 },
    /// Kind 8.
    Rejected { time_ns: i64, order_id: i64, instrument: i64, reason: &'a str, request: Request },
    /// Kind 9.
    Fill(Fill<'a>),
    /// Kind 10.
    Cancelled { time_ns: i64, order_id: i64, instrument: i64, remaining_lots: i64, reason: &'a str },
    /// Kind 11.
    Expired { time_ns: i64, order_id: i64, instrument: i64, remaining_lots: i64, reason: &'a str },
    /// Kind 12.
    Replaced { time_ns: i64, order_id: i64, instrument: i64, price_ticks: i64, size_lots: i64 },
    /// Kind 13.
    Discrepancy { time_ns: i64, order_id: i64, instrument: i64, what: &'a str, detail: &'a str },
    /// Kind 14.
    DiscrepancyCleared { time_ns: i64, instrument: i64 },
    /// Kind 15.
    MarkedUnknown { time_ns: i64, order_id: i64, reason: &'a str },
    /// Kind 16.
    Funding {
        time_ns: i64,
        instrument: i64,
        amount: Decimal<'a>,
        currency: &'a str,
        rate: Option<Decimal<'a>>,
        mark_price: Option<Decimal<'a>>,
    },
}

/// An order as a strategy asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.NewOrder`")]
pub struct NewOrder<'a> {
    pub order_id: i64,
    pub instrument: i64,
    pub side: Side,
    /// Whether its kind is "limit"; else it is "market".
    pub limit: bool,
    pub price_ticks: i64,
    pub size_lots: i64,
    pub created_ns: i64,
    pub time_in_force: TimeInForce,
    pub post_only: bool,
    pub strategy: &'a str,
}

/// A fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.Fill`")]
pub struct Fill<'a> {
    pub time_ns: i64,
    pub order_id: i64,
    pub instrument: i64,
    pub fill_id: i64,
    pub side: Side,
    pub price_ticks: i64,
    pub size_lots: i64,
    pub maker: bool,
    pub fee_ppb: i64,
    pub fee_amount: Option<Decimal<'a>>,
    pub fee_currency: &'a str,
}
