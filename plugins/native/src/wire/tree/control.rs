//! What a message about the connection says. The twin is `mainspring.wire._tree_events`.

#![forbid(unsafe_code)]

use crate::wire::declared::{Code, Message};
use crate::wire::event::Control;
use crate::wire::reading::Reading;
use crate::wire::tree::node::Kind;
use crate::wire::tree::path::{Path, Paths, Scope};
use crate::wire::tree::readers::Read;
use crate::wire::tree::values::{IntegerAt, TextAt, fault};
use crate::wire::value::Fault;

/// Where a message about the connection says what it does.
#[derive(Clone, Debug)]
pub struct ControlAt {
    /// The object in which code and text stand.
    inside: Option<Path>,
    code: Option<CodeAt>,
    text: Option<TextAt>,
}

#[derive(Clone, Debug)]
enum CodeAt {
    Text(TextAt),
    Integer(IntegerAt),
}

impl ControlAt {
    /// Compiles a declaration; `None` if it is one of market data.
    pub fn new(message: &Message, paths: &Paths) -> Option<ControlAt> {
        let Message::Control { inside, code, text, .. } = message else { return None };
        Some(ControlAt {
            inside: inside.as_ref().map(|inside| paths.of(inside)),
            code: code.as_ref().map(|code| match code {
                Code::Text(text) => CodeAt::Text(TextAt::new(text, paths)),
                Code::Integer(integer) => CodeAt::Integer(IntegerAt::new(integer, paths)),
            }),
            text: text.as_ref().map(|text| TextAt::new(text, paths)),
        })
    }

    /// What a message says. `declaration` is the number of its declaration.
    pub fn read(&self, declaration: usize, scope: &Scope<'_>, receive_time_ns: i64) -> Result<Read, Fault> {
        let mut inner = *scope;
        if let Some(inside) = &self.inside {
            let found = inside.find(scope);
            match found.filter(|&at| scope.message.node(at).kind == Kind::Object) {
                Some(at) => (inner.item, inner.row) = (at, at),
                None => return Err(fault(scope, found, "must be an object")),
            }
        }
        let code = match &self.code {
            None => String::new(),
            Some(CodeAt::Text(text)) => text.string(&inner)?,
            Some(CodeAt::Integer(integer)) => integer.read(&inner)?.to_string(),
        };
        let text = self.text.as_ref().map_or(Ok(String::new()), |text| text.string(&inner))?;
        Ok(Read::of(Reading::Control(Control { receive_time_ns, declaration, code, text })))
    }
}
