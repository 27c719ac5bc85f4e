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
