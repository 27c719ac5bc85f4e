//! The records of the order log. The twin is `mainspring.model.records`; `docs/order-log.md` has the whole layout.
//!
//! A record is the length of its body (varint), the body, and the CRC-32C of the body (4 bytes, little-endian). A body is
//!
//! - 1 byte: the kind in its low five bits, flags in its high three;
//! - 8 bytes: `time_ns`, little-endian;
//! - the kind's numbers: first their widths in bytes, two to a byte, the first in the low half; then each as a signed
//!   little-endian integer of as few bytes as hold it, which is none for 0. A text counts among them with its length in
//!   bytes, a decimal with two numbers (see `Decimal`), and a time other than `time_ns` with its difference from that,
//!   modulo 2**64. Sides, requests, `maker`, `post_only` and the like are flags;
//! - the kind's texts, in UTF-8.
//!
//! Everything has one form only: what is read gives the same bytes when it is written.

#![forbid(unsafe_code)]

use crate::book::Side;
pub use crate::orders::decode::{Fault, decode};
pub use crate::orders::encode::encode_into;
pub use crate::venue::orders::TimeInForce;
pub use crate::venue::outbox::Request;

/// The most bytes that a body may have.
pub const MAX_BODY: usize = 1 << 20;
/// The largest power of ten, up or down, of a decimal in its short form.
pub const MAX_EXPONENT: u64 = 1_000;
/// The bytes of a body before its fields.
pub(crate) const START: usize = 9;
/// The bytes of the checksum after a body.
pub(crate) const CRC: usize = 4;

/// How many bytes a number takes.
#[inline]
pub(crate) fn width(value: i64) -> usize {
    let bits = 64 - ((value ^ value >> 63) as u64).leading_zeros() as usize;
    if value == 0 { 0 } else { bits / 8 + 1 }
}

/// A decimal number, exactly as Python's `decimal.Decimal` has it: 1.20 isn't 1.2.
///
/// Of its two numbers, the second is the coefficient and the first the exponent, plus 2 unless that is below 0. None is
/// 0 and 0; 1 and a length stand for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal<'a> {
    /// `coefficient` times ten to `exponent`.
    Short {
        /// The digits, with their sign.
        coefficient: i64,
        /// The power of ten.
        exponent: i32,
    },
    /// Its text, where it doesn't fit the short form: more digits, an exponent above 1,000 or below -1,000, a negative zero.
    Long(&'a str),
}

impl Decimal<'_> {
    /// The short form of a decimal in Python's text; `None` if it has no such form.
    pub fn short(text: &str) -> Option<Decimal<'static>> {
        let (mantissa, power) = text.split_once('E').unwrap_or((text, "0"));
        let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut coefficient = 0i64;
        for digit in whole.bytes().chain(fraction.bytes()) {
            let digit = i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
            // Below zero, where there is room for one more.
            coefficient = coefficient.checked_mul(10)?.checked_sub(digit)?;
        }
        let exponent = power.parse::<i64>().ok()?.checked_sub(fraction.len() as i64)?;
        if whole.is_empty() || negative && coefficient == 0 || exponent.unsigned_abs() > MAX_EXPONENT {
            return None;
        }
        let coefficient = if negative { coefficient } else { coefficient.checked_neg()? };
        Some(Decimal::Short { coefficient, exponent: exponent as i32 })
    }
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
    /// Kind 17.
    GroupChanged { time_ns: i64, group_id: i64, order_id: i64, what: &'a str, detail: &'a str },
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
    pub expires_ns: i64,
    pub reduce_only: bool,
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
