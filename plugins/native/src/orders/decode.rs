//! Reads records, and nothing that isn't one.

#![forbid(unsafe_code)]

use crate::book::Side;
use crate::orders::crc::crc32c;
use crate::orders::record::{
    CRC, Decimal, Fill, MAX_BODY, MAX_EXPONENT, NewOrder, Record, Request, START, TimeInForce, width,
};

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
    let (length, start) = match data.first() {
        Some(&length) if length < 0x80 => (usize::from(length), 1),
        _ => long(data)?,
    };
    if !(START..=MAX_BODY).contains(&length) {
        return Err(Fault::Damaged);
    }
    let end = start + length;
    let (Some(body), Some(crc)) = (data.get(start..end), data.get(end..).and_then(<[u8]>::first_chunk::<CRC>)) else {
        return Err(Fault::Torn);
    };
    if crc32c(body) != u32::from_le_bytes(*crc) {
        return Err(Fault::Damaged);
    }
    read(Reader { data, at: start + START, end }, body).map(|record| (record, end + CRC)).ok_or(Fault::Damaged)
}

/// A length of more than one byte in its shortest form, and how many bytes it takes.
#[cold]
fn long(data: &[u8]) -> Result<(usize, usize), Fault> {
    let mut length = 0;
    for (at, &byte) in data.iter().enumerate().take(3) {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            return if byte == 0 { Err(Fault::Damaged) } else { Ok((length, at + 1)) };
        }
    }
    Err(if data.len() < 3 { Fault::Torn } else { Fault::Damaged })
}

#[inline]
fn read<'a>(mut at: Reader<'a>, body: &[u8]) -> Option<Record<'a>> {
    let (&[head, ..], time) = (body.first_chunk::<START>()?, body[1..].first_chunk::<8>()?);
    let (kind, flags, time_ns) = (head & 0x1f, head >> 5, i64::from_le_bytes(*time));
    let record = match kind {
        1 => {
            let [session, lane] = at.numbers()?;
            Record::SessionStarted { time_ns, session: at.text(session)?, lane }
        }
        2 => {
            let [
                order_id,
                instrument,
                price_ticks,
                size_lots,
                difference,
                time_in_force,
                expires_ns,
                reduces,
                strategy,
            ] = at.numbers()?;
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
                    time_in_force: *TimeInForce::ALL.get(usize::try_from(time_in_force).ok()?)?,
                    post_only: flags & 4 != 0,
                    strategy: at.text(strategy)?,
                    expires_ns,
                    reduce_only: match reduces {
                        0 => false,
                        1 => true,
                        _ => return None,
                    },
                },
            }
        }
        3 => {
            let [order_id] = at.numbers()?;
            Record::CancelRequested { time_ns, order_id }
        }
        4 => {
            let [order_id, price_ticks, size_lots] = at.numbers()?;
            Record::ReplaceRequested { time_ns, order_id, price_ticks, size_lots }
        }
        5 => {
            let [order_id] = at.numbers()?;
            Record::RequestApproved { time_ns, order_id, request: request(flags)? }
        }
        6 => {
            let [order_id, reason, detail] = at.numbers()?;
            let (reason, detail) = (at.text(reason)?, at.text(detail)?);
            Record::RequestRefused { time_ns, order_id, reason, detail, request: request(flags)? }
        }
        7 => {
            let [order_id, instrument] = at.numbers()?;
            Record::Accepted { time_ns, order_id, instrument }
        }
        8 => {
            let [order_id, instrument, reason] = at.numbers()?;
            Record::Rejected { time_ns, order_id, instrument, reason: at.text(reason)?, request: request(flags)? }
        }
        9 => fill(&mut at, flags, time_ns)?,
        10 | 11 => {
            let [order_id, instrument, remaining_lots, reason] = at.numbers()?;
            let reason = at.text(reason)?;
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
            let [order_id, instrument, what, detail] = at.numbers()?;
            Record::Discrepancy { time_ns, order_id, instrument, what: at.text(what)?, detail: at.text(detail)? }
        }
        14 => {
            let [instrument] = at.numbers()?;
            Record::DiscrepancyCleared { time_ns, instrument }
        }
        15 => {
            let [order_id, reason] = at.numbers()?;
            Record::MarkedUnknown { time_ns, order_id, reason: at.text(reason)? }
        }
        16 => {
            let [instrument, amount, amount_value, currency, rate, rate_value, mark, mark_value] = at.numbers()?;
            Record::Funding {
                time_ns,
                instrument,
                amount: at.decimal(amount, amount_value)??,
                currency: at.text(currency)?,
                rate: at.decimal(rate, rate_value)?,
                mark_price: at.decimal(mark, mark_value)?,
            }
        }
        17 => {
            let [group_id, order_id, what, detail] = at.numbers()?;
            Record::GroupChanged { time_ns, group_id, order_id, what: at.text(what)?, detail: at.text(detail)? }
        }
        _ => return None,
    };
    let flagless = !matches!(kind, 2 | 5 | 6 | 8 | 9);
    (at.at == at.end && !(flagless && flags != 0)).then_some(record)
}

