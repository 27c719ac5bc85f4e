//! Bytes that stand between the values of messages that are written alike, compared eight at a time.

#![forbid(unsafe_code)]

/// Bytes that have to stand somewhere.
#[derive(Clone, Debug)]
pub struct Literal {
    bytes: Box<[u8]>,
    /// The first eight of them, filled with zeros, and which bits of these count.
    word: u64,
    mask: u64,
}

impl Literal {
    /// These bytes.
    pub fn new(bytes: &[u8]) -> Literal {
        let mut first = [0; 8];
        let mut mask = [0; 8];
        for ((first, mask), &byte) in first.iter_mut().zip(&mut mask).zip(bytes) {
            (*first, *mask) = (byte, 0xff);
        }
        Literal { bytes: bytes.into(), word: u64::from_le_bytes(first), mask: u64::from_le_bytes(mask) }
    }

    /// How many bytes there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether the first of these bytes, up to eight, are the lowest ones of a word.
    #[inline(always)]
    pub fn begins(&self, word: u64) -> bool {
        (word ^ self.word) & self.mask == 0
    }

    /// The place behind these bytes, if they stand at `at`.
    #[inline(always)]
    pub fn skip(&self, data: &[u8], at: usize) -> Option<usize> {
        let rest = data.get(at..)?;
        let count = self.bytes.len();
        let Some(first) = rest.first_chunk() else {
            return (count <= rest.len() && self.begins(last_word(data, rest.len()))).then_some(at + count);
        };
        if !self.begins(u64::from_le_bytes(*first)) {
            return None;
        }
        if count > 8 && !self.goes_on(rest) {
            return None;
        }
        Some(at + count)
    }

    /// Whether what begins with the first eight bytes goes on with the others: sixteen by sixteen; the last of them overlap those
    /// before.
    #[inline]
    fn goes_on(&self, rest: &[u8]) -> bool {
        let wanted = &*self.bytes;
        let Some(found) = rest.get(..wanted.len()) else { return false };
        let (Some(last), Some(found_last)) = (wanted.last_chunk::<16>(), found.last_chunk::<16>()) else {
            return wanted.last_chunk::<8>() == found.last_chunk::<8>();
        };
        let mut at = 8;
        while let (Some(wanted), Some(found)) = (chunk(wanted, at), chunk(found, at)) {
            if wanted != found {
                return false;
            }
            at += 16;
        }
        u128::from_le_bytes(*last) == u128::from_le_bytes(*found_last)
    }
}

/// The last bytes, fewer than eight, as a word whose lowest byte is the first of them.
#[inline(always)]
fn last_word(data: &[u8], count: usize) -> u64 {
    match data.last_chunk() {
        Some(last) => u64::from_le_bytes(*last).checked_shr(64 - 8 * count as u32).unwrap_or_default(),
        None => data.iter().rev().take(count).fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

#[inline(always)]
fn chunk(bytes: &[u8], at: usize) -> Option<u128> {
    Some(u128::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
