//! What `when` wants of a text: that very text, or one that begins so, ends so, or holds a part. Its twin is
//! `compile_matches` in `mainspring.wire._flat`.

#![forbid(unsafe_code)]

use crate::wire::declared::Named;

/// What a text has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Another value than a pattern.
    Named(Named),
    /// A text that begins so.
    Begins(Vec<u8>),
    /// A text that ends so.
    Ends(Vec<u8>),
    /// A text that holds this.
    Holds(Vec<u8>),
}

impl Wanted {
    /// What a value of `when` stands for.
    pub fn new(named: &Named) -> Wanted {
        let Named::Text(text) = named else { return Wanted::Named(named.clone()) };
        let (first, last) = (text.starts_with('*'), text.ends_with('*'));
        let part = text.trim_matches('*').as_bytes().to_vec();
        match (first, last) {
            (false, false) => Wanted::Named(named.clone()),
            (false, true) => Wanted::Begins(part),
            (true, false) => Wanted::Ends(part),
            (true, true) => Wanted::Holds(part),
        }
    }

    /// Whether it is certain that what is as this wants it is never as the other does.
    pub fn excludes(&self, other: &Wanted) -> bool {
        match (self, other) {
            (Wanted::Begins(one), Wanted::Begins(other)) => !one.starts_with(other) && !other.starts_with(one),
            (Wanted::Ends(one), Wanted::Ends(other)) => !one.ends_with(other) && !other.ends_with(one),
            (_, Wanted::Named(Named::Text(name))) if !matches!(self, Wanted::Named(_)) => !self.fits(name.as_bytes()),
            _ => false,
        }
    }

    /// Whether a text is so.
    #[inline]
    pub fn fits(&self, text: &[u8]) -> bool {
        match self {
            Wanted::Named(named) => matches!(named, Named::Text(name) if text == name.as_bytes()),
            Wanted::Begins(part) => text.starts_with(part),
            Wanted::Ends(part) => text.ends_with(part),
            Wanted::Holds(part) => part.is_empty() || text.windows(part.len()).any(|window| window == part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Named, Wanted};

    #[test]
    fn what_excludes_another_fits_none_of_its_texts() {
        let wanted = ["book.*", "trades.*", "book.x*", "*.raw", "*.x.raw", "*book*", "book.x.raw", "trades.x", "*"];
        let texts = ["book.x.raw", "book.y.raw", "trades.x", "trades.x.raw", "book.", "x", ""];
        let mut excluded = 0;
        for one in wanted.map(|text| Wanted::new(&Named::Text(text.to_owned()))) {
            for other in wanted.map(|text| Wanted::new(&Named::Text(text.to_owned()))) {
                let both = texts.iter().any(|text| one.fits(text.as_bytes()) && other.fits(text.as_bytes()));
                assert!(!(both && one.excludes(&other)), "{one:?} and {other:?}");
                excluded += usize::from(one.excludes(&other));
            }
        }
        assert_eq!(excluded, 10);
    }
}
