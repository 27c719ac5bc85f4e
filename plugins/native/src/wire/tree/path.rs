//! Paths into a message, compiled. The twin is `mainspring.wire._paths`.

#![forbid(unsafe_code)]

use crate::wire::declared::Place;
use crate::wire::tree::tape::{Kind, Message, tag};

/// A step of a path: the key of an object, and the place in an array where it is one too.
#[derive(Clone, Debug)]
struct Step {
    key: Vec<u8>,
    /// The key's `tag`.
    tag: u16,
    place: Option<i64>,
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// At the whole message.
    Root,
    /// At the item that a declaration is about.
    Item,
    /// At a row of levels.
    Row,
}

/// A path.
#[derive(Clone, Debug)]
pub struct Path {
    /// Where it starts.
    pub from: From,
    steps: Vec<Step>,
}

/// What a path starts from: the nodes of the whole message, the item and the row.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The message.
    pub message: Message<'a>,
    /// The item; without `each` it is the whole message.
    pub item: usize,
    /// The row; outside of rows it is the item.
    pub row: usize,
}

impl Path {
    /// The path of a value of a message.
    pub fn new(path: &str) -> Path {
        match path.strip_prefix('/') {
            Some(rest) => Path { from: From::Root, steps: steps(rest) },
            None => Path { from: From::Item, steps: steps(path) },
        }
    }

    /// The path of a value of a row.
    pub fn in_row(path: &str) -> Path {
        match path.strip_prefix("../") {
            Some(rest) => Path::new(rest),
            None if path.starts_with('/') => Path::new(path),
            None => Path { from: From::Row, steps: steps(path) },
        }
    }

    /// The path of a place in a row: a number is a place in an array only.
    pub fn of_place(place: &Place) -> Path {
        match place {
            Place::Key(key) => Path::in_row(key),
            // No key of an object is empty here: a step that has a place and no key finds nothing in an object.
            Place::Index(index) => Path {
                from: From::Row,
                steps: vec![Step { key: Vec::new(), tag: 0, place: i64::try_from(*index).ok() }],
            },
        }
    }

    /// The node that the path leads to.
    #[inline]
    pub fn find(&self, scope: &Scope<'_>) -> Option<usize> {
        let message = scope.message;
        let mut at = match self.from {
            From::Root => 0,
            From::Item => scope.item,
            From::Row => scope.row,
        };
        for step in &self.steps {
            at = match message.node(at).kind {
                Kind::Object if !step.key.is_empty() => message.member(at, &step.key, step.tag)?,
                Kind::Array => message.item(at, step.place?)?,
                _ => return None,
            };
        }
        Some(at)
    }
}

fn steps(path: &str) -> Vec<Step> {
    if path.is_empty() {
        return Vec::new();
    }
    path.split('.')
        .map(|step| Step { key: step.as_bytes().to_vec(), tag: tag(step.as_bytes()), place: place(step) })
        .collect()
}

fn place(step: &str) -> Option<i64> {
    let digits = step.strip_prefix('-').unwrap_or(step);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| step.parse().ok()).flatten()
}
