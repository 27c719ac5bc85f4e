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

    /// The place behind these bytes, if they stand at `at`.
    #[inline(always)]
    pub fn skip(&self, data: &[u8], at: usize) -> Option<usize> {
        let end = at + self.bytes.len();
        let Some(bytes) = data.get(at..at + 8).and_then(<[u8]>::first_chunk) else {
            return (data.get(at..end)? == &*self.bytes).then_some(end);
        };
        if (u64::from_le_bytes(*bytes) ^ self.word) & self.mask != 0 {
            return None;
        }
        // Then eight by eight; the last eight overlap those before them.
        let mut done = 8;
        while done < self.bytes.len() {
            done = (done + 8).min(self.bytes.len());
            let wanted = self.bytes.get(done - 8..done)?.first_chunk::<8>()?;
            let found = data.get(at + done - 8..at + done)?.first_chunk::<8>()?;
            if u64::from_le_bytes(*wanted) != u64::from_le_bytes(*found) {
                return None;
            }
        }
        Some(end)
    }
}
