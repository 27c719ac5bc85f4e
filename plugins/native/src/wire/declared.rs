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
    /// What stands before the part that counts.
    pub after: String,
    /// What stands behind it.
    pub until: String,
}

/// See `mainspring.wire.Text`, `mainspring.wire.Joined` and `mainspring.wire.Base`: whose a message is.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the Python structs, and documented there")]
pub enum Symbol {
    Text(Text),
    Joined { keys: Vec<String>, separator: String, lower: bool },
    Base { key: String, after: String, until: String, separator: String },
}

/// See `mainspring.wire.Integer`.
#[derive(Clone, Debug, Deserialize)]
pub struct Integer {
    /// The key of the value.
    pub key: String,
    /// Whether it may be absent.
    pub optional: bool,
    /// Whether it may be written as text.
    pub text: bool,
}

/// See `mainspring.wire.Time`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type")]
pub enum Time {
    /// Milliseconds.
    Millis {
        /// The key of the value.
        key: String,
        /// Whether it may be decimal text, or have a fraction.
        text: bool,
    },
    /// Microseconds, of any writing.
    Micros {
        /// The key of the value.
        key: String,
    },
    /// Nanoseconds.
    Nanos {
        /// The key of the value.
        key: String,
        /// Whether it may be decimal text, or have a fraction.
        text: bool,
    },
    /// Seconds, of any writing.
    Seconds {
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
    /// How many decimals an integer has, by the start of the venue symbol.
    pub scale: Vec<(String, u32)>,
    /// How many decimals of a size count; `None` where all do, and for prices.
    #[serde(default)]
    pub decimals: Option<u32>,
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

/// See `mainspring.wire.Conditions`.
#[derive(Clone, Debug, Deserialize)]
pub struct Conditions {
    /// The key of the codes.
    pub key: String,
    /// For what a print with each code may count.
    pub counts: Vec<(String, i64)>,
    /// For what one with any other may.
    pub otherwise: i64,
}

impl Conditions {
    /// For what a print with a code may count.
    #[inline]
    pub fn of(&self, code: &[u8]) -> i64 {
        let known = self.counts.iter().find(|(name, _)| name.as_bytes() == code);
        known.map_or(self.otherwise, |(_, counts)| *counts)
    }
}

/// See `mainspring.wire.RoundLots`.
#[derive(Clone, Debug, Deserialize)]
pub struct RoundLots {
    /// How many units a round lot has, by the start of the venue symbol.
    pub units: Vec<(String, i64)>,
    /// Until when sizes are round lots.
    pub before: String,
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
    /// Whether the array may be absent or null.
    pub optional: bool,
    /// Whether there is one level instead of an array of them.
    pub single: bool,
    /// Where a level says its side.
    pub side: Option<Choice>,
    /// Whether the sign of the size is the side.
    pub signed: bool,
    /// Where a level says that it is deleted.
    pub deletes: Option<Choice>,
    /// Where the id of a level stands.
    pub id: Option<Place>,
    /// How many decimals a price has that is an integer.
    pub scale: Vec<(String, u32)>,
    /// How many decimals a size has that is an integer.
    pub size_scale: Vec<(String, u32)>,
    /// How many decimals of a size count; `None` where all do.
    pub size_decimals: Option<u32>,
    /// Whether a level with the price zero says nothing.
    pub placeholder: bool,
    /// Where the id of an order stands, if the rows are orders.
    pub order: Option<Place>,
    /// What a row does to its order.
    pub action: OrderAction,
    /// Where the id of the order stands whose place it takes.
    pub replaces: Option<Place>,
    /// Where the id of an execution's trade stands.
    pub trade_id: Option<Place>,
    /// Whether the venue tells of orders that aren't on the book.
    pub passes_unknown: bool,
}

/// See `mainspring.wire.Levels.action`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OrderAction {
    /// The same for every row.
    Fixed(i64),
    /// What the row says.
    Said(Choice),
}

/// See `mainspring.wire.Checksum`.
#[derive(Clone, Debug, Deserialize)]
pub struct Checksum {
    /// The key of the value.
    pub key: String,
    /// How many levels of each side count.
    pub levels: usize,
    /// Their order.
    pub layout: Layout,
    /// What stands between all of their values.
    pub separator: String,
    /// How each value is written.
    pub text: Written,
    /// Whether it may be absent.
    pub optional: bool,
    /// Whether the size of an offer has a minus sign.
    pub negative_asks: bool,
    /// Whether each order stands for itself, instead of its level.
    pub orders: bool,
}

/// See `mainspring.wire.Checksum`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Best bid, best offer, second bid and so on.
    Interleaved,
    /// All offers, then all bids.
    AsksBids,
}

