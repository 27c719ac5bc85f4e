//! How a venue's checksum has each level: the texts of price and size, as they were sent or in the form that it wants.

#![forbid(unsafe_code)]

use crate::wire::declared::{Checksum, Layout, Written};
use crate::wire::tree::digits::Digits;
use crate::wire::tree::ledger_side::Known;
use crate::wire::tree::short_text::{Joined, ShortText};

/// Appends what counts of both sides, bids first, each best first with its size, in a checksum's order. `steps` are tick and lot.
/// Returns where in the text the second side begins, if one side stands behind the other.
#[inline(always)]
pub fn write_all<'a>(
    form: &Checksum,
    sides: [impl Iterator<Item = (i64, &'a Known)>; 2],
    steps: (&Digits, &Digits),
    text: &mut Joined,
) -> usize {
    let [bids, asks] = sides;
    let bids = bids.map(|one| written(form, 0, one, steps));
    let asks = asks.map(|one| written(form, 1, one, steps));
    match form.layout {
        Layout::AsksBids => {
            text.extend(asks);
            let second = text.len();
            text.extend(bids);
            second
        }
        Layout::Interleaved => {
            text.extend(ByTurns { sides: (bids, asks), second: false });
            0
        }
    }
}

/// Levels of both sides by turns; where one has no more, the others.
struct ByTurns<B, A> {
    sides: (B, A),
    second: bool,
}

impl<B: Iterator, A: Iterator<Item = B::Item>> Iterator for ByTurns<B, A> {
    type Item = B::Item;

    #[inline(always)]
    fn next(&mut self) -> Option<B::Item> {
        let (bids, asks) = &mut self.sides;
        self.second = !self.second;
        if self.second { bids.next().or_else(|| asks.next()) } else { asks.next().or_else(|| bids.next()) }
    }
}

/// A level with a separator behind price and size.
#[inline(always)]
fn written<'a>(
    form: &Checksum,
    side: usize,
    (lots, known): (i64, &'a Known),
    steps: (&Digits, &Digits),
) -> Result<&'a ShortText, Vec<u8>> {
    if known.sent_lots == lots { Ok(&known.text) } else { Err(unsent(form, side, (lots, known), steps)) }
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
