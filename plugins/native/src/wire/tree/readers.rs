//! What a message of a known kind and instrument says. The twins are `mainspring.wire._tree` and `_tree_events`.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::exact::Step;
use crate::wire::declared::{Choice, Conditions, Decimal, Integer, Message, Print, Text};
use crate::wire::event::{Bar, Correction, Mark, Quote, Status, Trade};
use crate::wire::reading::Reading;
use crate::wire::round_lots::Units;
use crate::wire::tree::arena::Arena;
use crate::wire::tree::book::Book;
use crate::wire::tree::digits::Digits;
use crate::wire::tree::levels::Rows;
use crate::wire::tree::path::{Path, Paths, Scope};
use crate::wire::tree::prints::{PrintAt, conditions_at, counts};
use crate::wire::tree::times::{TimeAt, time};
use crate::wire::tree::units::UnitsAt;
use crate::wire::tree::values::{ChoiceAt, FlagAt, IntegerAt, TextAt, decimal_at, fault, id};
use crate::wire::value::Fault;

/// What a message says, and what the instrument's ledger has to know of it.
#[derive(Clone, Debug)]
pub struct Read {
    /// What it says.
    pub reading: Reading,
    /// Its levels.
    pub rows: Rows,
    /// Whether it is a snapshot that is always taken.
    pub restarts: bool,
    /// The checksum of the book after it.
    pub checksum: Option<u32>,
    /// To how many levels the book is known.
    pub reach: Option<usize>,
}

impl Read {
    /// What has no levels.
    pub fn of(reading: Reading) -> Read {
        Read { reading, rows: Rows::Arena, restarts: false, checksum: None, reach: None }
    }
}

/// The reader of one kind of message of one instrument.
#[derive(Clone, Debug)]
pub struct Reader {
    instrument: usize,
    round_lots: Option<Units>,
    time: Option<TimeAt>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Book(Box<Book>),
    Quote {
        id: Option<IntegerAt>,
        units: [UnitsAt; 4],
    },
    Trade {
        id: Option<IntegerAt>,
        price: UnitsAt,
        size: UnitsAt,
        aggressor: Option<ChoiceAt>,
        conditions: Option<(Path, Conditions)>,
        rising: bool,
        signed: bool,
    },
    Correction {
        was: Box<PrintAt>,
        now: Option<Box<PrintAt>>,
    },
    Bar {
        units: [UnitsAt; 5],
        trades: Option<IntegerAt>,
        vwap: Option<FlagAt>,
    },
    Status {
        code: TextAt,
        text: Option<TextAt>,
        trading: Option<ChoiceAt>,
    },
    Mark {
        price: (Text, Path),
        rate: Option<(Text, Path)>,
        funding: Option<TimeAt>,
    },
    Control,
}

/// The tick and the lot size of an instrument.
pub type Steps = ((Step, Digits), (Step, Digits));

