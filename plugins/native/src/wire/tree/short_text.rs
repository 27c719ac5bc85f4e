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
    fn a_text_of_any_length_is_kept() {
        for length in [0, 1, PLACE - 1, PLACE, PLACE + 1, 300] {
            let text: Vec<u8> = (0..length).map(|at| at as u8).collect();
            assert_eq!(ShortText::new(&text).as_bytes(), text);
        }
    }
}
