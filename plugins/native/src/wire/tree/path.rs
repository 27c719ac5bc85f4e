//! Paths into a message, compiled. The twin is `mainspring.wire._paths`.

#![forbid(unsafe_code)]

use std::cell::RefCell;

use crate::wire::declared::Place;
use crate::wire::tree::node::{Kind, Message, tag};

/// A step of a path: the key of an object, and the place in an array where it is one too.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// At the key, in the object that the steps lead to from the whole message, of the value that the item is or is in.
    Key,
}

/// A path.
#[derive(Clone, Debug)]
pub struct Path {
    /// Where it starts.
    pub from: From,
    /// Its number among the format's paths.
    pub id: usize,
    steps: Vec<Step>,
}

/// The paths of a format, each once: what compiles a declaration gets its paths here.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    all: RefCell<Vec<Path>>,
    /// The numbers of those that were given since `take_given`.
    given: RefCell<Vec<usize>>,
}

/// Where each path of a format leads to in messages that are written alike: a node for each path's number.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// From the whole message; what starts at an item starts there too where message and item are the same.
    pub from_root: Vec<u32>,
    /// From an item, counted from its first node.
    pub from_item: Vec<u32>,
}

/// No node.
pub const NOWHERE: u32 = u32::MAX;

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

impl Paths {
    /// The path of a value of a message.
    pub fn of(&self, path: &str) -> Path {
        if let Some(rest) = path.strip_prefix('@') {
            return self.known(From::Key, steps(rest));
        }
        match path.strip_prefix('/') {
            Some(rest) => self.known(From::Root, steps(rest)),
            None => self.known(From::Item, steps(path)),
        }
    }

    /// The path of a value of a row.
    pub fn in_row(&self, path: &str) -> Path {
        match path.strip_prefix("../") {
            Some(rest) => self.of(rest),
            None if path.starts_with('/') => self.of(path),
            None => self.known(From::Row, steps(path)),
        }
    }

    /// The path of a place in a row: a number is a place in an array only.
    pub fn of_place(&self, place: &Place) -> Path {
        match place {
            Place::Key(key) => self.in_row(key),
            // No key of an object is empty here: a step that has a place and no key finds nothing in an object.
            Place::Index(index) => {
                let step = Step { key: Vec::new(), tag: 0, place: i64::try_from(*index).ok() };
                self.known(From::Row, vec![step])
            }
        }
    }

    /// All of them, by their numbers.
    pub fn into_all(self) -> Vec<Path> {
        self.all.into_inner()
    }

    /// The numbers of those that were given since it was asked last.
    pub fn take_given(&self) -> Vec<usize> {
        let mut given = self.given.take();
        given.sort_unstable();
        given.dedup();
        given
    }

    fn known(&self, from: From, steps: Vec<Step>) -> Path {
        let mut all = self.all.borrow_mut();
        let known = all.iter().position(|path| path.from == from && path.steps == steps);
        let id = known.unwrap_or(all.len());
        if known.is_none() {
            all.push(Path { from, id, steps });
        }
        self.given.borrow_mut().push(id);
        all[id].clone()
    }
}

impl Path {
    /// The node that the path leads to.
    #[inline]
    pub fn find(&self, scope: &Scope<'_>) -> Option<usize> {
        if let Some(places) = scope.message.places {
            let (base, at) = match scope.item {
                item if item > 0 && self.from == From::Item => (item, places.from_item[self.id]),
                _ => (0, places.from_root[self.id]),
            };
            return (at != NOWHERE).then_some(base + at as usize);
        }
        self.follow(scope)
    }

    /// The same, by the keys and places that it is made of.
    pub fn follow(&self, scope: &Scope<'_>) -> Option<usize> {
        let message = scope.message;
        let mut at = match self.from {
            From::Root | From::Key => 0,
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
        if self.from == From::Key { key_of(message, at, scope.item) } else { Some(at) }
    }

    /// Whether the path leads through a node, to something within it or to nothing there.
    pub fn leads_through(&self, scope: &Scope<'_>, node: usize) -> bool {
        (0..self.steps.len()).any(|count| {
            let part = Path { steps: self.steps[..count].to_vec(), ..*self };
            part.follow(scope) == Some(node)
        })
    }
}

/// The key, in an object, of the value that an item is or is in.
fn key_of(message: Message<'_>, object: usize, item: usize) -> Option<usize> {
    let values = message.members(object)?;
    values
        .into_iter()
        .find(|&(_, value)| (value..message.node(value).next as usize).contains(&item))
        .map(|(key, _)| key)
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