impl Reader {
    /// Compiles a declaration for an instrument. The error says what can't be.
    pub fn new(
        message: &Message,
        instrument: usize,
        (tick, lot): Steps,
        symbol: &str,
        ledger: bool,
        paths: &Paths,
    ) -> Result<Reader, String> {
        let unit = |field: &Decimal, step| UnitsAt::new(field, step, symbol, paths);
        let integer = |field: &Option<Integer>| field.as_ref().map(|field| IntegerAt::new(field, paths));
        let choice = |field: &Option<Choice>| field.as_ref().map(|field| ChoiceAt::new(field, paths));
        let (time, what) = match message {
            Message::Delta { event_time, .. } | Message::Snapshot { event_time, .. } => {
                (event_time, What::Book(Box::new(Book::new(message, (tick, lot), symbol, ledger, paths)?)))
            }
            Message::Quote { event_time, update_id, bid_price, bid_size, ask_price, ask_size, .. } => {
                let units =
                    [unit(bid_price, tick)?, unit(bid_size, lot)?, unit(ask_price, tick)?, unit(ask_size, lot)?];
                (event_time, What::Quote { id: integer(update_id), units })
            }
            Message::Trade { event_time, trade_id, price, size, aggressor, conditions, rising_ids, signed, .. } => {
                let what = What::Trade {
                    id: integer(trade_id),
                    price: unit(price, tick)?,
                    size: unit(size, lot)?,
                    aggressor: choice(aggressor),
                    conditions: conditions_at(conditions.as_ref(), paths),
                    rising: *rising_ids,
                    signed: *signed,
                };
                (event_time, what)
            }
            Message::Correction { event_time, .. } | Message::Cancel { event_time, .. } => {
                let at = |field: &Print| PrintAt::new(field, (tick, lot), symbol, paths).map(Box::new);
                let (was, now) = message.prints();
                let was = was.map(at).transpose()?.ok_or("a correction names what it corrects")?;
                (event_time, What::Correction { was, now: now.map(at).transpose()? })
            }
            Message::Bar { event_time, open, high, low, close, volume, trades, vwap, .. } => {
                let units =
                    [unit(open, tick)?, unit(high, tick)?, unit(low, tick)?, unit(close, tick)?, unit(volume, lot)?];
                let trades = integer(trades);
                (event_time, What::Bar { units, trades, vwap: vwap.as_ref().map(|field| FlagAt::new(field, paths)) })
            }
            Message::Status { event_time, code, text, trading, .. } => {
                let text = text.as_ref().map(|field| TextAt::new(field, paths));
                (event_time, What::Status { code: TextAt::new(code, paths), text, trading: choice(trading) })
            }
            Message::Mark { event_time, mark_price, funding_rate, funding_time, .. } => {
                let at = |field: &Text| (field.clone(), paths.of(&field.key));
                let what = What::Mark {
                    price: at(mark_price),
                    rate: funding_rate.as_ref().map(at),
                    funding: funding_time.as_ref().map(|field| TimeAt::new(field, paths)),
                };
                (event_time, what)
            }
            Message::Control { .. } => (&None, What::Control),
        };
        let round_lots = Units::new(message, symbol)?;
        Ok(Reader { instrument, round_lots, time: time.as_ref().map(|field| TimeAt::new(field, paths)), what })
    }

    /// Where its levels stand, if all of these may be left as bytes.
    pub fn rows_as_bytes(&self) -> Option<Vec<&Path>> {
        match &self.what {
            What::Book(book) => book.rows_as_bytes(),
            _ => Some(Vec::new()),
        }
    }

    /// Where the codes of its prints stand, which may be arrays.
    pub fn codes(&self) -> impl Iterator<Item = &Path> {
        let (of_trade, was, now) = match &self.what {
            What::Trade { conditions, .. } => (conditions.as_ref(), None, None),
            What::Correction { was, now } => (None, Some(was), now.as_ref()),
            _ => (None, None, None),
        };
        let of_prints = [was, now].into_iter().flatten().filter_map(|print| print.conditions.as_ref());
        of_trade.into_iter().chain(of_prints).map(|(path, _)| path)
    }

    /// What a message says; its levels are put into `arena`, orders into the result.
    pub fn read(&mut self, scope: &Scope<'_>, receive_time_ns: i64, arena: &mut Arena) -> Result<Read, Fault> {
        if self.round_lots.is_none() {
            return self.as_sent(scope, receive_time_ns, arena);
        }
        let mut read = self.as_sent(scope, receive_time_ns, arena)?;
        let fits = self.round_lots.as_ref().is_none_or(|units| in_units(units, &mut read, arena).is_some());
        if fits { Ok(read) } else { Err(fault(scope, None, "doesn't fit in 64 bits as units")) }
    }

