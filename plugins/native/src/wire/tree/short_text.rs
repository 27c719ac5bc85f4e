//! Short texts, kept in place: no memory is allocated for one of a level.

#![forbid(unsafe_code)]

use crate::mantissa::Mantissas;

/// How many bytes are kept in place.
pub const PLACE: usize = 46;

/// How many bytes most texts have at most.
const MOST: usize = 32;

/// How many bytes of a price or a size are copied at once.
const STEP: usize = 16;

/// A text that doesn't change; one longer than a level's lies elsewhere.
#[derive(Clone, Debug)]
pub struct ShortText(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Here(u8, [u8; PLACE]),
    There(Box<[u8]>),
}

impl Default for ShortText {
    fn default() -> ShortText {
        ShortText(Kept::Here(0, [0; PLACE]))
    }
}

impl ShortText {
    /// Keeps a text.
    #[inline]
    pub fn new(text: &[u8]) -> ShortText {
        let mut place = [0; PLACE];
        match place.get_mut(..text.len()) {
            Some(start) => {
                start.copy_from_slice(text);
                ShortText(Kept::Here(text.len() as u8, place))
            }
            None => ShortText(Kept::There(text.into())),
        }
    }

    /// Keeps two texts of `data` instead, with a separator behind each; returns the length of the first with its separator.
    /// `None`, and the text is any, where one is longer than sixteen bytes, or lies so near the end of the data that sixteen
    /// can't be copied. With `digits`, of each no more than the digits of a decimal, from the first that is no zero on; `None`
    /// for one with an exponent, and for one of sixteen bytes.
    #[inline(always)]
    pub fn set_pair(
        &mut self,
        mantissas: impl Mantissas,
        data: &[u8],
        (first, second): ((usize, usize), (usize, usize)),
        separator: &[u8],
        digits: bool,
    ) -> Option<usize> {
        let (&[] | &[_]) = separator else { return None };
        if !matches!(self.0, Kept::Here(..)) {
            *self = ShortText::default();
        }
        let Kept::Here(count, place) = &mut self.0 else { return None };
        let put = |place: &mut [u8; PLACE], at, text| {
            if digits { put_digits(mantissas, place, at, data, text) } else { put_text(place, at, data, text) }
        };
        // As many bytes each time, whatever the lengths: what is too many is written over, or isn't looked at.
        let behind = separator.first().copied().unwrap_or_default();
        let end = put(place, 0, first)?;
        place[end] = behind;
        let length = end + separator.len();
        let end = put(place, length, second)?;
        place[end] = behind;
        *count = (end + separator.len()) as u8;
        Some(length)
    }

    /// The text.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::Here(length, place) => &place[..usize::from(*length)],
            Kept::There(text) => text,
        }
    }
}

/// Texts one behind the other, in memory that is kept for the next.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    bytes: Vec<u8>,
    end: usize,
}

impl Joined {
    /// Forgets all bytes but so many of the first.
    pub fn truncate(&mut self, bytes: usize) {
        self.end = self.end.min(bytes);
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.end
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Adds texts, or bytes that were made for it.
    #[inline(always)]
    pub fn extend<'a>(&mut self, texts: impl Iterator<Item = Result<&'a ShortText, Vec<u8>>>) {
        let (mut bytes, mut end) = (self.bytes.as_mut_slice(), self.end);
        for text in texts {
            if let Ok(ShortText(Kept::Here(length, place))) = text
                && let Some(room) = bytes.get_mut(end..).and_then(<[u8]>::first_chunk_mut::<PLACE>)
            {
                // Of a size that is known, so that no more than a few moves copy it; most texts are within the first part.
                if usize::from(*length) <= MOST {
                    room[..MOST].copy_from_slice(&place[..MOST]);
                } else {
                    *room = *place;
                }
                end += usize::from(*length);
                continue;
            }
            self.end = end;
            self.push(text.as_ref().map_or_else(Vec::as_slice, |text| text.as_bytes()));
            (bytes, end) = (self.bytes.as_mut_slice(), self.end);
        }
        self.end = end;
    }

    #[inline(never)]
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.end);
        self.bytes.extend_from_slice(bytes);
        self.end = self.bytes.len();
        // Room for many more.
        self.bytes.resize(self.end + 64 * PLACE, 0);
    }

    /// All of them but for the last bytes.
    pub fn without(&self, last: usize) -> &[u8] {
        &self.bytes[..self.end.saturating_sub(last)]
    }
}

/// The sixteen bytes from a place on.
#[inline(always)]
fn near(data: &[u8], at: usize) -> Option<&[u8; STEP]> {
    data.get(at..)?.first_chunk()
}

/// Puts a text of at most sixteen bytes to `at`, and returns the place behind it.
#[inline(always)]
fn put_text(place: &mut [u8; PLACE], at: usize, data: &[u8], (start, end): (usize, usize)) -> Option<usize> {
    *place.get_mut(at..)?.first_chunk_mut()? = *near(data, start)?;
    (end - start <= STEP).then_some(at + end - start)
}

