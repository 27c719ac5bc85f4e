//! Values of a message, found by their paths. The twin is `mainspring.wire._tree_values`.

#![forbid(unsafe_code)]

use crate::digits::number_between;
use crate::wire::declared::{Choice, Integer, Named, Optional, Text};
use crate::wire::event::NO_ID;
use crate::wire::json_value::number_value;
use crate::wire::tree::node::{Kind, Message, Node, UNREAD};
use crate::wire::tree::path::{Path, Paths, Scope};
use crate::wire::tree::rows::Told;
use crate::wire::value::{Fault, Is};

/// The longest text of a number with an exponent or a fraction of a time.
pub const MAX_TEXT: usize = 64;

/// The fault of a value, or of the item where there is none.
pub fn fault(scope: &Scope<'_>, at: Option<usize>, what: &'static str) -> Fault {
    let node = scope.message.node(at.unwrap_or(scope.item));
    Fault { at: node.start as usize, what }
}

/// A text, cut as declared.
#[derive(Clone, Debug)]
pub struct TextAt {
    path: Path,
    optional: bool,
    after: String,
    until: String,
}

impl TextAt {
    /// Compiles the field.
    pub fn new(field: &Text, paths: &Paths) -> TextAt {
        TextAt {
            path: paths.of(&field.key),
            optional: field.optional,
            after: field.after.clone(),
            until: field.until.clone(),
        }
    }

    /// The text.
    pub fn read<'a>(&self, scope: &Scope<'a>) -> Result<&'a [u8], Fault> {
        let found = self.path.find(scope);
        let text = match found.map(|at| scope.message.node(at)) {
            Some(node) if node.kind == Kind::Text => scope.message.text(node),
            None if self.optional => return Ok(b""),
            _ => return Err(fault(scope, found, "must be text")),
        };
        if self.after.is_empty() && self.until.is_empty() {
            return Ok(text);
        }
        let start = match find_bytes(text, self.after.as_bytes()) {
            Some(at) => at + self.after.len(),
            None => return Ok(b""),
        };
        let rest = &text[start..];
        let end = if self.until.is_empty() { None } else { find_bytes(rest, self.until.as_bytes()) };
        Ok(&rest[..end.unwrap_or(rest.len())])
    }

    /// The text before it is cut.
    #[inline]
    pub fn whole<'a>(&self, scope: &Scope<'a>) -> Option<&'a [u8]> {
        let node = scope.message.node(self.path.find(scope)?);
        (node.kind == Kind::Text).then(|| scope.message.text(node))
    }

    /// Whether the text before it is cut is this one, which isn't empty.
    #[inline]
    pub fn is(&self, text: &[u8], scope: &Scope<'_>) -> bool {
        !text.is_empty() && self.whole(scope) == Some(text)
    }

    /// The text as a string.
    pub fn string(&self, scope: &Scope<'_>) -> Result<String, Fault> {
        Ok(String::from_utf8_lossy(self.read(scope)?).into_owned())
    }
}

fn find_bytes(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window == part)
}

/// The whole number that the digits of a node are.
#[inline]
pub(super) fn whole_number(message: &Message<'_>, node: &Node) -> Option<i64> {
    let (start, end) = (node.start as usize, node.end as usize);
    if let Some(value) = number_between(message.source(node), start, end) {
        return i64::try_from(value).ok();
    }
    let text = message.text(node);
    // JSON has a zero with a sign.
    digits_of(if node.kind == Kind::Integer && text == b"-0" { b"0" } else { text })
}

/// The whole number that a text of digits is.
pub fn digits_of(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > MAX_TEXT / 2 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    text.iter().try_fold(0i64, |value, byte| value.checked_mul(10)?.checked_add(i64::from(byte - b'0')))
}

/// An integer.
#[derive(Clone, Debug)]
pub struct IntegerAt {
    path: Path,
    optional: bool,
    text: bool,
}

impl IntegerAt {
    /// Compiles the field.
    pub fn new(field: &Integer, paths: &Paths) -> IntegerAt {
        IntegerAt::at(&field.key, field.optional, field.text, paths)
    }

    /// That under a key.
    pub fn at(key: &str, optional: bool, text: bool, paths: &Paths) -> IntegerAt {
        IntegerAt { path: paths.of(key), optional, text }
    }

    /// Whether both are the same value.
    pub fn is_as(&self, other: &IntegerAt) -> bool {
        self.path.id == other.path.id && (self.optional, self.text) == (other.optional, other.text)
    }

    /// The integer; `NO_ID` for an absent one that is optional.
    pub fn read(&self, scope: &Scope<'_>) -> Result<i64, Fault> {
        let found = self.path.find(scope);
        let value = match found.map(|at| scope.message.node(at)) {
            None if self.optional => return Ok(NO_ID),
            Some(node) if node.value != UNREAD => return Ok(node.value),
            Some(node) if node.kind == Kind::Integer || (self.text && node.kind == Kind::Text) => {
                whole_number(&scope.message, node)
            }
            _ => None,
        };
        value.ok_or_else(|| fault(scope, found, "must be an integer"))
    }
}

/// An integer, or `NO_ID` where none is declared.
pub fn id(field: Option<&IntegerAt>, scope: &Scope<'_>) -> Result<i64, Fault> {
    field.map_or(Ok(NO_ID), |field| field.read(scope))
}

