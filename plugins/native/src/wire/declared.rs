//! The declarations of `mainspring.wire`, as the Python structs encode themselves: plain data, checked as it is read.

#![forbid(unsafe_code)]

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// A value that `when` or a `Choice` names.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Named {
    /// A boolean.
    Flag(bool),
    /// An integer.
    Integer(i64),
    /// A text.
    Text(String),
}

/// The values that tell a kind of message, by key, in the order in which they were declared.
#[derive(Clone, Debug, Default)]
pub struct When(pub Vec<(String, Named)>);

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = When;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object of values by key")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<When, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(When(pairs))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// See `mainspring.wire.Text`.
#[derive(Clone, Debug, Deserialize)]
pub struct Text {
    /// The key of the value.
    pub key: String,
    /// Whether it may be absent.
    pub optional: bool,
}

/// See `mainspring.wire.Integer`.
#[derive(Clone, Debug, Deserialize)]
pub struct Integer {
    /// The key of the value.
    pub key: String,
    /// Whether it may be absent.
    pub optional: bool,
}

/// See `mainspring.wire.Time`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type")]
pub enum Time {
    /// Milliseconds.
    Millis {
        /// The key of the value.
        key: String,
    },
    /// Nanoseconds.
    Nanos {
        /// The key of the value.
        key: String,
    },
    /// Text, or nanoseconds.
    Rfc3339 {
        /// The key of the value.
        key: String,
    },
}

/// See `mainspring.wire.Price` and `mainspring.wire.Size`.
#[derive(Clone, Debug, Deserialize)]
pub struct Decimal {
    /// The key of the value.
    pub key: String,
    /// Whether it is a number, not text.
    pub number: bool,
}

/// See `mainspring.wire.Number` and `mainspring.wire.Flag`.
#[derive(Clone, Debug, Deserialize)]
pub struct Optional {
    /// The key of the value.
    pub key: String,
    /// Whether it may be absent.
    pub optional: bool,
}

/// See `mainspring.wire.Choice`.
#[derive(Clone, Debug, Deserialize)]
pub struct Choice {
    /// The key of the value.
    pub key: String,
    /// Each value and what it stands for.
    pub values: Vec<(Named, i64)>,
    /// What any other stands for.
    pub otherwise: Option<i64>,
}

/// A place in a level: an index of its array, or a key of its object.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Place {
    /// An index.
    Index(usize),
    /// A key.
    Key(String),
}

/// See `mainspring.wire.Levels`.
#[derive(Clone, Debug, Deserialize)]
pub struct Levels {
    /// The key of the array.
    pub key: String,
    /// Where a level's price stands.
    pub price: Place,
    /// Where its size stands.
    pub size: Place,
    /// Whether they are numbers, not text.
    pub number: bool,
}

/// See `mainspring.wire.Range`.
#[derive(Clone, Debug, Deserialize)]
pub struct Range {
    /// The key of the first id.
    pub first: String,
    /// The key of the last id.
    pub last: String,
    /// The key of the last id of the delta before.
    pub previous: Option<String>,
}

/// See `mainspring.wire.ControlMessage.code`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type")]
pub enum Code {
    /// A text.
    Text {
        /// The key of the value.
        key: String,
        /// Whether it may be absent.
        optional: bool,
    },
    /// An integer.
    Integer {
        /// The key of the value.
        key: String,
        /// Whether it may be absent.
        optional: bool,
    },
}

/// A kind of message: see `mainspring.wire.messages`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[allow(missing_docs, reason = "the fields are those of the Python structs, and documented there")]
pub enum Message {
    Delta {
        when: When,
        has: Vec<String>,
        symbol: Option<Text>,
        event_time: Option<Time>,
        sequence: Option<Range>,
        reset: Option<Optional>,
        bids: Levels,
        asks: Levels,
    },
    Snapshot {
        when: When,
        has: Vec<String>,
        symbol: Option<Text>,
        event_time: Option<Time>,
        last_id: Option<Integer>,
        bids: Levels,
        asks: Levels,
    },
    Quote {
        when: When,
        has: Vec<String>,
        symbol: Option<Text>,
        event_time: Option<Time>,
        update_id: Option<Integer>,
        bid_price: Decimal,
        bid_size: Decimal,
        ask_price: Decimal,
        ask_size: Decimal,
    },
    Trade {
        when: When,
        has: Vec<String>,
        symbol: Option<Text>,
        event_time: Option<Time>,
        trade_id: Option<Integer>,
        price: Decimal,
        size: Decimal,
        aggressor: Option<Choice>,
        rising_ids: bool,
    },
    Bar {
        when: When,
        has: Vec<String>,
        symbol: Option<Text>,
        event_time: Option<Time>,
        open: Decimal,
        high: Decimal,
        low: Decimal,
        close: Decimal,
        volume: Decimal,
        trades: Option<Integer>,
        vwap: Option<Optional>,
    },
    Status {
        when: When,
        has: Vec<String>,
        symbol: Option<Text>,
        event_time: Option<Time>,
        code: Text,
        text: Option<Text>,
        trading: Option<Choice>,
    },
    Control {
        when: When,
        has: Vec<String>,
        kind: String,
        inside: Option<String>,
        code: Option<Code>,
        text: Option<Text>,
    },
}

impl Message {
    /// The values that tell this kind of message, and the keys that must be there.
    pub fn told_by(&self) -> (&When, &[String]) {
        match self {
            Message::Delta { when, has, .. }
            | Message::Snapshot { when, has, .. }
            | Message::Quote { when, has, .. }
            | Message::Trade { when, has, .. }
            | Message::Bar { when, has, .. }
            | Message::Status { when, has, .. }
            | Message::Control { when, has, .. } => (when, has),
        }
    }
}

/// See `mainspring.wire.Sequencing`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "type")]
pub enum Sequencing {
    /// Each delta starts at or before the id that follows the book's.
    Contiguous,
    /// Each delta names the one before it.
    Chained,
    /// Nothing is numbered.
    Unsequenced,
}

/// See `mainspring.wire.StreamName`.
#[derive(Clone, Debug, Deserialize)]
pub struct StreamName {
    /// The key of the stream's name in the envelope.
    pub key: String,
    /// What ends the instrument in it.
    pub until: String,
}

/// See `mainspring.wire.Format`.
#[derive(Clone, Debug, Deserialize)]
pub struct Format {
    /// The kinds of message.
    pub messages: Vec<Message>,
    /// The key of the message in its envelope.
    pub unwrap: Option<String>,
    /// Where the envelope names the instrument.
    pub stream: Option<StreamName>,
    /// Whether a message is an array of messages.
    pub batch: bool,
    /// How deltas are numbered.
    pub sequencing: Sequencing,
}

/// What the decoder has to know of an instrument.
#[derive(Clone, Debug, Deserialize)]
pub struct Instrument {
    /// The venue's name for it.
    pub venue_symbol: String,
    /// The tick size, as decimal text.
    pub tick_size: String,
    /// The lot size, as decimal text.
    pub lot_size: String,
}