/// See `mainspring.wire.Checksum`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Written {
    /// As it was sent.
    Sent,
    /// No point, and no zeros in front.
    Digits,
    /// No zeros behind the last decimal.
    Shortest,
}

/// See `mainspring.wire.DeltaMessage`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Reach {
    /// So many levels.
    Levels(usize),
    /// As many as a text says.
    Said(Text),
    /// As many as a number says.
    Whole(Integer),
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
    /// Whether they may be written as text.
    pub text: bool,
}

/// See `mainspring.wire.ControlMessage.code`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type")]
pub enum Code {
    /// A text.
    Text(Text),
    /// An integer.
    Integer(Integer),
}

/// See `mainspring.wire.Print`.
#[derive(Clone, Debug, Deserialize)]
pub struct Print {
    /// Its id.
    pub trade_id: Option<Integer>,
    /// Its price.
    pub price: Decimal,
    /// Its size.
    pub size: Decimal,
    /// For what it counts.
    pub conditions: Option<Conditions>,
}

/// See `mainspring.wire.MessageNumbers`.
#[derive(Clone, Debug, Deserialize)]
pub struct MessageNumbers {
    /// The path of the number.
    pub key: String,
    /// The path of the channel whose messages are numbered apart.
    pub channel: Option<String>,
    /// Whether it is text.
    pub text: bool,
    /// The number of a connection's first message.
    pub first: i64,
}

/// See `mainspring.wire.ChannelNumbers`.
#[derive(Clone, Debug, Deserialize)]
pub struct ChannelNumbers {
    /// What tells the answers to subscriptions.
    pub answer: When,
    /// The path of the number in an answer.
    pub number: String,
    /// Its path in a message of the channel.
    pub at: String,
}

/// A kind of message: see `mainspring.wire.messages`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[allow(missing_docs, reason = "the fields are those of the Python structs, and documented there")]
pub enum Message {
    Delta {
        when: When,
        has: Vec<String>,
        each: Option<String>,
        symbol: Option<Symbol>,
        event_time: Option<Time>,
        round_lots: Option<RoundLots>,
        sequence: Option<Range>,
        reset: Option<Optional>,
        bids: Option<Levels>,
        asks: Option<Levels>,
        rows: Option<Levels>,
        checksum: Option<Checksum>,
        depth: Option<Reach>,
    },
    Snapshot {
        when: When,
        has: Vec<String>,
        each: Option<String>,
        symbol: Option<Symbol>,
        event_time: Option<Time>,
        round_lots: Option<RoundLots>,
        last_id: Option<Integer>,
        bids: Option<Levels>,
        asks: Option<Levels>,
        rows: Option<Levels>,
        checksum: Option<Checksum>,
        depth: Option<Reach>,
        restarts: bool,
        view: bool,
        cut: bool,
        unnumbered: bool,
        inside: Option<String>,
    },
    Quote {
        when: When,
        has: Vec<String>,
        each: Option<String>,
        symbol: Option<Symbol>,
        event_time: Option<Time>,
        round_lots: Option<RoundLots>,
        update_id: Option<Integer>,
        bid_price: Decimal,
        bid_size: Decimal,
        ask_price: Decimal,
        ask_size: Decimal,
    },
    Trade {
        when: When,
        has: Vec<String>,
        each: Option<String>,
        symbol: Option<Symbol>,
        event_time: Option<Time>,
        round_lots: Option<RoundLots>,
        trade_id: Option<Integer>,
        price: Decimal,
        size: Decimal,
        aggressor: Option<Choice>,
        conditions: Option<Conditions>,
        rising_ids: bool,
        signed: bool,
    },
    Correction {
        when: When,
        has: Vec<String>,
        each: Option<String>,
        symbol: Option<Symbol>,
        event_time: Option<Time>,
        was: Print,
        now: Print,
    },
    Cancel {
        when: When,
        has: Vec<String>,
        each: Option<String>,
        symbol: Option<Symbol>,
        event_time: Option<Time>,
        was: Print,
    },
    Bar {
        when: When,
        has: Vec<String>,
        each: Option<String>,
        symbol: Option<Symbol>,
        event_time: Option<Time>,
        round_lots: Option<RoundLots>,
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
        each: Option<String>,
        symbol: Option<Symbol>,
        event_time: Option<Time>,
        code: Text,
        text: Option<Text>,
        trading: Option<Choice>,
    },
    Mark {
        when: When,
        has: Vec<String>,
        each: Option<String>,
        symbol: Option<Symbol>,
        event_time: Option<Time>,
        mark_price: Text,
        funding_rate: Option<Text>,
        funding_time: Option<Time>,
    },
    Control {
        when: When,
        has: Vec<String>,
        each: Option<String>,
        kind: String,
        inside: Option<String>,
        code: Option<Code>,
        text: Option<Text>,
    },
}

