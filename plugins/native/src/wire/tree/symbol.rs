//! Where a message says whose it is.

#![forbid(unsafe_code)]

use crate::wire::declared::{Symbol, Text};
use crate::wire::tree::path::Paths;
use crate::wire::tree::values::TextAt;

/// Where a message says whose it is.
#[derive(Clone, Debug)]
pub enum SymbolAt {
    /// A text is the venue's symbol.
    Text(TextAt),
    /// It is put together from several.
    #[allow(missing_docs, reason = "the fields are those of `declared::Symbol`")]
    Joined { keys: Vec<TextAt>, separator: String, lower: bool },
    /// A text is the base of several.
    Base(TextAt),
}

impl SymbolAt {
    /// Compiles the field.
    pub fn new(symbol: &Symbol, paths: &Paths) -> SymbolAt {
        let text = |key: &String, after: &str, until: &str| {
            let (key, after, until) = (key.clone(), after.to_owned(), until.to_owned());
            TextAt::new(&Text { key, optional: false, after, until }, paths)
        };
        match symbol {
            Symbol::Text(field) => SymbolAt::Text(TextAt::new(field, paths)),
            Symbol::Base { key, after, until, .. } => SymbolAt::Base(text(key, after, until)),
            Symbol::Joined { keys, separator, lower } => SymbolAt::Joined {
                keys: keys.iter().map(|key| text(key, "", "")).collect(),
                separator: separator.clone(),
                lower: *lower,
            },
        }
    }
}
