//! Lines of a capture: `<receive time, ns> <message>`, the message as it is or as `base64:` and its base64.

#![forbid(unsafe_code)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr;

use crate::lane::messages::Messages;
use crate::wire::decoder::MAX_MESSAGE_BYTES;

const TIME_DIGITS: usize = 19;
const BASE64: &[u8] = b"base64:";

/// The longest line, its end included: the largest message as base64, and its time.
pub const MAX_LINE_BYTES: usize = TIME_DIGITS + 1 + BASE64.len() + MAX_MESSAGE_BYTES.div_ceil(3) * 4 + 1;

/// Why the reading of lines ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// There is no further whole line here.
    NoLine,
    /// There are as many messages as may be.
    Full,
    /// The line that begins here isn't one for this reader.
    Unusual,
}

/// Takes whole lines from `at` on, until there are `most` messages. Moves `at` past the last line that was taken.
///
/// The first `searched` bytes from `at` on are known to hold no line end: so a long line that arrives in pieces is
/// searched once, not once for each piece.
pub fn take(data: &[u8], at: &mut usize, searched: usize, most: usize, messages: &mut Messages) -> Ended {
    let mut searched = searched;
    while messages.len() < most {
        let Some(length) = memchr(b'\n', &data[*at + searched..]) else { return Ended::NoLine };
        let length = std::mem::take(&mut searched) + length;
        if line(&data[*at..*at + length], messages).is_none() {
            return Ended::Unusual;
        }
        *at += length + 1;
    }
    Ended::Full
}

/// Takes one line, without its end.
#[inline]
fn line(line: &[u8], messages: &mut Messages) -> Option<()> {
    let head = &line[..line.len().min(TIME_DIGITS + 1)];
    let space = head.iter().position(|&byte| byte == b' ')?;
    let time = head[..space].iter().try_fold(0_u64, |time, byte| {
        byte.is_ascii_digit().then(|| time.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')))
    })?;
    let time = i64::try_from(time).ok().filter(|_| space > 0)?;
    let raw = &line[space + 1..];
    if raw.starts_with(BASE64) {
        let decoded = STANDARD.decode(&raw[BASE64.len()..]).ok()?;
        push(time, &decoded, messages)
    } else {
        push(time, raw, messages)
    }
}

#[inline]
fn push(time: i64, raw: &[u8], messages: &mut Messages) -> Option<()> {
    if raw.is_empty() || raw.len() > MAX_MESSAGE_BYTES {
        return None;
    }
    messages.push(time, raw);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_are_taken_and_the_first_unusual_one_is_left() {
        let data = b"1 a\n9223372036854775807 {}\n3 base64:AAEK\n4 b\n";
        let (mut at, mut messages) = (0, Messages::default());
        assert_eq!(take(data, &mut at, 0, 10, &mut messages), Ended::NoLine);
        let read: Vec<_> = messages.from(0).collect();
        assert_eq!(read, [(1, &b"a"[..]), (i64::MAX, b"{}"), (3, b"\0\x01\n"), (4, b"b")]);
        assert_eq!((at, take(data, &mut 0, 0, 4, &mut Messages::default())), (data.len(), Ended::Full));
        let unusual: [&[u8]; 9] = [
            b"\n",
            b" a\n",
            b"1\n",
            b"1 \n",
            b"x a\n",
            b"-1 a\n",
            b"9223372036854775808 a\n",
            b"1 base64:A\n",
            b"12345678901234567890 a\n",
        ];
        for line in unusual {
            let mut at = 0;
            assert_eq!(take(line, &mut at, 0, 1, &mut Messages::default()), Ended::Unusual, "{line:?}");
            assert_eq!(at, 0);
        }
    }
}
