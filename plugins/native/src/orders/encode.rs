//! Writes records.

#![forbid(unsafe_code)]

use crate::book::Side;
use crate::orders::crc::crc32;
use crate::orders::record::{Decimal, MAX_BODY, Record, Request, START, TimeInForce};

/// The most bytes that the length, the start of a body and six numbers can take.
const MAX_HEAD: usize = 1 + START + 6 * 10;

/// Appends a record.
///
/// # Panics
///
/// If the texts are so long that the body has more than `MAX_BODY` bytes.
#[inline]
pub fn encode_into(out: &mut Vec<u8>, record: &Record<'_>) {
    let start = out.len();
    out.reserve(MAX_HEAD + 2);
    match *record {
        Record::SessionStarted { time_ns, session, lane } => {
            Head::new(1, 0, time_ns).put(out);
            text(out, session);
            out.extend_from_slice(Number::of(lane).bytes());
        }
        Record::SubmitRequested { time_ns, order } => {
            let flags =
                u8::from(order.side == Side::Sell) | u8::from(!order.limit) << 1 | u8::from(order.post_only) << 2;
            let mut head = Head::new(2, flags, time_ns);
            head.numbers([order.order_id, order.instrument, order.price_ticks, order.size_lots]);
            head.number(order.created_ns.wrapping_sub(time_ns));
            head.byte(match order.time_in_force {
                TimeInForce::Gtc => 0,
                TimeInForce::Ioc => 1,
                TimeInForce::Fok => 2,
            });
            head.put(out);
            text(out, order.strategy);
        }
        Record::CancelRequested { time_ns, order_id } => {
            Head::new(3, 0, time_ns).with([order_id]).put(out);
        }
        Record::ReplaceRequested { time_ns, order_id, price_ticks, size_lots } => {
            Head::new(4, 0, time_ns).with([order_id, price_ticks, size_lots]).put(out);
        }
        Record::RequestApproved { time_ns, order_id, request } => {
            Head::new(5, code(request), time_ns).with([order_id]).put(out);
        }
        Record::RequestRefused { time_ns, order_id, reason, detail, request } => {
            Head::new(6, code(request), time_ns).with([order_id]).put(out);
            text(out, reason);
            text(out, detail);
        }
        Record::Accepted { time_ns, order_id, instrument } => {
            Head::new(7, 0, time_ns).with([order_id, instrument]).put(out);
        }
        Record::Rejected { time_ns, order_id, instrument, reason, request } => {
            Head::new(8, code(request), time_ns).with([order_id, instrument]).put(out);
            text(out, reason);
        }
        Record::Fill(fill) => {
            let reported = fill.fee_amount.is_some() || !fill.fee_currency.is_empty();
            let flags = u8::from(fill.side == Side::Sell) | u8::from(fill.maker) << 1 | u8::from(reported) << 2;
            let mut head = Head::new(9, flags, fill.time_ns);
            head.numbers([
                fill.order_id,
                fill.instrument,
                fill.fill_id,
                fill.price_ticks,
                fill.size_lots,
                fill.fee_ppb,
            ]);
            head.put(out);
            if reported {
                decimal(out, fill.fee_amount);
                text(out, fill.fee_currency);
            }
        }
        Record::Cancelled { time_ns, order_id, instrument, remaining_lots, reason } => {
            Head::new(10, 0, time_ns).with([order_id, instrument, remaining_lots]).put(out);
            text(out, reason);
        }
        Record::Expired { time_ns, order_id, instrument, remaining_lots, reason } => {
            Head::new(11, 0, time_ns).with([order_id, instrument, remaining_lots]).put(out);
            text(out, reason);
        }
        Record::Replaced { time_ns, order_id, instrument, price_ticks, size_lots } => {
            Head::new(12, 0, time_ns).with([order_id, instrument, price_ticks, size_lots]).put(out);
        }
        Record::Discrepancy { time_ns, order_id, instrument, what, detail } => {
            Head::new(13, 0, time_ns).with([order_id, instrument]).put(out);
            text(out, what);
            text(out, detail);
        }
        Record::DiscrepancyCleared { time_ns, instrument } => {
            Head::new(14, 0, time_ns).with([instrument]).put(out);
        }
        Record::MarkedUnknown { time_ns, order_id, reason } => {
            Head::new(15, 0, time_ns).with([order_id]).put(out);
            text(out, reason);
        }
        Record::Funding { time_ns, instrument, amount, currency, rate, mark_price } => {
            Head::new(16, 0, time_ns).with([instrument]).put(out);
            decimal(out, Some(amount));
            text(out, currency);
            decimal(out, rate);
            decimal(out, mark_price);
        }
    }
    finish(out, start);
}

/// Writes the length, for which one byte was left at `start`, and the checksum.
#[inline]
fn finish(out: &mut Vec<u8>, start: usize) {
    let length = out.len() - start - 1;
    assert!(length <= MAX_BODY, "a record of {length} bytes");
    if length < 0x80 {
        out[start] = length as u8;
    } else {
        let prefix = Number::unsigned(length as u64);
        out.splice(start..=start, prefix.bytes().iter().copied());
    }
    let crc = crc32(&out[out.len() - length..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

fn code(request: Request) -> u8 {
    match request {
        Request::New => 0,
        Request::Cancel => 1,
        Request::Replace => 2,
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(Number::unsigned(text.len() as u64).bytes());
    out.extend_from_slice(text.as_bytes());
}

/// 0 for none; 1 and the text; or 2 plus the exponent after zigzag, and the coefficient.
fn decimal(out: &mut Vec<u8>, value: Option<Decimal<'_>>) {
    match value {
        None => out.push(0),
        Some(Decimal::Long(digits)) => {
            out.push(1);
            text(out, digits);
        }
        Some(Decimal::Short { coefficient, exponent }) => {
            out.extend_from_slice(Number::unsigned(2 + zigzag(i64::from(exponent))).bytes());
            out.extend_from_slice(Number::of(coefficient).bytes());
        }
    }
}

/// Small numbers of either sign become small ones without.
#[inline]
pub(crate) fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// The beginning of a record: a byte for its length, the start of its body, and numbers.
struct Head {
    bytes: [u8; MAX_HEAD],
    length: usize,
}

impl Head {
    #[inline]
    fn new(kind: u8, flags: u8, time_ns: i64) -> Head {
        let mut bytes = [0; MAX_HEAD];
        bytes[1] = kind | flags << 5;
        bytes[2..=START].copy_from_slice(&time_ns.to_le_bytes());
        Head { bytes, length: 1 + START }
    }

    #[inline]
    fn with<const N: usize>(mut self, numbers: [i64; N]) -> Head {
        self.numbers(numbers);
        self
    }

    #[inline]
    fn numbers<const N: usize>(&mut self, numbers: [i64; N]) {
        for number in numbers {
            self.number(number);
        }
    }

    #[inline]
    fn number(&mut self, value: i64) {
        let mut rest = zigzag(value);
        while rest >= 0x80 {
            self.byte(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.byte(rest as u8);
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes[..self.length]);
    }
}

/// A number alone.
struct Number {
    bytes: [u8; 10],
    length: usize,
}

impl Number {
    fn of(value: i64) -> Number {
        Number::unsigned(zigzag(value))
    }

    fn unsigned(mut value: u64) -> Number {
        let mut number = Number { bytes: [0; 10], length: 1 };
        while value >= 0x80 {
            number.bytes[number.length - 1] = value as u8 | 0x80;
            number.length += 1;
            value >>= 7;
        }
        number.bytes[number.length - 1] = value as u8;
        number
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