/// A choice.
#[derive(Clone, Debug)]
pub struct ChoiceAt {
    /// Where it stands.
    pub path: Path,
    values: Vec<(Named, i64)>,
    /// The short texts among them, as words.
    words: Vec<(u64, i64)>,
    otherwise: Option<i64>,
}

/// A text of one to seven bytes as a word, the first one lowest.
fn word_of(text: &[u8]) -> Option<u64> {
    let mut word = [0; 8];
    word.get_mut(..text.len())?.copy_from_slice(text);
    matches!(text.len(), 1..=7).then(|| u64::from_le_bytes(word))
}

impl ChoiceAt {
    /// Compiles the field of a message.
    pub fn new(field: &Choice, paths: &Paths) -> ChoiceAt {
        ChoiceAt::at(paths.of(&field.key), field)
    }

    /// Compiles the field of a row.
    pub fn in_row(field: &Choice, paths: &Paths) -> ChoiceAt {
        ChoiceAt::at(paths.in_row(&field.key), field)
    }

    fn at(path: Path, field: &Choice) -> ChoiceAt {
        let short = |(named, meaning): &(Named, i64)| match named {
            Named::Text(name) => word_of(name.as_bytes()).map(|word| (word, *meaning)),
            _ => None,
        };
        let words = field.values.iter().filter_map(short).collect();
        ChoiceAt { path, values: field.values.clone(), words, otherwise: field.otherwise }
    }

    /// What a text of a row stands for.
    #[inline(always)]
    pub fn of_told(&self, raw: &[u8], told: Told) -> Option<i64> {
        if told.word == 0 {
            return self.of_text(&raw[told.at.0 as usize..told.at.1 as usize]);
        }
        self.words.iter().find(|(word, _)| *word == told.word).map(|(_, meaning)| *meaning).or(self.otherwise)
    }

    /// What a text stands for.
    fn of_text(&self, text: &[u8]) -> Option<i64> {
        let is = |named: &Named| matches!(named, Named::Text(name) if name.as_bytes() == text);
        self.values.iter().find(|(named, _)| is(named)).map(|(_, meaning)| *meaning).or(self.otherwise)
    }

    /// What the value stands for.
    pub fn read(&self, scope: &Scope<'_>) -> Result<i64, Fault> {
        let found = self.path.find(scope);
        if let Some(at) = found {
            let node = scope.message.node(at);
            if let Some((_, meaning)) = self.values.iter().find(|(named, _)| is_named(scope, node, named)) {
                return Ok(*meaning);
            }
        }
        self.otherwise.ok_or_else(|| fault(scope, found, "must be one of the declared values"))
    }
}

/// Whether a value is the one that a declaration names, of its very type.
pub fn is_named(scope: &Scope<'_>, node: &Node, named: &Named) -> bool {
    match (node.kind, named) {
        (Kind::Text, Named::Text(name)) => scope.message.text(node) == name.as_bytes(),
        (Kind::True, Named::Flag(flag)) => *flag,
        (Kind::False, Named::Flag(flag)) => !*flag,
        (Kind::Integer, Named::Integer(name)) => number_value(scope.message.text(node), true)
            .is_some_and(|value| matches!(value, Is::Integer(value) if value == i128::from(*name))),
        _ => false,
    }
}

/// A boolean; `None` where none is declared.
#[derive(Clone, Debug)]
pub struct FlagAt {
    path: Path,
    optional: bool,
}

impl FlagAt {
    /// Compiles the field.
    pub fn new(field: &Optional, paths: &Paths) -> FlagAt {
        FlagAt { path: paths.of(&field.key), optional: field.optional }
    }

    /// The boolean.
    pub fn read(&self, scope: &Scope<'_>) -> Result<bool, Fault> {
        let found = self.path.find(scope);
        match found.map(|at| scope.message.node(at).kind) {
            Some(Kind::True) => Ok(true),
            Some(Kind::False) => Ok(false),
            None if self.optional => Ok(false),
            _ => Err(fault(scope, found, "must be true or false")),
        }
    }

    /// A number for information: NaN for an absent one that is optional.
    pub fn number(&self, scope: &Scope<'_>) -> Result<f64, Fault> {
        let found = self.path.find(scope);
        let Some(at) = found else {
            return if self.optional { Ok(f64::NAN) } else { Err(fault(scope, found, "is missing")) };
        };
        let node = scope.message.node(at);
        match node.kind {
            Kind::Integer | Kind::Float => match number_value(scope.message.text(node), node.kind == Kind::Integer) {
                Some(Is::Integer(value)) => Ok(value as f64),
                Some(Is::Float(value)) => Ok(value),
                _ => Err(fault(scope, found, "must be a finite number")),
            },
            _ => Err(fault(scope, found, "must be a finite number")),
        }
    }
}

/// Plain decimal text; `None` where it is empty, null, or absent and optional.
pub fn decimal_at(field: &Text, path: &Path, scope: &Scope<'_>, signed: bool) -> Result<Option<String>, Fault> {
    let found = path.find(scope);
    let text = match found.map(|at| scope.message.node(at)) {
        Some(node) if node.kind == Kind::Text => scope.message.text(node),
        Some(node) if node.kind == Kind::Null => return Ok(None),
        None if field.optional => return Ok(None),
        _ => return Err(fault(scope, found, "must be text")),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(text).into_owned();
    let above_zero = || !text.starts_with('-') && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if !crate::wire::reading::is_decimal(&text) || !(signed || above_zero()) {
        return Err(fault(scope, found, "must be decimal text"));
    }
    Ok(Some(text))
}
