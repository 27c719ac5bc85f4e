//! RFC 3339 text to nanoseconds since the Unix epoch. The twin is `mainspring.wire._times`.

#![forbid(unsafe_code)]

use crate::digits::{POW10, digits};

/// The nanoseconds of an RFC 3339 time of at most nine decimals; a leap second counts on.
///
/// `None` for other text, a date that doesn't exist, and a time before the epoch or beyond 63 bits.
pub fn rfc3339_to_ns(text: &[u8]) -> Option<i64> {
    let head: &[u8; 19] = text.first_chunk()?;
    // "2024-08-", "09T12:34" and ":56": the pairs of digits of eight bytes at once.
    let date = pairs(head.first_chunk()?, 0xff00_00ff_0000_0000, 0x2d00_002d_0000_0000)?;
    let middle = if b"Tt ".contains(&head[10]) { u64::from(head[10]) << 16 } else { return None };
    let clock = pairs(head[8..].first_chunk()?, 0x0000_ff00_00ff_0000, 0x0000_3a00_0000_0000 | middle)?;
    let pair = |pairs: u64, at: u32| ((pairs >> (8 * at)) & 0xff) as i64;
    let (year, month) = (pair(date, 0) * 100 + pair(date, 2), pair(date, 5));
    let (day, hours, minutes) = (pair(clock, 0), pair(clock, 3), pair(clock, 6));
    let seconds = if head[16] == b':' { number(&head[17..])? } else { return None };
    let mut rest = &text[19..];
    let mut nanoseconds = 0;
    if let [b'.', tail @ ..] = rest {
        let (value, count @ 1..=9) = digits(tail, 0)? else { return None };
        nanoseconds = (value * POW10[9 - count]) as i64;
        rest = &tail[count..];
    }
    let offset = match rest {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -60 } else { 60 }
        }
        _ => return None,
    };
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let whole = days_since_epoch(year, month, day)? * 86_400 + hours * 3_600 + minutes * 60 + seconds - offset;
    whole.checked_mul(1_000_000_000)?.checked_add(nanoseconds).filter(|&time| time >= 0)
}

/// The numbers that two neighbours of eight bytes make, each in the place of the first of them; `None` where a byte is no
/// digit. The bytes of `mask` have to be those of `between`.
#[inline]
fn pairs(bytes: &[u8; 8], mask: u64, between: u64) -> Option<u64> {
    let word = u64::from_le_bytes(*bytes);
    let low = (word & !mask | ZEROS & mask).wrapping_sub(ZEROS);
    let not_digit = (low | low.wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080;
    (word & mask == between && not_digit == 0).then(|| low.wrapping_mul(10).wrapping_add(low >> 8))
}

/// Eight zeros in ASCII.
const ZEROS: u64 = 0x3030_3030_3030_3030;

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

/// The days from the Unix epoch to a date of the Gregorian calendar; `None` where there is no such date. Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
#[inline]
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March, counted from that of the year 0, so that a leap day ends one.
    let year = (if month <= 2 { year - 1 } else { year }) as u64;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some((year * 365 + year / 4 - year / 100 + year / 400) as i64 + day_of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_or_refused() {
        assert_eq!(rfc3339_to_ns(b"1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(rfc3339_to_ns(b"2024-02-29T23:59:60.5z"), Some(1_709_251_200_500_000_000));
        assert_eq!(rfc3339_to_ns(b"2024-08-09 02:00:00.000000001+02:00"), Some(1_723_161_600_000_000_001));
        assert_eq!(rfc3339_to_ns(b"2262-04-11T23:47:16.854775807Z"), Some(i64::MAX));
        for text in [
            "",
            "2024-08-09",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-08-09T24:00:00Z",
            "2024-08-09T00:00:61Z",
            "2024-08-09T00:00:00.Z",
            "2024-08-09T00:00:00.1234567890Z",
            "2024-08-09T00:00:00",
            "1969-12-31T23:59:59Z",
            "2262-04-11T23:47:16.854775808Z",
            "0000-01-01T00:00:00Z",
            "2024-08-09T00:00:00+24:00",
            "2024-08-09T00:00:00Zx",
            "2024-08-09T00:00:00+1:00",
            "2024/08-09T00:00:00Z",
            "2024-08/09T00:00:00Z",
            "2024-08-09-00:00:00Z",
            "2024-08-09T00-00:00Z",
            "2024-08-09T00:00.00Z",
            "2o24-08-09T00:00:00Z",
            "2024-08-0:T00:00:00Z",
            "2024-08-09T00:00:0/Z",
            "2024-08-09T00:00:00.12345678901234567890Z",
        ] {
            assert_eq!(rfc3339_to_ns(text.as_bytes()), None, "{text}");
        }
    }
}
