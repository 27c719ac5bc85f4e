//! Texts in JSON: where they end, and whether they are read as they stand.

#![forbid(unsafe_code)]

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = ONES << 7;

/// Sets the high bit of each of eight bytes that equals the wanted one. Bits above the lowest set one may be wrong, so only
/// that one counts.
#[inline(always)]
fn is(word: u64, byte: u8) -> u64 {
    let zero = word ^ (ONES * u64::from(byte));
    zero.wrapping_sub(ONES) & !zero & HIGH
}

/// The place of the first quote among eight bytes.
#[inline(always)]
pub fn quote_in(word: u64) -> Option<usize> {
    let found = is(word, b'"');
    (found != 0).then(|| (found.trailing_zeros() / 8) as usize)
}

/// The place of the next quote. A clean message has no escapes.
#[inline]
pub fn quote(data: &[u8], mut at: usize) -> Option<usize> {
    while let Some(bytes) = data.get(at..at + 8).and_then(<[u8]>::first_chunk) {
        if let Some(more) = quote_in(u64::from_le_bytes(*bytes)) {
            return Some(at + more);
        }
        at += 8;
    }
    data.get(at..)?.iter().position(|&byte| byte == b'"').map(|more| at + more)
}

/// The place of the quote that ends a text at `at`, in which nothing needs unescaping and all is ASCII.
#[inline]
pub fn clean_text(data: &[u8], at: usize) -> Option<usize> {
    clean_until(data, at, b'"')
}

/// The place of the first such byte of a text at `at`, before which nothing needs unescaping and all is ASCII; `None` where
/// the text has none.
#[inline(always)]
pub fn clean_until(data: &[u8], mut at: usize, end: u8) -> Option<usize> {
    while let Some(bytes) = data.get(at..at + 8).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*bytes);
        let ends = is(word, end);
        let below_space = word.wrapping_sub(ONES * u64::from(b' ')) & !word & HIGH;
        let quotes = if end == b'"' { 0 } else { is(word, b'"') };
        let dirty = below_space | is(word, b'\\') | word & HIGH | quotes;
        if ends != 0 {
            let before = (ends & ends.wrapping_neg()) - 1;
            return (dirty & before == 0).then_some(at + (ends.trailing_zeros() / 8) as usize);
        }
        if dirty != 0 {
            return None;
        }
        at += 8;
    }
    loop {
        match *data.get(at)? {
            byte if byte == end => return Some(at),
            b'"' | b'\\' | ..b' ' | 0x80.. => return None,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{clean_text, clean_until};

    #[test]
    fn a_text_is_read_up_to_a_byte_of_it_and_not_beyond_its_quote() {
        for length in 0..20 {
            for more in [&b""[..], b"trade\"", b"\x80\x00\\\"........", b"@@@@@@@@@@@@@@@@@@@"] {
                let mut data = vec![b'a'; length];
                data.push(b'@');
                data.extend_from_slice(more);
                assert_eq!(clean_until(&data, 0, b'@'), Some(length), "{data:?}");
                for at in 0..length {
                    for byte in 0..=255u8 {
                        let mut spoilt = data.clone();
                        spoilt[at] = byte;
                        let right = match byte {
                            b'@' => Some(at),
                            b' ' | b'!' | b'#'..=b'[' | b']'..=0x7f => Some(length),
                            _ => None,
                        };
                        assert_eq!(clean_until(&spoilt, 0, b'@'), right, "{spoilt:?}");
                    }
                }
            }
            assert_eq!(clean_until(&vec![b'a'; length], 0, b'@'), None);
        }
    }

    #[test]
    fn a_text_ends_at_its_quote_or_needs_others_to_read_it() {
        for length in 0..20 {
            for more in [&b""[..], b",", b"\x80\x00\\\"........", b"..................."] {
                let mut data = vec![b'a'; length];
                data.push(b'"');
                data.extend_from_slice(more);
                assert_eq!(clean_text(&data, 0), Some(length), "{data:?}");
                for at in 0..length {
                    for byte in 0..=255u8 {
                        let mut spoilt = data.clone();
                        spoilt[at] = byte;
                        let right = match byte {
                            b'"' => Some(at),
                            b' '..=b'[' | b']'..=0x7f => Some(length),
                            _ => None,
                        };
                        assert_eq!(clean_text(&spoilt, 0), right, "{spoilt:?}");
                    }
                }
            }
            assert_eq!(clean_text(&vec![b'a'; length], 0), None);
        }
    }
}
