//! RFC 3339 text to nanoseconds since the Unix epoch. The twin is `mainspring.wire._times`.

#![forbid(unsafe_code)]

/// The nanoseconds of an RFC 3339 time of at most nine decimals; a leap second counts on.
///
/// `None` for other text, a date that doesn't exist, and a time before the epoch or beyond 63 bits.
pub fn rfc3339_to_ns(text: &[u8]) -> Option<i64> {
    let head: &[u8; 19] = text.first_chunk()?;
    let two = |at: usize| number(&head[at..at + 2]);
    if head[4] != b'-' || head[7] != b'-' || head[13] != b':' || head[16] != b':' || !b"Tt ".contains(&head[10]) {
        return None;
    }
    let (year, month, day) = (number(&head[..4])?, two(5)?, two(8)?);
    let (hours, minutes, seconds) = (two(11)?, two(14)?, two(17)?);
    let mut rest = &text[19..];
    let mut nanoseconds = 0;
    if let [b'.', tail @ ..] = rest {
        let count = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || count > 9 {
            return None;
        }
        nanoseconds = number(&tail[..count])? * 10i64.pow(9 - u32::try_from(count).ok()?);
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
    let time = i128::from(whole) * 1_000_000_000 + i128::from(nanoseconds);
    i64::try_from(time).ok().filter(|&time| time >= 0)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

/// The days from the Unix epoch to a date of the Gregorian calendar; `None` where there is no such date. Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
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
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
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
        ] {
            assert_eq!(rfc3339_to_ns(text.as_bytes()), None, "{text}");
        }
    }
}
