//! Numbers that a venue gives to all messages of a connection. The twin is `mainspring.wire._numbers`.

#![forbid(unsafe_code)]

use rustc_hash::FxHashMap;

use crate::wire::declared::{MessageNumbers, Text};
use crate::wire::event::Cause;
use crate::wire::sync::RENUMBERED_DELTAS;
use crate::wire::tree::path::{Paths, Scope};
use crate::wire::tree::values::{IntegerAt, TextAt};
use crate::wire::value::Fault;

/// How a message stands to those before it on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// As it should.
    Next,
    /// Others before it are missing.
    Lost,
    /// It is the first that was seen of another connection.
    Reconnected,
    /// It came already, as the last one.
    Repeated,
    /// It is older than the last one.
    Late,
}

impl Arrival {
    /// As what it is counted.
    pub fn cause(self) -> Option<Cause> {
        match self {
            Arrival::Next => None,
            Arrival::Lost => Some(Cause::Gap),
            Arrival::Reconnected => Some(Cause::Connection),
            Arrival::Repeated => Some(Cause::Duplicate),
            Arrival::Late => Some(Cause::OutOfOrder),
        }
    }
}

/// Follows the numbers of a connection, or of each of its channels.
#[derive(Clone, Debug)]
pub struct Counter {
    number: IntegerAt,
    channel: Option<TextAt>,
    first: i64,
    last: FxHashMap<Vec<u8>, i64>,
    /// How many messages in a row lie behind the last one, and the number of the latest, by channel.
    behind: FxHashMap<Vec<u8>, (usize, i64)>,
}

impl Counter {
    /// Compiles the declaration.
    pub fn new(declared: &MessageNumbers, paths: &Paths) -> Counter {
        let from_root = |path: &str| format!("/{}", path.strip_prefix('/').unwrap_or(path));
        let channel = declared.channel.as_ref().map(|path| {
            let (after, until) = (String::new(), String::new());
            TextAt::new(&Text { key: from_root(path), optional: true, after, until }, paths)
        });
        Counter {
            number: IntegerAt::at(&from_root(&declared.key), true, declared.text, paths),
            channel,
            first: declared.first,
            last: FxHashMap::default(),
            behind: FxHashMap::default(),
        }
    }

    /// The channel and the number of a message.
    pub fn read<'a>(&self, whole: &Scope<'a>) -> Result<(&'a [u8], i64), Fault> {
        let channel = self.channel.as_ref().map_or(Ok(&b""[..]), |channel| channel.read(whole))?;
        Ok((channel, self.number.read(whole)?))
    }

    /// What a message's number says; one without a number is as it should be.
    pub fn take(&mut self, channel: &[u8], number: i64) -> Arrival {
        if number < 0 {
            return Arrival::Next;
        }
        let arrival = match self.last.get(channel).copied() {
            None => Arrival::Next,
            Some(last) if number == last => return Arrival::Repeated,
            Some(last) if number > last => {
                if number - last == 1 {
                    Arrival::Next
                } else {
                    Arrival::Lost
                }
            }
            Some(_) if number == self.first || self.starts_again(channel, number) => {
                self.last.clear();
                self.behind.clear();
                Arrival::Reconnected
            }
            Some(_) => return Arrival::Late,
        };
        match self.last.get_mut(channel) {
            Some(last) => *last = number,
            None => {
                self.last.insert(channel.into(), number);
            }
        }
        if !self.behind.is_empty() {
            self.behind.remove(channel);
        }
        arrival
    }

    fn starts_again(&mut self, channel: &[u8], number: i64) -> bool {
        let (count, before) = self.behind.get(channel).copied().unwrap_or((0, number - 1));
        let count = if number - 1 == before { count + 1 } else { 1 };
        self.behind.insert(channel.into(), (count, number));
        count >= RENUMBERED_DELTAS
    }
}
