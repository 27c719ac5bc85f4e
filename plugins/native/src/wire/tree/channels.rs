//! Messages that name their channel by a number, joined with the answer that gave it. The twin is `mainspring.wire._channels`.

#![forbid(unsafe_code)]

use rustc_hash::FxHashMap;

use crate::wire::declared::ChannelNumbers;
use crate::wire::decoder::Encoding;
use crate::wire::msgpack_value;
use crate::wire::tree::condition::Condition;
use crate::wire::tree::node::{Kind, Message};
use crate::wire::tree::path::{Path, Paths, Scope};
use crate::wire::tree::tape::Tape;
use crate::wire::value::Fault;

const MAX_CHANNELS: usize = 4096;

/// The channels of a connection, by their numbers.
#[derive(Clone, Debug)]
pub struct Channels {
    answer: Vec<Condition>,
    number: Path,
    at: Path,
    answers: FxHashMap<u64, Vec<u8>>,
    tape: Tape,
    joined: Vec<u8>,
    /// Whether the last message is joined.
    is_joined: bool,
}

impl Channels {
    /// Compiles the declaration.
    pub fn new(declared: &ChannelNumbers) -> Channels {
        let paths = Paths::default();
        let of = |path: &str| paths.of(path.strip_prefix('/').unwrap_or(path));
        Channels {
            answer: declared.answer.0.iter().map(|(path, named)| Condition::is(of(path), named)).collect(),
            number: of(&declared.number),
            at: of(&declared.at),
            answers: FxHashMap::default(),
            tape: Tape::default(),
            joined: Vec::new(),
            is_joined: false,
        }
    }

    /// The bytes that a message is read from: with its channel, if it names one. An answer is remembered.
    pub fn join<'a>(&'a mut self, encoding: Encoding, raw: &'a [u8]) -> Result<&'a [u8], Fault> {
        let Channels { answer, number, at, answers, tape, joined, is_joined } = self;
        *is_joined = false;
        let message = match encoding {
            Encoding::Json => tape.read_json(raw)?,
            Encoding::Msgpack => tape.read_value(&msgpack_value::decode(raw)?, raw),
        };
        let whole = Scope { message, item: 0, row: 0 };
        let is_answer = answer.iter().all(|condition| condition.fits(&whole));
        let path = if is_answer { number } else { at };
        let Some(channel) = path.follow(&whole).and_then(|at| channel_of(message, at)) else { return Ok(raw) };
        if is_answer {
            if answers.len() >= MAX_CHANNELS {
                answers.clear();
            }
            answers.insert(channel, raw.to_vec());
            return Ok(raw);
        }
        let (before, between, behind, null): (&[u8], &[u8], &[u8], &[u8]) = match encoding {
            Encoding::Json => (b"{\"channel\":", b",\"message\":", b"}", b"null"),
            Encoding::Msgpack => (b"\x82\xa7channel", b"\xa7message", b"", b"\xc0"),
        };
        joined.clear();
        for part in [before, answers.get(&channel).map_or(null, Vec::as_slice), between, raw, behind] {
            joined.extend_from_slice(part);
        }
        *is_joined = true;
        Ok(joined)
    }

    /// The bytes that the last message was read from.
    pub fn last<'a>(&'a self, raw: &'a [u8]) -> &'a [u8] {
        if self.is_joined { &self.joined } else { raw }
    }
}

/// The number of a channel; `None` for anything else.
fn channel_of(message: Message<'_>, at: usize) -> Option<u64> {
    let node = message.node(at);
    let digits = (node.kind == Kind::Integer).then(|| message.text(node))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
