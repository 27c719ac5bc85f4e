//! Short texts, kept in place: no memory is allocated for one of a level.

#![forbid(unsafe_code)]

const PLACE: usize = 46;

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

    /// Keeps two texts of `data` instead, with a separator behind each. False, and nothing is changed, where one is longer than
    /// sixteen bytes, or lies so near the end of the data that sixteen can't be copied.
    #[inline]
    pub fn set_pair(&mut self, data: &[u8], first: (usize, usize), second: (usize, usize), separator: &[u8]) -> bool {
        const STEP: usize = 16;
        let chunk = |start: usize| data.get(start..start + STEP).and_then(<[u8]>::first_chunk::<STEP>);
        let (length, rest) = (first.1 - first.0, second.1 - second.0);
        let (&[] | &[_]) = separator else { return false };
        if length > STEP || rest > STEP {
            return false;
        }
        let (Some(one), Some(other)) = (chunk(first.0), chunk(second.0)) else { return false };
        if !matches!(self.0, Kept::Here(..)) {
            *self = ShortText::default();
        }
        let Kept::Here(count, place) = &mut self.0 else { return false };
        // As many bytes each time, whatever the lengths: what is too many is written over, or isn't looked at.
        let behind = separator.first().copied().unwrap_or_default();
        place[..STEP].copy_from_slice(one);
        place[length] = behind;
        let at = length + separator.len();
        place[at..at + STEP].copy_from_slice(other);
        place[at + rest] = behind;
        *count = (at + rest + separator.len()) as u8;
        true
    }

    /// Appends the text.
    #[inline]
    pub fn append_to(&self, text: &mut Vec<u8>) {
        match &self.0 {
            Kept::Here(length, place) => {
                let end = text.len() + usize::from(*length);
                text.extend_from_slice(place);
                text.truncate(end);
            }
            Kept::There(all) => text.extend_from_slice(all),
        }
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

#[cfg(test)]
mod tests {
    use super::{PLACE, ShortText};

    #[test]
    fn two_texts_are_kept_with_a_separator_behind_each() {
        let data = b"0.123456789012345,67.8,.................";
        for (first, second) in [((0, 1), (1, 1)), ((0, 16), (2, 18)), ((3, 9), (18, 22)), ((0, 4), (24, 30))] {
            for separator in [&b""[..], b":"] {
                let right = [&data[first.0..first.1], separator, &data[second.0..second.1], separator].concat();
                let mut whole = ShortText::new(&[b'x'; PLACE + 1]);
                if !whole.set_pair(data, first, second, separator) {
                    assert!(second.0 + 16 > data.len());
                    whole = ShortText::new(&right);
                }
                assert_eq!(whole.as_bytes(), right);
                let mut text = b"before".to_vec();
                whole.append_to(&mut text);
                assert_eq!(text, [b"before", &right[..]].concat());
            }
        }
        let mut kept = ShortText::new(b"as before");
        assert!(!kept.set_pair(data, (0, 17), (2, 3), b":"));
        assert!(!kept.set_pair(data, (0, 1), (30, 31), b":"));
        assert!(!kept.set_pair(data, (0, 1), (1, 2), b"::"));
        assert_eq!(kept.as_bytes(), b"as before");
    }

    #[test]
    fn a_text_of_any_length_is_kept() {
        for length in [0, 1, PLACE - 1, PLACE, PLACE + 1, 300] {
            let text: Vec<u8> = (0..length).map(|at| at as u8).collect();
            assert_eq!(ShortText::new(&text).as_bytes(), text);
        }
    }
}
