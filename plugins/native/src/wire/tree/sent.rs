//! How a venue's checksum has each level: the texts of price and size, as they were sent or in the form that it wants.

#![forbid(unsafe_code)]

use crate::wire::declared::{Checksum, Layout, Written};
use crate::wire::tree::digits::Digits;
use crate::wire::tree::ledger_side::Known;
use crate::wire::tree::short_text::Joined;

/// Appends what counts of both sides, bids first, each best first with its size, in a checksum's order. `steps` are tick and lot.
#[inline]
pub fn write_all<'a>(
    form: &Checksum,
    sides: [impl Iterator<Item = (i64, &'a Known)>; 2],
    steps: (&Digits, &Digits),
    text: &mut Joined,
) {
    let [mut bids, mut asks] = sides;
    match form.layout {
        Layout::AsksBids => {
            asks.for_each(|one| append(form, 1, one, steps, text));
            bids.for_each(|one| append(form, 0, one, steps, text));
        }
        Layout::Interleaved => loop {
            let (bid, ask) = (bids.next(), asks.next());
            if let Some(bid) = bid {
                append(form, 0, bid, steps, text);
            }
            match ask {
                Some(ask) => append(form, 1, ask, steps, text),
                None if bid.is_none() => return,
                None => {}
            }
        },
    }
}

/// Appends a level, and a separator after it.
#[inline(always)]
fn append(form: &Checksum, side: usize, (lots, known): (i64, &Known), steps: (&Digits, &Digits), text: &mut Joined) {
    if known.sent_lots == lots {
        text.push(&known.text);
    } else {
        text.push_bytes(&unsent(form, side, (lots, known), steps));
    }
}

#[cold]
fn unsent(form: &Checksum, side: usize, (lots, known): (i64, &Known), (tick, lot): (&Digits, &Digits)) -> Vec<u8> {
    let mut made = Vec::new();
    let text = &mut made;
    if known.sent_lots == 0 {
        write(form.text, None, known.price, tick, text);
        text.extend_from_slice(form.separator.as_bytes());
    } else {
        text.extend_from_slice(&known.text.as_bytes()[..known.price_length]);
    }
    write_size(form, side, None, lots, lot, text);
    text.extend_from_slice(form.separator.as_bytes());
    made
}

/// Appends a size in a checksum's form.
pub fn write_size(form: &Checksum, side: usize, sent: Option<&[u8]>, lots: i64, lot: &Digits, text: &mut Vec<u8>) {
    if side == 1 && form.negative_asks {
        text.push(b'-');
    }
    write(form.text, sent, lots, lot, text);
}

/// Appends a price or a size in a checksum's form.
pub fn write(form: Written, sent: Option<&[u8]>, units: i64, digits: &Digits, text: &mut Vec<u8>) {
    let made;
    let sent = match sent {
        Some(sent) if form != Written::Shortest => sent,
        _ => {
            made = digits.write(units);
            made.as_bytes()
        }
    };
    match form {
        Written::Sent => text.extend_from_slice(sent),
        Written::Shortest => {
            let shortest = if sent.contains(&b'.') {
                let end = sent.iter().rposition(|&byte| byte != b'0').map_or(0, |at| at + 1);
                sent[..end].strip_suffix(b".").unwrap_or(&sent[..end])
            } else {
                sent
            };
            text.extend_from_slice(shortest);
        }
        Written::Digits => {
            let point = sent.iter().position(|&byte| byte == b'.').unwrap_or(sent.len());
            let (whole, rest) = sent.split_at(point);
            let start = text.len();
            text.extend_from_slice(whole);
            text.extend_from_slice(rest.get(1..).unwrap_or_default());
            let zeros = text[start..].iter().take_while(|&&byte| byte == b'0').count();
            text.drain(start..start + zeros);
        }
    }
}