#[inline]
fn fill<'a>(at: &mut Reader<'a>, flags: u8, time_ns: i64) -> Option<Record<'a>> {
    let ([order_id, instrument, fill_id, price_ticks, size_lots, fee_ppb], fee_amount, fee_currency) = if flags & 4 == 0
    {
        (at.numbers()?, None, "")
    } else {
        let [a, b, c, d, e, f, form, value, currency] = at.numbers()?;
        let (amount, currency) = (at.decimal(form, value)?, at.text(currency)?);
        if amount.is_none() && currency.is_empty() {
            return None;
        }
        ([a, b, c, d, e, f], amount, currency)
    };
    Some(Record::Fill(Fill {
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
    }))
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

/// Reads a body, which ends at `end` of the data.
struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    /// Numbers in as few bytes as they need, after their widths. Once for each body.
    #[inline]
    fn numbers<const N: usize>(&mut self) -> Option<[i64; N]> {
        let widths = self.eight(self.at);
        let mut at = self.at + N.div_ceil(2);
        let mut numbers = [0; N];
        // What is wrong is gathered, so that there is one branch for all.
        let mut wrong = N % 2 == 1 && widths >> (4 * N) & 15 != 0;
        for (index, number) in numbers.iter_mut().enumerate() {
            let bytes = (widths >> (4 * index) & 15) as usize;
            let unused = (64 - 8 * bytes as i64) as u32 & 63;
            let value = ((self.eight(at) << unused) as i64) >> unused;
            *number = if bytes == 0 { 0 } else { value };
            wrong |= width(*number) != bytes;
            at += bytes;
        }
        self.at = at;
        (!wrong && at <= self.end).then_some(numbers)
    }

    /// The next eight bytes, of which those after the data are 0.
    #[inline]
    fn eight(&self, at: usize) -> u64 {
        match self.data.get(at..).and_then(<[u8]>::first_chunk) {
            Some(eight) => u64::from_le_bytes(*eight),
            None => {
                let mut eight = [0; 8];
                let rest = self.data.get(at..).unwrap_or_default();
                eight[..rest.len()].copy_from_slice(rest);
                u64::from_le_bytes(eight)
            }
        }
    }

    #[inline]
    fn text(&mut self, length: i64) -> Option<&'a str> {
        let end = self.at.checked_add(usize::try_from(length).ok()?)?;
        if end > self.end {
            return None;
        }
        let text = std::str::from_utf8(&self.data[self.at..end]).ok()?;
        self.at = end;
        Some(text)
    }

    #[inline]
    fn decimal(&mut self, form: i64, value: i64) -> Option<Option<Decimal<'a>>> {
        match form {
            0 => (value == 0).then_some(None),
            1 => Some(Some(Decimal::Long(self.text(value)?))),
            _ => {
                let exponent = if form < 0 { form } else { form - 2 };
                (exponent.unsigned_abs() <= MAX_EXPONENT)
                    .then_some(Some(Decimal::Short { coefficient: value, exponent: exponent as i32 }))
            }
        }
    }
}
