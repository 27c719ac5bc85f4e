//! What a venue's checksum has of each level: the texts of price and size, as they were sent or in the form that it wants.

#![forbid(unsafe_code)]

use crate::book::{Level, Side};
use crate::wire::declared::{Checksum, Written};
use crate::wire::tree::digits::Digits;
use crate::wire::tree::short_text::ShortText;

/// What a checksum has of a level, and its size in lots then.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The size in lots.
    pub lots: i64,
    /// Price and size, with a separator behind each.
    pub text: ShortText,
    /// How much of that is the price and its separator.
    pub price: usize,
}

/// The texts of a side by price, sorted as the levels of a checksum are: the best is last.
#[derive(Clone, Debug)]
pub struct SentSide {
    flip: i64,
    keys: Vec<i64>,
    /// Where each text lies: they don't move when one comes between them.
    places: Vec<u32>,
    texts: Vec<Sent>,
    free: Vec<u32>,
}

/// This many places from the end are searched one by one before a binary search of the rest.
const NEAR: usize = 8;

impl SentSide {
    /// A side without texts.
    pub fn new(side: Side) -> SentSide {
        let flip = if side == Side::Buy { 0 } else { -1 };
        SentSide { flip, keys: Vec::new(), places: Vec::new(), texts: Vec::new(), free: Vec::new() }
    }

    /// Sets the text of a price.
    #[inline]
    pub fn set(&mut self, price: i64, sent: Sent) {
        let key = price ^ self.flip;
        match self.find(key) {
            Ok(at) => self.texts[self.places[at] as usize] = sent,
            Err(at) => {
                let place = match self.free.pop() {
                    Some(place) => {
                        self.texts[place as usize] = sent;
                        place
                    }
                    None => {
                        self.texts.push(sent);
                        self.texts.len() as u32 - 1
                    }
                };
                self.keys.insert(at, key);
                self.places.insert(at, place);
            }
        }
    }

    /// Forgets the text of a price.
    #[inline]
    pub fn remove(&mut self, price: i64) {
        if let Ok(at) = self.find(price ^ self.flip) {
            self.keys.remove(at);
            self.free.push(self.places.remove(at));
        }
    }

    /// All of them, best first.
    pub fn best_first(&self) -> BestFirst<'_> {
        BestFirst { side: self, left: self.keys.len() }
    }

    fn find(&self, key: i64) -> Result<usize, usize> {
        let keys = &self.keys;
        let far = keys.len().saturating_sub(NEAR);
        if far > 0 && keys[far] > key {
            return keys[..far].binary_search(&key);
        }
        let at = far + keys[far..].iter().take_while(|&&known| known < key).count();
        if keys.get(at) == Some(&key) { Ok(at) } else { Err(at) }
    }
}

/// Finds the texts of prices that come best first.
#[derive(Clone, Copy, Debug)]
pub struct BestFirst<'a> {
    side: &'a SentSide,
    left: usize,
}

impl<'a> BestFirst<'a> {
    /// The text of a price that isn't better than the one before.
    #[inline]
    fn next(&mut self, price: i64) -> Option<&'a Sent> {
        let key = price ^ self.side.flip;
        while self.left > 0 && self.side.keys[self.left - 1] > key {
            self.left -= 1;
        }
        let at = self.left.checked_sub(1)?;
        (self.side.keys[at] == key).then(|| &self.side.texts[self.side.places[at] as usize])
    }
}

/// Writes the levels of a side, best first, as a checksum has them.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The checksum's form.
    pub form: &'a Checksum,
    /// The side: 0 for bids.
    pub side: usize,
    /// What was sent of its levels.
    pub sent: BestFirst<'a>,
    /// Tick and lot.
    pub steps: (&'a Digits, &'a Digits),
}

impl Writer<'_> {
    /// Appends a level, and a separator after it.
    #[inline]
    pub fn append(&mut self, level: Level, text: &mut Vec<u8>) {
        let (form, side, (tick, lot)) = (self.form, self.side, self.steps);
        match self.sent.next(level.price) {
            Some(sent) if sent.lots == level.lots => return sent.text.append_to(text),
            Some(sent) => {
                text.extend_from_slice(&sent.text.as_bytes()[..sent.price]);
                write_size(form, side, None, level.lots, lot, text);
            }
            None => {
                write(form.text, None, level.price, tick, text);
                text.extend_from_slice(form.separator.as_bytes());
                write_size(form, side, None, level.lots, lot, text);
            }
        }
        text.extend_from_slice(form.separator.as_bytes());
    }
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
