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
        let end = at + self.bytes.len();
        let Some(bytes) = data.get(at..at + 8).and_then(<[u8]>::first_chunk) else {
            return (data.get(at..end)? == &*self.bytes).then_some(end);
        };
        if !self.begins(u64::from_le_bytes(*bytes)) {
            return None;
        }
        if self.bytes.len() <= 8 {
            return Some(end);
        }
        // Then sixteen by sixteen; the last of them overlap those before.
        let (wanted, found) = (&*self.bytes, data.get(at..end)?);
        let (Some(last), Some(found_last)) = (wanted.last_chunk::<16>(), found.last_chunk::<16>()) else {
            return (wanted.last_chunk::<8>()? == found.last_chunk::<8>()?).then_some(end);
        };
        let mut chunks = wanted.chunks_exact(16).zip(found.chunks_exact(16));
        let same = chunks.all(|(wanted, found)| wanted == found);
        if !same || last != found_last {
            return None;
        }
        Some(end)
    }
}
