//! What `when` and `has` ask of a message.

#![forbid(unsafe_code)]

use crate::wire::declared::Named;
use crate::wire::tree::node::Kind;
use crate::wire::tree::path::{Path, Scope};
use crate::wire::tree::values::is_named;
use crate::wire::wanted::Wanted;

/// A value that a message has to have.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Where it stands.
    pub path: Path,
    /// `None`: anything.
    wanted: Option<Wanted>,
}

impl Condition {
    /// That there is this value.
    pub fn is(path: Path, named: &Named) -> Condition {
        Condition { path, wanted: Some(Wanted::new(named)) }
    }

    /// That there is any.
    pub fn exists(path: Path) -> Condition {
        Condition { path, wanted: None }
    }

    /// Whether only one value fits.
    pub fn is_exact(&self) -> bool {
        matches!(self.wanted, Some(Wanted::Named(_)))
    }

    /// Whether any value fits.
    pub fn is_existence(&self) -> bool {
        self.wanted.is_none()
    }

    /// Whether both ask the same.
    pub fn equals(&self, other: &Condition) -> bool {
        self.path.id == other.path.id && self.wanted == other.wanted
    }

    /// Whether a value that fits this one never fits the other.
    pub fn excludes(&self, other: &Condition) -> bool {
        let (Some(wanted), Some(others)) = (&self.wanted, &other.wanted) else { return false };
        wanted.excludes(others)
    }

    /// How many bytes a text has to begin with, if that is all that is asked.
    pub fn beginning(&self) -> Option<usize> {
        match &self.wanted {
            Some(Wanted::Begins(part)) => Some(part.len()),
            _ => None,
        }
    }

    /// Whether the message has it.
    #[inline]
    pub fn fits(&self, scope: &Scope<'_>) -> bool {
        let Some(at) = self.path.find(scope) else { return false };
        let node = scope.message.node(at);
        match &self.wanted {
            None => true,
            Some(Wanted::Named(named)) => is_named(scope, node, named),
            Some(wanted) => node.kind == Kind::Text && wanted.fits(scope.message.text(node)),
        }
    }
}
