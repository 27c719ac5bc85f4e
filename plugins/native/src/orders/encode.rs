//! Writes records.

#![forbid(unsafe_code)]

use crate::book::Side;
use crate::orders::crc::crc32c;
use crate::orders::record::{Decimal, MAX_BODY, Record, Request, START, width};

/// More than the length, the start of a body, the widths and ten numbers can take, as a power of two.
const ROOM: usize = 128;

/// Appends a record.
///
/// # Panics
///
/// If the texts are so long that the body has more than `MAX_BODY` bytes.
#[inline]
pub fn encode_into(out: &mut Vec<u8>, record: &Record<'_>) {
    match *record {
        Record::SessionStarted { time_ns, session, lane } => {
            put(out, 1, 0, time_ns, [length(session), lane], [session]);
        }
        Record::SubmitRequested { time_ns, order } => {
            let flags =
                u8::from(order.side == Side::Sell) | u8::from(!order.limit) << 1 | u8::from(order.post_only) << 2;
            let numbers = [
                order.order_id,
                order.instrument,
                order.price_ticks,
                order.size_lots,
                order.created_ns.wrapping_sub(time_ns),
                order.time_in_force as i64,
                order.expires_ns,
                i64::from(order.reduce_only),
                length(order.strategy),
            ];
            put(out, 2, flags, time_ns, numbers, [order.strategy]);
        }
        Record::CancelRequested { time_ns, order_id } => put(out, 3, 0, time_ns, [order_id], []),
        Record::ReplaceRequested { time_ns, order_id, price_ticks, size_lots } => {
            put(out, 4, 0, time_ns, [order_id, price_ticks, size_lots], []);
        }
        Record::RequestApproved { time_ns, order_id, request } => {
            put(out, 5, code(request), time_ns, [order_id], []);
        }
        Record::RequestRefused { time_ns, order_id, reason, detail, request } => {
            let numbers = [order_id, length(reason), length(detail)];
            put(out, 6, code(request), time_ns, numbers, [reason, detail]);
        }
        Record::Accepted { time_ns, order_id, instrument } => put(out, 7, 0, time_ns, [order_id, instrument], []),
        Record::Rejected { time_ns, order_id, instrument, reason, request } => {
            put(out, 8, code(request), time_ns, [order_id, instrument, length(reason)], [reason]);
        }
        Record::Fill(fill) => {
            let flags = u8::from(fill.side == Side::Sell) | u8::from(fill.maker) << 1;
            let [a, b, c, d, e, f] =
                [fill.order_id, fill.instrument, fill.fill_id, fill.price_ticks, fill.size_lots, fill.fee_ppb];
            if fill.fee_amount.is_none() && fill.fee_currency.is_empty() {
                put(out, 9, flags, fill.time_ns, [a, b, c, d, e, f], []);
            } else {
                let (form, value, text) = decimal(fill.fee_amount);
                let numbers = [a, b, c, d, e, f, form, value, length(fill.fee_currency)];
                put(out, 9, flags | 4, fill.time_ns, numbers, [text, fill.fee_currency]);
            }
        }
        Record::Cancelled { time_ns, order_id, instrument, remaining_lots, reason } => {
            put(out, 10, 0, time_ns, [order_id, instrument, remaining_lots, length(reason)], [reason]);
        }
        Record::Expired { time_ns, order_id, instrument, remaining_lots, reason } => {
            put(out, 11, 0, time_ns, [order_id, instrument, remaining_lots, length(reason)], [reason]);
        }
        Record::Replaced { time_ns, order_id, instrument, price_ticks, size_lots } => {
            put(out, 12, 0, time_ns, [order_id, instrument, price_ticks, size_lots], []);
        }
        Record::Discrepancy { time_ns, order_id, instrument, what, detail } => {
            let numbers = [order_id, instrument, length(what), length(detail)];
            put(out, 13, 0, time_ns, numbers, [what, detail]);
        }
        Record::DiscrepancyCleared { time_ns, instrument } => put(out, 14, 0, time_ns, [instrument], []),
        Record::MarkedUnknown { time_ns, order_id, reason } => {
            put(out, 15, 0, time_ns, [order_id, length(reason)], [reason]);
        }
        Record::Funding { time_ns, instrument, amount, currency, rate, mark_price } => {
            let [a, r, m] = [Some(amount), rate, mark_price].map(decimal);
            let numbers = [instrument, a.0, a.1, length(currency), r.0, r.1, m.0, m.1];
            put(out, 16, 0, time_ns, numbers, [a.2, currency, r.2, m.2]);
        }
        Record::GroupChanged { time_ns, group_id, order_id, what, detail } => {
            let numbers = [group_id, order_id, length(what), length(detail)];
            put(out, 17, 0, time_ns, numbers, [what, detail]);
        }
    }
}

/// Writes the length, the body and the checksum.
#[inline]
fn put<const N: usize, const T: usize>(
    out: &mut Vec<u8>,
    kind: u8,
    flags: u8,
    time_ns: i64,
    numbers: [i64; N],
    texts: [&str; T],
) {
    // A number is written as all of its eight bytes, of which the next one overwrites those that don't count. Where the
    // place is masked, it is known to be in the array.
    let mut head = [0; ROOM + 8];
    head[1] = kind | flags << 5;
    head[2..=START].copy_from_slice(&time_ns.to_le_bytes());
    let mut at = 1 + START + N.div_ceil(2);
    for (index, number) in numbers.into_iter().enumerate() {
        let width = width(number);
        head[1 + START + index / 2] |= (width as u8) << (4 * (index % 2));
        let place = at % ROOM;
        head[place..place + 8].copy_from_slice(&number.to_le_bytes());
        at += width;
    }
    let place = at % ROOM;
    if T == 0 {
        head[0] = place as u8 - 1;
        let crc = crc32c(&head[1..place]);
        head[place..place + 4].copy_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(&head[..place + 4]);
        return;
    }
    let length = at - 1 + texts.iter().map(|text| text.len()).sum::<usize>();
    assert!(length <= MAX_BODY, "a record of {length} bytes");
    let mut rest = length;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    head[0] = rest as u8;
    let start = out.len() + 1;
    out.extend_from_slice(&head[..place]);
    for text in texts {
        out.extend_from_slice(text.as_bytes());
    }
    let crc = crc32c(&out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

fn code(request: Request) -> u8 {
    match request {
        Request::New => 0,
        Request::Cancel => 1,
        Request::Replace => 2,
    }
}

fn length(text: &str) -> i64 {
    text.len() as i64
}

/// The two numbers of a decimal, and its text where it has one.
fn decimal(value: Option<Decimal<'_>>) -> (i64, i64, &str) {
    match value {
        None => (0, 0, ""),
        Some(Decimal::Long(text)) => (1, length(text), text),
        Some(Decimal::Short { coefficient, exponent }) => {
            (i64::from(exponent) + if exponent < 0 { 0 } else { 2 }, coefficient, "")
        }
    }
}
