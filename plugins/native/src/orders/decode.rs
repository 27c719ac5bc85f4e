//! Reads records, and nothing that isn't one.

#![forbid(unsafe_code)]

use crate::book::Side;
use crate::orders::crc::crc32;
use crate::orders::record::{CRC, Decimal, Fill, MAX_BODY, NewOrder, Record, Request, START, TimeInForce};

/// Why bytes aren't a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They end within it.
    Torn,
    /// They can't be the beginning of one, or aren't what was written.
    Damaged,
}

/// Reads the record at the beginning of `data`. Returns it and how many bytes it takes.
#[inline]
pub fn decode(data: &[u8]) -> Result<(Record<'_>, usize), Fault> {
    let mut at = Reader { rest: data };
    // Longer than any length: a varint that goes on is no length.
    let length = match at.unsigned() {
        Some(length) => usize::try_from(length).ok().filter(|&length| (START..=MAX_BODY).contains(&length)),
        None if data.len() < 4 && data.iter().all(|byte| byte & 0x80 != 0) => return Err(Fault::Torn),
        None => None,
    };
    let length = length.ok_or(Fault::Damaged)?;
    let start = data.len() - at.rest.len();
    let (Some(body), Some(crc)) =
        (data.get(start..start + length), data.get(start + length..).and_then(<[u8]>::first_chunk::<CRC>))
    else {
        return Err(Fault::Torn);
    };
    if crc32(body) != u32::from_le_bytes(*crc) {
        return Err(Fault::Damaged);
    }
    read(body).map(|record| (record, start + length + CRC)).ok_or(Fault::Damaged)
}

#[inline]
fn read(body: &[u8]) -> Option<Record<'_>> {
    let (&[head, ..], time) = (body.first_chunk::<START>()?, body[1..].first_chunk::<8>()?);
    let (kind, flags, time_ns) = (head & 0x1f, head >> 5, i64::from_le_bytes(*time));
    let mut at = Reader { rest: &body[START..] };
    let record = match kind {
        1 => Record::SessionStarted { time_ns, session: at.text()?, lane: at.number()? },
        2 => {
            let [order_id, instrument, price_ticks, size_lots, difference] = at.numbers()?;
            Record::SubmitRequested {
                time_ns,
                order: NewOrder {
                    order_id,
                    instrument,
                    side: side(flags),
                    limit: flags & 2 == 0,
                    price_ticks,
                    size_lots,
                    created_ns: time_ns.wrapping_add(difference),
                    time_in_force: match at.byte()? {
                        0 => TimeInForce::Gtc,
                        1 => TimeInForce::Ioc,
                        2 => TimeInForce::Fok,
                        _ => return None,
                    },
                    post_only: flags & 4 != 0,
                    strategy: at.text()?,
                },
            }
        }
        3 => Record::CancelRequested { time_ns, order_id: at.number()? },
        4 => {
            let [order_id, price_ticks, size_lots] = at.numbers()?;
            Record::ReplaceRequested { time_ns, order_id, price_ticks, size_lots }
        }
        5 => Record::RequestApproved { time_ns, order_id: at.number()?, request: request(flags)? },
        6 => Record::RequestRefused {
            time_ns,
            order_id: at.number()?,
            reason: at.text()?,
            detail: at.text()?,
            request: request(flags)?,
        },
        7 => {
            let [order_id, instrument] = at.numbers()?;
            Record::Accepted { time_ns, order_id, instrument }
        }
        8 => {
            let [order_id, instrument] = at.numbers()?;
            Record::Rejected { time_ns, order_id, instrument, reason: at.text()?, request: request(flags)? }
        }
        9 => {
            let [order_id, instrument, fill_id, price_ticks, size_lots, fee_ppb] = at.numbers()?;
            let (fee_amount, fee_currency) = if flags & 4 != 0 { (at.decimal()?, at.text()?) } else { (None, "") };
            if flags & 4 != 0 && fee_amount.is_none() && fee_currency.is_empty() {
                return None;
            }
            Record::Fill(Fill {
                time_ns,
                order_id,
                instrument,
                fill_id,
                side: side(flags),
                price_ticks,
                size_lots,
                maker: flags & 2 != 0,
                fee_ppb,
                fee_amount,
                fee_currency,
            })
        }
        10 | 11 => {
            let ([order_id, instrument, remaining_lots], reason) = (at.numbers()?, at.text()?);
            if kind == 10 {
                Record::Cancelled { time_ns, order_id, instrument, remaining_lots, reason }
            } else {
                Record::Expired { time_ns, order_id, instrument, remaining_lots, reason }
            }
        }
        12 => {
            let [order_id, instrument, price_ticks, size_lots] = at.numbers()?;
            Record::Replaced { time_ns, order_id, instrument, price_ticks, size_lots }
        }
        13 => {
            let [order_id, instrument] = at.numbers()?;
            Record::Discrepancy { time_ns, order_id, instrument, what: at.text()?, detail: at.text()? }
        }
        14 => Record::DiscrepancyCleared { time_ns, instrument: at.number()? },
        15 => Record::MarkedUnknown { time_ns, order_id: at.number()?, reason: at.text()? },
        16 => Record::Funding {
            time_ns,
            instrument: at.number()?,
            amount: at.decimal()??,
            currency: at.text()?,
            rate: at.decimal()?,
            mark_price: at.decimal()?,
        },
        _ => return None,
    };
    let flagless = !matches!(kind, 2 | 5 | 6 | 8 | 9);
    (at.rest.is_empty() && !(flagless && flags != 0)).then_some(record)
}

fn side(flags: u8) -> Side {
    if flags & 1 == 0 { Side::Buy } else { Side::Sell }
}

fn request(flags: u8) -> Option<Request> {
    match flags {
        0 => Some(Request::New),
        1 => Some(Request::Cancel),
        2 => Some(Request::Replace),
        _ => None,
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    /// A varint of at most 64 bits in its shortest form.
    #[inline]
    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return (shift == 0 || byte != 0 && (shift < 63 || byte == 1)).then_some(value);
            }
        }
        None
    }

    #[inline]
    fn number(&mut self) -> Option<i64> {
        self.unsigned().map(|value| (value >> 1) as i64 ^ -((value & 1) as i64))
    }

    #[inline]
    fn numbers<const N: usize>(&mut self) -> Option<[i64; N]> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.number()?;
        }
        Some(numbers)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.unsigned()?).ok()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }

    fn decimal(&mut self) -> Option<Option<Decimal<'a>>> {
        Some(match self.unsigned()? {
            0 => None,
            1 => Some(Decimal::Long(self.text()?)),
            code => {
                let code = code - 2;
                let exponent = i32::try_from((code >> 1) as i64 ^ -((code & 1) as i64)).ok()?;
                Some(Decimal::Short { coefficient: self.number()?, exponent })
            }
        })
    }
}
