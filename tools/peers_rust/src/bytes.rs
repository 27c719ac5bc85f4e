//! From a venue's bytes to a book, by serde into borrowed fields.

use std::fmt;
use std::hint::black_box;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::{Value, json};

use crate::book::Book;
use crate::{Prepared, inputs};

type Rows<'a> = Vec<(&'a str, &'a str)>;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    data: Option<Data<'a>>,
    #[serde(rename = "lastUpdateId")]
    last_update_id: Option<i64>,
    #[serde(borrow, default)]
    bids: Rows<'a>,
    #[serde(borrow, default)]
    asks: Rows<'a>,
}

/// The fields of a depth message, a bookTicker and a trade.
#[derive(Deserialize)]
struct Data<'a> {
    e: Option<&'a str>,
    #[serde(rename = "U", default)]
    first: i64,
    #[serde(rename = "u", default)]
    last: i64,
    #[serde(borrow, default)]
    b: Field<'a>,
    #[serde(borrow, default)]
    a: Field<'a>,
    #[serde(rename = "B", default)]
    bid_size: &'a str,
    #[serde(rename = "A", default)]
    ask_size: &'a str,
    #[serde(default)]
    p: &'a str,
    #[serde(default)]
    q: &'a str,
    #[serde(default)]
    m: bool,
}

/// Rows in a depth message, text in a bookTicker, a number in some trades.
#[derive(Default)]
enum Field<'a> {
    #[default]
    Absent,
    Text(&'a str),
    Rows(Rows<'a>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Field<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("rows, a text or a number")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<'de>, E> {
                Ok(Field::Text(text))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Field<'de>, E> {
                Ok(Field::Absent)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Field<'de>, E> {
                Ok(Field::Absent)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Field<'de>, A::Error> {
                let mut found = Vec::with_capacity(rows.size_hint().unwrap_or(0));
                while let Some(row) = rows.next_element()? {
                    found.push(row);
                }
                Ok(Field::Rows(found))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[derive(Clone, Copy)]
struct Grid {
    ticks_a_unit: f64,
    lots_a_unit: f64,
}

impl Grid {
    fn read(folder: &Path) -> Self {
        #[derive(Deserialize)]
        struct Instrument {
            tick_size: String,
            lot_size: String,
        }
        let instrument: Instrument = inputs::read(folder, "instrument");
        let units = |text: &str| (1.0 / text.parse::<f64>().expect("a grid is a number")).round();
        Self { ticks_a_unit: units(&instrument.tick_size), lots_a_unit: units(&instrument.lot_size) }
    }

    fn level(self, (price, size): (&str, &str)) -> (i64, i64) {
        let whole =
            |text: &str, units: f64| (text.parse::<f64>().expect("a level is of numbers") * units).round() as i64;
        (whole(price, self.ticks_a_unit), whole(size, self.lots_a_unit))
    }
}

struct Session {
    grid: Grid,
    book: Book,
    waiting: Vec<Waiting>,
    last_id: i64,
    quotes: u64,
    trades: u64,
}

/// A depth message that came before the snapshot.
struct Waiting {
    last: i64,
    bids: Vec<(i64, i64)>,
    asks: Vec<(i64, i64)>,
}

impl Session {
    fn new(grid: Grid) -> Self {
        Self { grid, book: Book::default(), waiting: Vec::new(), last_id: -1, quotes: 0, trades: 0 }
    }

    fn take(&mut self, message: Message<'_>) {
        let grid = self.grid;
        let whole = |rows: Rows<'_>| rows.into_iter().map(|row| grid.level(row)).collect::<Vec<_>>();
        match message.data {
            None => {
                self.last_id = message.last_update_id.expect("a snapshot has its id");
                self.book = Book::default();
                self.book.apply(whole(message.bids).into_iter(), whole(message.asks).into_iter());
                for late in std::mem::take(&mut self.waiting) {
                    if late.last > self.last_id {
                        self.last_id = late.last;
                        self.book.apply(late.bids.into_iter(), late.asks.into_iter());
                    }
                }
            }
            Some(Data { first, last, b: Field::Rows(bids), a: Field::Rows(asks), .. }) => {
                if self.last_id < 0 {
                    self.waiting.push(Waiting { last, bids: whole(bids), asks: whole(asks) });
                } else if last > self.last_id {
                    assert!(first <= self.last_id + 1, "a gap after update {}", self.last_id);
                    self.last_id = last;
                    let level = |row| grid.level(row);
                    self.book.apply(bids.into_iter().map(level), asks.into_iter().map(level));
                    black_box(self.book.best());
                }
            }
            Some(data) if data.e == Some("trade") => {
                self.trades += 1;
                black_box((grid.level((data.p, data.q)), data.m));
            }
            Some(Data { b: Field::Text(bid), a: Field::Text(ask), bid_size, ask_size, .. }) => {
                self.quotes += 1;
                black_box((grid.level((bid, bid_size)), grid.level((ask, ask_size))));
            }
            Some(_) => panic!("a message of no known kind"),
        }
    }

    fn answer(self) -> Value {
        let (bids, asks) = self.book.sides();
        json!({"bids": bids, "asks": asks, "quotes": self.quotes, "trades": self.trades})
    }
}

/// By serde_json.
pub fn serde_json(folder: &Path) -> Prepared {
    let (grid, messages) = (Grid::read(folder), inputs::messages(folder));
    let run = move || {
        let mut session = Session::new(grid);
        for raw in &messages {
            session.take(::serde_json::from_slice(raw).expect("a message is JSON"));
        }
        session
    };
    Prepared::new(run, Session::answer)
}

/// By simd-json, its buffers kept. It writes into what it parses, so that each message is copied first.
pub fn simd_json(folder: &Path) -> Prepared {
    let (grid, messages) = (Grid::read(folder), inputs::messages(folder));
    let run = move || {
        let mut session = Session::new(grid);
        let mut buffers = ::simd_json::Buffers::default();
        let mut copy = Vec::new();
        for raw in &messages {
            copy.clear();
            copy.extend_from_slice(raw);
            session
                .take(::simd_json::serde::from_slice_with_buffers(&mut copy, &mut buffers).expect("a message is JSON"));
        }
        session
    };
    Prepared::new(run, Session::answer)
}