impl Message {
    /// The prints that a message about prints names: what was reported, and what is right.
    pub fn prints(&self) -> (Option<&Print>, Option<&Print>) {
        match self {
            Message::Correction { was, now, .. } => (Some(was), Some(now)),
            Message::Cancel { was, .. } => (Some(was), None),
            _ => (None, None),
        }
    }

    /// The field that says whose the message is.
    pub fn symbol(&self) -> Option<&Symbol> {
        match self {
            Message::Delta { symbol, .. }
            | Message::Snapshot { symbol, .. }
            | Message::Quote { symbol, .. }
            | Message::Trade { symbol, .. }
            | Message::Correction { symbol, .. }
            | Message::Cancel { symbol, .. }
            | Message::Bar { symbol, .. }
            | Message::Status { symbol, .. }
            | Message::Mark { symbol, .. } => symbol.as_ref(),
            Message::Control { .. } => None,
        }
    }

    /// The path of the array whose items are the messages.
    pub fn each(&self) -> Option<&str> {
        match self {
            Message::Delta { each, .. }
            | Message::Snapshot { each, .. }
            | Message::Quote { each, .. }
            | Message::Trade { each, .. }
            | Message::Correction { each, .. }
            | Message::Cancel { each, .. }
            | Message::Bar { each, .. }
            | Message::Status { each, .. }
            | Message::Mark { each, .. }
            | Message::Control { each, .. } => each.as_deref(),
        }
    }

    /// The declaration with the quote of a venue symbol in the paths of its rows' prices and sizes.
    pub fn for_quote(mut self, quote: &str) -> Message {
        if let Message::Delta { bids, asks, rows, .. } | Message::Snapshot { bids, asks, rows, .. } = &mut self {
            for levels in [bids, asks, rows].into_iter().flatten() {
                for place in [&mut levels.price, &mut levels.size] {
                    if let Place::Key(key) = place {
                        *key = key.replace("{quote}", quote);
                    }
                }
            }
        }
        self
    }

    /// In which round lots its sizes are.
    pub fn round_lots(&self) -> Option<&RoundLots> {
        match self {
            Message::Delta { round_lots, .. }
            | Message::Snapshot { round_lots, .. }
            | Message::Quote { round_lots, .. }
            | Message::Trade { round_lots, .. }
            | Message::Bar { round_lots, .. } => round_lots.as_ref(),
            _ => None,
        }
    }

    /// The values that tell this kind of message, and the keys that must be there.
    pub fn told_by(&self) -> (&When, &[String]) {
        match self {
            Message::Delta { when, has, .. }
            | Message::Snapshot { when, has, .. }
            | Message::Quote { when, has, .. }
            | Message::Trade { when, has, .. }
            | Message::Correction { when, has, .. }
            | Message::Cancel { when, has, .. }
            | Message::Bar { when, has, .. }
            | Message::Status { when, has, .. }
            | Message::Mark { when, has, .. }
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
    /// The ids rise, with holes between them.
    Rising,
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
    /// What stands before it.
    pub after: String,
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
    /// Where the request of a recorded answer names it.
    pub answers: Option<StreamName>,
    /// Whether a message is an array of messages.
    pub batch: bool,
    /// How deltas are numbered.
    pub sequencing: Sequencing,
    /// How all messages of a connection are.
    pub numbers: Option<MessageNumbers>,
    /// What messages mean that name their channel by a number.
    pub channels: Option<ChannelNumbers>,
    /// Whether a message may be of several kinds at once.
    #[serde(default)]
    pub mixed: bool,
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