/// Puts the digits of a decimal of at most fifteen bytes to `at`, from the first that is no zero on, and returns the place behind
/// them.
#[inline(always)]
fn put_digits(
    mantissas: impl Mantissas,
    place: &mut [u8; PLACE],
    at: usize,
    data: &[u8],
    (start, end): (usize, usize),
) -> Option<usize> {
    let (digits, count) = mantissas.digits(near(data, start)?, end - start)?;
    *place.get_mut(at..)?.first_chunk_mut()? = digits;
    Some(at + count)
}

#[cfg(test)]
mod tests {
    use super::{Joined, MOST, PLACE, ShortText};
    use crate::mantissa::InHalves;

    #[test]
    fn two_texts_are_kept_with_a_separator_behind_each() {
        let data = b"0.123456789012345,67.8,.................";
        for (first, second) in [((0, 1), (1, 1)), ((0, 16), (2, 18)), ((3, 9), (18, 22)), ((0, 4), (24, 30))] {
            for separator in [&b""[..], b":"] {
                let right = [&data[first.0..first.1], separator, &data[second.0..second.1], separator].concat();
                let mut whole = ShortText::new(&[b'x'; PLACE + 1]);
                match whole.set_pair(InHalves, data, (first, second), separator, false) {
                    Some(length) => assert_eq!(length, first.1 - first.0 + separator.len()),
                    None => {
                        assert!(second.0 + 16 > data.len());
                        whole = ShortText::new(&right);
                    }
                }
                assert_eq!(whole.as_bytes(), right);
            }
        }
        let mut kept = ShortText::default();
        assert_eq!(kept.set_pair(InHalves, data, ((0, 17), (2, 3)), b":", false), None);
        assert_eq!(kept.set_pair(InHalves, data, ((0, 1), (30, 31)), b":", false), None);
        assert_eq!(kept.set_pair(InHalves, data, ((0, 1), (1, 2)), b"::", false), None);
        for text in ["1E-7", "12e3", "0.0e", "0e-1", "-1.5", "1.2e", "0-.1"] {
            let data = format!("{text},0.5,....................").into_bytes();
            assert_eq!(kept.set_pair(InHalves, &data, ((0, 4), (5, 8)), b":", true), None, "{text}");
            assert_eq!(kept.set_pair(InHalves, &data, ((5, 8), (0, 4)), b":", true), None, "{text}");
        }
    }

    #[test]
    fn the_digits_of_decimals_are_kept_from_the_first_that_counts_on() {
        let texts = ["0", "7", "0.0", "000", "0.0070", "30182.6", "0.042960", "123456789012345", "0.1234567890123"];
        for one in texts {
            for other in texts {
                for separator in [&b""[..], b":"] {
                    let data = format!("{one},{other},................").into_bytes();
                    let digits = |text: &str| text.replace('.', "").trim_start_matches('0').as_bytes().to_vec();
                    let second = (one.len() + 1, one.len() + 1 + other.len());
                    let mut kept = ShortText::new(&[b'x'; PLACE + 1]);
                    let length = kept.set_pair(InHalves, &data, ((0, one.len()), second), separator, true);
                    assert_eq!(length, Some(digits(one).len() + separator.len()), "{one}");
                    let right = [&digits(one)[..], separator, &digits(other)[..], separator].concat();
                    assert_eq!(kept.as_bytes(), right, "{one} and {other}");
                }
            }
        }
    }

    #[test]
    fn texts_of_any_length_are_joined() {
        let mut joined = Joined::default();
        for times in [3, 200, 1] {
            joined.truncate(0);
            let (mut right, mut texts) = (Vec::new(), Vec::new());
            for time in 0..times {
                for length in [0, 1, MOST - 1, MOST, MOST + 1, PLACE - 1, PLACE, PLACE + 1, 300] {
                    let text: Vec<u8> = (0..length).map(|at| (at + time) as u8).collect();
                    right.extend_from_slice(&text);
                    texts.push(Ok(ShortText::new(&text)));
                }
                right.extend_from_slice(b"more");
                texts.push(Err(b"more".to_vec()));
            }
            let half = texts.len() / 2;
            for part in [&texts[..half], &texts[half..]] {
                joined.extend(part.iter().map(|text| text.as_ref().map_err(Vec::clone)));
            }
            assert_eq!((joined.without(0), joined.len()), (&right[..], right.len()));
            assert_eq!(joined.without(2), &right[..right.len() - 2]);
            joined.truncate(1);
            joined.extend(std::iter::once(Err(b"x".to_vec())));
            assert_eq!(joined.without(0), [right[..1].to_vec(), b"x".to_vec()].concat());
        }
        assert_eq!(Joined::default().without(1), b"");
        assert!(Joined::default().is_empty());
    }

    #[test]
    fn a_text_of_any_length_is_kept() {
        for length in [0, 1, PLACE - 1, PLACE, PLACE + 1, 300] {
            let text: Vec<u8> = (0..length).map(|at| at as u8).collect();
            assert_eq!(ShortText::new(&text).as_bytes(), text);
        }
    }
}