    /// The same, with sizes as the venue writes them.
    fn as_sent(&mut self, scope: &Scope<'_>, receive_time_ns: i64, arena: &mut Arena) -> Result<Read, Fault> {
        let instrument = self.instrument;
        if let What::Book(book) = &mut self.what {
            return book.read(instrument, self.time.as_ref(), scope, receive_time_ns, arena);
        }
        let event_time_ns = time(self.time.as_ref(), scope, receive_time_ns)?;
        let reading = match &self.what {
            What::Book(_) | What::Control => Reading::Ignored,
            What::Quote { id: id_at, units } => {
                let update_id = id(id_at.as_ref(), scope)?;
                let bid = Level { price: units[0].read(scope)?, lots: units[1].read(scope)? };
                let ask = Level { price: units[2].read(scope)?, lots: units[3].read(scope)? };
                Reading::Quote(Quote { instrument, receive_time_ns, event_time_ns, update_id, bid, ask })
            }
            What::Trade { id: id_at, price, size, aggressor, conditions, rising, signed } => {
                let trade_id = id(id_at.as_ref(), scope)?;
                let (price_ticks, fraction_nanoticks) = price.print_price(scope)?;
                let (sign, size_lots) = if *signed { size.signed(scope)? } else { (0, size.read(scope)?) };
                let aggressor = match aggressor {
                    _ if *signed => sign,
                    Some(aggressor) => aggressor.read(scope)?,
                    None => 0,
                };
                let counts = counts(conditions.as_ref(), scope)?;
                let trade = Trade {
                    instrument,
                    receive_time_ns,
                    event_time_ns,
                    trade_id,
                    price_ticks,
                    size_lots,
                    aggressor,
                    counts,
                    fraction_nanoticks,
                };
                Reading::Trade { rising: *rising, trade }
            }
            What::Correction { was, now } => {
                let at = Trade { instrument, receive_time_ns, event_time_ns, ..Trade::default() };
                let was = was.read(scope, at)?;
                let now = now.as_ref().map(|now| now.read(scope, at)).transpose()?;
                Reading::Correction(Box::new(Correction { instrument, receive_time_ns, event_time_ns, was, now }))
            }
            What::Bar { units, trades, vwap } => {
                let (mut prices, mut fractions_nanoticks) = ([0; 4], [0; 4]);
                for (at, unit) in units[..4].iter().enumerate() {
                    (prices[at], fractions_nanoticks[at]) = unit.print_price(scope)?;
                }
                let volume_lots = units[4].read(scope)?;
                let trades = id(trades.as_ref(), scope)?;
                let vwap = vwap.as_ref().map_or(Ok(f64::NAN), |number| number.number(scope))?;
                Reading::Bar(Bar {
                    instrument,
                    receive_time_ns,
                    event_time_ns,
                    prices,
                    volume_lots,
                    trades,
                    vwap,
                    fractions_nanoticks,
                })
            }
            What::Status { code, text, trading } => {
                let code = code.string(scope)?;
                let text = text.as_ref().map_or(Ok(String::new()), |text| text.string(scope))?;
                let said = trading.as_ref().map_or(Ok(-1), |trading| trading.read(scope))?;
                let trading = (said >= 0).then_some(said != 0);
                Reading::Status(Status { instrument, receive_time_ns, event_time_ns, code, text, trading })
            }
            What::Mark { price: (field, path), rate, funding } => {
                let Some(mark_price) = decimal_at(field, path, scope, false)? else {
                    return Err(fault(scope, path.find(scope), "must be decimal text above zero"));
                };
                let mut mark = Mark { instrument, receive_time_ns, event_time_ns, mark_price, ..Mark::default() };
                if let Some((field, path)) = rate {
                    mark.funding_rate = decimal_at(field, path, scope, true)?;
                    let time_ns = time(funding.as_ref(), scope, receive_time_ns)?;
                    mark.funding_time_ns = if mark.funding_rate.is_some() { time_ns } else { 0 };
                }
                Reading::Mark(mark)
            }
        };
        Ok(Read::of(reading))
    }
}

/// Makes units of all sizes of a message; `None` where one doesn't fit in 64 bits.
fn in_units(units: &Units, read: &mut Read, arena: &mut Arena) -> Option<()> {
    let Reading::Depth { depth, bids, asks, .. } = &read.reading else {
        return units.apply_all(&mut read.reading, &mut []);
    };
    if units.count_at(depth.event_time_ns) {
        for (levels, &(start, end)) in arena.levels.iter_mut().zip([bids, asks]) {
            for level in &mut levels[start as usize..end as usize] {
                units.apply(&mut level.lots)?;
            }
        }
    }
    Some(())
}
