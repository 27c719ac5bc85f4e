//! Runs of decimal digits in a message, eight at a time.

#![forbid(unsafe_code)]

/// 10 to the powers that fit `u64`.
pub const POW10: [u64; 20] = {
    let mut powers = [1u64; 20];
    let mut at = 1;
    while at < 20 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// A run of at most eight ASCII digits at `at`: its value and length. A ninth isn't looked at.
#[inline(always)]
pub fn eight_digits(data: &[u8], at: usize) -> (u64, usize) {
    if let Some(bytes) = data.get(at..at + 8) {
        let mut word = [0u8; 8];
        word.copy_from_slice(bytes);
        let low = u64::from_le_bytes(word).wrapping_sub(ZEROS);
        let not_digit = not_digits(low);
        let count = (not_digit.trailing_zeros() / 8) as usize;
        if count == 0 {
            return (0, 0);
        }
        // The first digit has to stand highest, the places before it filled with zeros.
        (digits_of(low << (64 - 8 * count)), count)
    } else {
        let mut value = 0;
        let mut count = 0;
        while let Some(byte) = data.get(at + count).filter(|byte| byte.is_ascii_digit()) {
            value = value * 10 + u64::from(byte - b'0');
            count += 1;
            if count == 8 {
                break;
            }
        }
        (value, count)
    }
}

/// The number that eight decimal digits make, one a byte, the first in the lowest byte. Daniel Lemire, "Quickly parsing
/// eight digits", 2018.
#[inline(always)]
fn digits_of(word: u64) -> u64 {
    let word = word.wrapping_mul(10).wrapping_add(word >> 8);
    let odd = (word & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let even = ((word >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    (odd.wrapping_add(even)) >> 32
}

/// How many digits stand in a row from `at` on.
#[inline(always)]
pub fn digit_count(data: &[u8], at: usize) -> usize {
    let mut count = 0;
    if let Some(bytes) = data.get(at..).and_then(<[u8]>::first_chunk) {
        // Most numbers are ended by one of sixteen bytes.
        let low = u128::from_le_bytes(*bytes).wrapping_sub(u128::from_le_bytes([b'0'; 16]));
        let sixes = u128::from_le_bytes([0x76; 16]);
        let not_digit = (low | low.wrapping_add(sixes)) & u128::from_le_bytes([0x80; 16]);
        if not_digit != 0 {
            return (not_digit.trailing_zeros() / 8) as usize;
        }
        count = 16;
    }
    while let Some(bytes) = data.get(at + count..).and_then(<[u8]>::first_chunk) {
        let not_digit = not_digits(u64::from_le_bytes(*bytes).wrapping_sub(ZEROS));
        if not_digit != 0 {
            return count + (not_digit.trailing_zeros() / 8) as usize;
        }
        count += 8;
    }
    count + data.get(at + count..).map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// The number that the digits from `start` to `end` make: one to sixteen digits, with as many bytes before them that sixteen can
/// be read. `None` for anything else.
#[inline(always)]
pub fn number_between(data: &[u8], start: usize, end: usize) -> Option<u64> {
    let (before, last) = data.get(..end)?.split_last_chunk::<8>()?;
    let last = u64::from_le_bytes(*last);
    match end.wrapping_sub(start) {
        length @ 1..=8 => eight_at_end(last, length),
        length @ 9..=16 => {
            let first = eight_at_end(u64::from_le_bytes(*before.last_chunk()?), length - 8)?;
            Some(first * POW10[8] + eight_at_end(last, 8)?)
        }
        _ => None,
    }
}

/// The number that the last of eight bytes make, which have to be digits. `count` is from 1 to 8.
#[inline(always)]
fn eight_at_end(word: u64, count: usize) -> Option<u64> {
    let low = (word ^ ZEROS) & u64::MAX << (64 - 8 * count);
    // Of a digit, nothing but 0 to 9 is left.
    ((low | low.wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080 == 0).then(|| digits_of(low))
}

/// Eight zeros in ASCII.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Sets the high bit of each of eight bytes that was no digit before `ZEROS` were taken off. Bits above the lowest set one may be
/// wrong.
#[inline(always)]
fn not_digits(low: u64) -> u64 {
    // A byte is a digit where its high nibble is 3 and stays so when 6 is added.
    (low | low.wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080
}

/// A run of at most 18 digits at `at`: its value and length; `None` where there are more.
#[inline(always)]
pub fn digits(data: &[u8], at: usize) -> Option<(u64, usize)> {
    let (value, count) = eight_digits(data, at);
    if count < 8 {
        return Some((value, count));
    }
    let (more, places) = eight_digits(data, at + 8);
    let (mut value, mut count) = (value * POW10[places & 15] + more, 8 + places);
    if places == 8 {
        while let Some(byte) = data.get(at + count).filter(|byte| byte.is_ascii_digit()) {
            if count == 18 {
                return None;
            }
            value = value * 10 + u64::from(byte - b'0');
            count += 1;
        }
    }
    Some((value, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_between_two_places_are_a_number() {
        let all = b"x:9081726354718293045,";
        for start in 0..all.len() {
            for end in start..=all.len() {
                let text = &all[start..end];
                let plain = (1..=16).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
                let there = if text.len() > 8 { end >= 16 } else { end >= 8 };
                let right = (plain && there).then(|| String::from_utf8_lossy(text).parse().expect("digits"));
                assert_eq!(number_between(all, start, end), right, "{start} to {end}");
            }
        }
        for byte in 0..=255u8 {
            for at in 8..16 {
                let mut data = *b"1234567812345678";
                data[at] = byte;
                let right = byte.is_ascii_digit().then(|| String::from_utf8_lossy(&data).parse().expect("digits"));
                assert_eq!(number_between(&data, 0, 16), right);
                assert_eq!(number_between(&data, at, at + 1), right.map(|_| u64::from(byte - b'0')));
            }
        }
        assert_eq!((number_between(b"12345678", 5, 4), number_between(b"12345678", 5, 9)), (None, None));
    }

    #[test]
    fn digits_in_a_row_are_counted() {
        for length in 0..30 {
            for behind in [&b""[..], b",", b":........", b"/1234567", b"\x801234567", b"e5\xff567890"] {
                let data = [&vec![b'7'; length][..], behind].concat();
                for at in 0..=length {
                    assert_eq!(digit_count(&data, at), length - at, "{data:?}");
                }
            }
        }
        assert_eq!(digit_count(b"12", 3), 0);
    }
}
