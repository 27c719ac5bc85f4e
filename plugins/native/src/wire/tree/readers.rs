//! What a message of a known kind and instrument says. The twins are `mainspring.wire._tree` and `_tree_events`.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::exact::Step;
use crate::wire::declared::{Checksum, Conditions, Integer, Levels, Message, Optional, Print, Range, Reach, Text};
use crate::wire::event::{Bar, Control, Correction, Depth, Mark, NO_ID, PRINT_ALL, Quote, Status, Trade};
use crate::wire::reading::{BookKind, Reading};
use crate::wire::round_lots::Units;
use crate::wire::tree::digits::Digits;
use crate::wire::tree::ledger::checksum_of;
use crate::wire::tree::levels::{LevelsAt, Rows};
use crate::wire::tree::orders::OrdersAt;
use crate::wire::tree::path::{Path, Scope};
use crate::wire::tree::tape::Kind;
use crate::wire::tree::units::UnitsAt;
use crate::wire::tree::values::{
    ChoiceAt, FlagAt, IntegerAt, TextAt, TimeAt, code, decimal_at, digits_of, fault, id, time,
};
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
    fn of(reading: Reading) -> Read {
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

/// A print within a message about prints.
#[derive(Clone, Debug)]
struct PrintAt {
    id: Option<IntegerAt>,
    price: UnitsAt,
    size: UnitsAt,
    conditions: Option<(Path, Conditions)>,
}

impl PrintAt {
    fn new(field: &Print, (tick, lot): Steps, symbol: &str) -> Result<PrintAt, String> {
        Ok(PrintAt {
            id: field.trade_id.as_ref().map(IntegerAt::new),
            price: UnitsAt::new(&field.price, tick, symbol)?,
            size: UnitsAt::new(&field.size, lot, symbol)?,
            conditions: field.conditions.as_ref().map(|codes| (Path::new(&codes.key), codes.clone())),
        })
    }

    /// The print; `at` has its instrument and times.
    fn read(&self, scope: &Scope<'_>, at: Trade) -> Result<Trade, Fault> {
        let trade_id = id(self.id.as_ref(), scope)?;
        let (price_ticks, fraction_nanoticks) = self.price.print_price(scope)?;
        let size_lots = self.size.read(scope)?;
        let counts = counts(self.conditions.as_ref(), scope)?;
        Ok(Trade { trade_id, price_ticks, size_lots, counts, fraction_nanoticks, ..at })
    }
}

/// Room for the rows of most messages.
const ROWS: usize = 32;

/// Where a message says to how many levels the book is known.
#[derive(Clone, Debug)]
enum ReachAt {
    Levels(usize),
    Said(TextAt),
    Whole(IntegerAt),
}

/// The reader of a delta or a snapshot.
#[derive(Clone, Debug)]
pub struct Book {
    snapshot: bool,
    restarts: bool,
    kind: BookKind,
    ledger: bool,
    reset: Option<FlagAt>,
    range: Option<(IntegerAt, IntegerAt, Option<IntegerAt>)>,
    last: Option<IntegerAt>,
    rows: Option<LevelsAt>,
    sides: Option<(LevelsAt, LevelsAt)>,
    /// Its rows, its bids and its offers where they are orders.
    orders: Vec<OrdersAt>,
    checksum: Option<(Path, Checksum)>,
    reach: Option<ReachAt>,
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
    ) -> Result<Reader, String> {
        let (time, what) = match message {
            Message::Delta { event_time, .. } | Message::Snapshot { event_time, .. } => {
                (event_time, What::Book(Box::new(Book::new(message, (tick, lot), symbol, ledger)?)))
            }
            Message::Quote { event_time, update_id, bid_price, bid_size, ask_price, ask_size, .. } => {
                let units = [
                    UnitsAt::new(bid_price, tick, symbol)?,
                    UnitsAt::new(bid_size, lot, symbol)?,
                    UnitsAt::new(ask_price, tick, symbol)?,
                    UnitsAt::new(ask_size, lot, symbol)?,
                ];
                (event_time, What::Quote { id: update_id.as_ref().map(IntegerAt::new), units })
            }
            Message::Trade { event_time, trade_id, price, size, aggressor, conditions, rising_ids, signed, .. } => {
                let what = What::Trade {
                    id: trade_id.as_ref().map(IntegerAt::new),
                    price: UnitsAt::new(price, tick, symbol)?,
                    size: UnitsAt::new(size, lot, symbol)?,
                    aggressor: aggressor.as_ref().map(ChoiceAt::new),
                    conditions: conditions.as_ref().map(|codes| (Path::new(&codes.key), codes.clone())),
                    rising: *rising_ids,
                    signed: *signed,
                };
                (event_time, what)
            }
            Message::Correction { event_time, .. } | Message::Cancel { event_time, .. } => {
                let at = |field: &Print| PrintAt::new(field, (tick, lot), symbol).map(Box::new);
                let (was, now) = message.prints();
                let was = was.map(at).transpose()?.ok_or("a correction names what it corrects")?;
                (event_time, What::Correction { was, now: now.map(at).transpose()? })
            }
            Message::Bar { event_time, open, high, low, close, volume, trades, vwap, .. } => {
                let units = [
                    UnitsAt::new(open, tick, symbol)?,
                    UnitsAt::new(high, tick, symbol)?,
                    UnitsAt::new(low, tick, symbol)?,
                    UnitsAt::new(close, tick, symbol)?,
                    UnitsAt::new(volume, lot, symbol)?,
                ];
                let trades = trades.as_ref().map(IntegerAt::new);
                (event_time, What::Bar { units, trades, vwap: vwap.as_ref().map(FlagAt::new) })
            }
            Message::Status { event_time, code, text, trading, .. } => {
                let (text, trading) = (text.as_ref().map(TextAt::new), trading.as_ref().map(ChoiceAt::new));
                (event_time, What::Status { code: TextAt::new(code), text, trading })
            }
            Message::Mark { event_time, mark_price, funding_rate, funding_time, .. } => {
                let at = |field: &Text| (field.clone(), Path::new(&field.key));
                let what = What::Mark {
                    price: at(mark_price),
                    rate: funding_rate.as_ref().map(at),
                    funding: funding_time.as_ref().map(TimeAt::new),
                };
                (event_time, what)
            }
            Message::Control { .. } => (&None, What::Control),
        };
        let round_lots = Units::new(message, symbol)?;
        Ok(Reader { instrument, round_lots, time: time.as_ref().map(TimeAt::new), what })
    }

    /// What a message says; its levels are put into `arena`, or into the rows of the result.
    pub fn read(&self, scope: &Scope<'_>, receive_time_ns: i64, arena: &mut Vec<Level>) -> Result<Read, Fault> {
        let mut read = self.as_sent(scope, receive_time_ns, arena)?;
        if let Some(units) = &self.round_lots
            && in_units(units, &mut read, arena).is_none()
        {
            return Err(fault(scope, None, "doesn't fit in 64 bits as units"));
        }
        Ok(read)
    }

    /// The same, with sizes as the venue writes them.
    fn as_sent(&self, scope: &Scope<'_>, receive_time_ns: i64, arena: &mut Vec<Level>) -> Result<Read, Fault> {
        let instrument = self.instrument;
        if let What::Book(book) = &self.what {
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
fn in_units(units: &Units, read: &mut Read, arena: &mut [Level]) -> Option<()> {
    units.apply_all(&mut read.reading, arena)?;
    if let (Rows::Ledger(rows), Reading::Depth { depth, .. }) = (&mut read.rows, &read.reading)
        && units.count_at(depth.event_time_ns)
    {
        rows.iter_mut().try_for_each(|row| units.apply(&mut row.lots))?;
    }
    Some(())
}

/// What a print counts for.
fn counts(field: Option<&(Path, Conditions)>, scope: &Scope<'_>) -> Result<i64, Fault> {
    let Some((path, codes)) = field else { return Ok(PRINT_ALL) };
    let Some(at) = path.find(scope) else { return Ok(PRINT_ALL) };
    let (message, node) = (scope.message, scope.message.node(at));
    match node.kind {
        Kind::Text => Ok(codes.of(message.text(node))),
        Kind::Array => message.items(at).try_fold(PRINT_ALL, |counts, item| {
            let node = message.node(item);
            match node.kind {
                Kind::Text => Ok(counts & codes.of(message.text(node))),
                _ => Err(fault(scope, Some(at), "must be condition codes")),
            }
        }),
        _ => Err(fault(scope, Some(at), "must be condition codes")),
    }
}

impl Book {
    /// Whether a declaration needs more of its book than its numbering.
    pub fn needs_ledger(message: &Message) -> bool {
        match message {
            Message::Delta { bids, asks, rows, checksum, depth, .. }
            | Message::Snapshot { bids, asks, rows, checksum, depth, .. } => {
                let ids = [bids, asks, rows]
                    .into_iter()
                    .flatten()
                    .any(|levels| levels.id.is_some() || levels.order.is_some());
                ids || checksum.is_some() || depth.is_some()
            }
            _ => false,
        }
    }

    fn new(message: &Message, steps: Steps, symbol: &str, ledger: bool) -> Result<Book, String> {
        let at = |levels: &Levels, side: i64| LevelsAt::new(levels, side, steps, symbol);
        let sides_at = |bids: &Option<Levels>, asks: &Option<Levels>| match (bids, asks) {
            (Some(bids), Some(asks)) => Ok::<_, String>(Some((at(bids, 1)?, at(asks, -1)?))),
            _ => Ok(None),
        };
        let checksum_at =
            |checksum: &Option<Checksum>| checksum.as_ref().map(|field| (Path::new(&field.key), field.clone()));
        let reach_at = |depth: &Option<Reach>| {
            depth.as_ref().map(|depth| match depth {
                Reach::Levels(levels) => ReachAt::Levels(*levels),
                Reach::Said(text) => ReachAt::Said(TextAt::new(text)),
                Reach::Whole(integer) => ReachAt::Whole(IntegerAt::new(integer)),
            })
        };
        let orders_at = |rows: &Option<Levels>, bids: &Option<Levels>, asks: &Option<Levels>, whole: bool| {
            let sides = [(rows, 0), (bids, 1), (asks, -1)].into_iter();
            let declared = sides.filter_map(|(levels, side)| levels.as_ref().map(|levels| (levels, side)));
            let made = declared.map(|(levels, side)| OrdersAt::new(levels, side, whole, steps, symbol));
            Ok::<_, String>(made.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect::<Vec<_>>())
        };
        match message {
            Message::Delta { sequence, reset, bids, asks, rows, checksum, depth, .. } => Ok(Book {
                snapshot: false,
                restarts: false,
                kind: BookKind::Delta,
                ledger,
                reset: reset.as_ref().map(|flag: &Optional| FlagAt::new(flag)),
                range: sequence.as_ref().map(|Range { first, last, previous, text }| {
                    let at = |key: &str| IntegerAt::at(key, false, *text);
                    (at(first), at(last), previous.as_deref().map(at))
                }),
                last: None,
                rows: rows.as_ref().map(|rows| at(rows, 0)).transpose()?,
                sides: sides_at(bids, asks)?,
                orders: orders_at(rows, bids, asks, false)?,
                checksum: checksum_at(checksum),
                reach: reach_at(depth),
            }),
            Message::Snapshot { last_id, bids, asks, rows, checksum, depth, restarts, view, cut, .. } => Ok(Book {
                snapshot: true,
                restarts: *restarts,
                kind: BookKind::declared(*view, *cut),
                ledger,
                reset: None,
                range: None,
                last: last_id.as_ref().map(|field: &Integer| IntegerAt::new(field)),
                rows: rows.as_ref().map(|rows| at(rows, 0)).transpose()?,
                sides: sides_at(bids, asks)?,
                orders: orders_at(rows, bids, asks, true)?,
                checksum: checksum_at(checksum),
                reach: reach_at(depth),
            }),
            _ => Err("no message of a book".to_owned()),
        }
    }

    fn read(
        &self,
        instrument: usize,
        time_at: Option<&TimeAt>,
        scope: &Scope<'_>,
        receive_time_ns: i64,
        arena: &mut Vec<Level>,
    ) -> Result<Read, Fault> {
        let (mut first_id, mut last_id, mut previous_id) = (NO_ID, id(self.last.as_ref(), scope)?, NO_ID);
        if let Some((first, last, previous)) = &self.range {
            (first_id, last_id) = (first.read(scope)?, last.read(scope)?);
            if first_id > last_id {
                return Err(fault(scope, None, "the first id must not be beyond the last id"));
            }
            previous_id = id(previous.as_ref(), scope)?;
        }
        let event_time_ns = time(time_at, scope, receive_time_ns)?;
        let empty = (arena.len() as u32, arena.len() as u32);
        let (mut bids, mut asks) = (empty, empty);
        let mut ledger_rows = Vec::with_capacity(if self.ledger { ROWS } else { 0 });
        let mut changes = Vec::new();
        for orders in &self.orders {
            orders.read(scope, &mut changes)?;
        }
        for levels in self.rows.iter().chain(self.sides.iter().flat_map(|(bids, asks)| [bids, asks])) {
            if self.ledger && self.orders.is_empty() {
                levels.each(scope, true, |row| ledger_rows.push(row))?;
            }
        }
        if !self.ledger {
            if let Some(rows) = &self.rows {
                let mut offers = Vec::new();
                rows.both_sides(scope, arena, &mut offers)?;
                bids.1 = arena.len() as u32;
                arena.append(&mut offers);
                asks = (bids.1, arena.len() as u32);
            }
            if let Some((bids_at, asks_at)) = &self.sides {
                bids = bids_at.one_side(scope, arena)?;
                asks = asks_at.one_side(scope, arena)?;
            }
        }
        let snapshot = self.snapshot || self.reset.as_ref().map_or(Ok(false), |reset| reset.read(scope))?;
        if snapshot {
            (first_id, previous_id) = (NO_ID, NO_ID);
        }
        let depth = Depth { instrument, receive_time_ns, event_time_ns, first_id, last_id, previous_id };
        let (checksum, reach) = if self.ledger { (self.checksum(scope)?, self.reach(scope)?) } else { (None, None) };
        Ok(Read {
            reading: Reading::Depth {
                kind: if self.snapshot { self.kind } else { BookKind::of(snapshot) },
                depth,
                bids,
                asks,
            },
            rows: match self.ledger {
                true if !self.orders.is_empty() => Rows::Orders(changes),
                true => Rows::Ledger(ledger_rows),
                false => Rows::Arena,
            },
            restarts: self.restarts,
            checksum,
            reach,
        })
    }

    fn checksum(&self, scope: &Scope<'_>) -> Result<Option<u32>, Fault> {
        let Some((path, field)) = &self.checksum else { return Ok(None) };
        let found = path.find(scope);
        match found.map(|at| scope.message.node(at)) {
            None if field.optional => Ok(None),
            Some(node) if matches!(node.kind, Kind::Text | Kind::Integer) => checksum_of(scope.message.text(node))
                .map(Some)
                .ok_or_else(|| fault(scope, found, "must be a checksum of 32 bits")),
            _ => Err(fault(scope, found, "must be a checksum of 32 bits")),
        }
    }

    fn reach(&self, scope: &Scope<'_>) -> Result<Option<usize>, Fault> {
        let levels = match &self.reach {
            None => return Ok(None),
            Some(ReachAt::Levels(levels)) => return Ok(Some(*levels)),
            Some(ReachAt::Said(text)) => digits_of(text.read(scope)?),
            Some(ReachAt::Whole(integer)) => Some(integer.read(scope)?),
        };
        let levels = levels.and_then(|levels| usize::try_from(levels).ok()).filter(|&levels| levels > 0);
        levels.map(Some).ok_or_else(|| fault(scope, None, "must be a number of levels"))
    }
}

/// What a message about the connection says. `declaration` is the number of its declaration.
pub fn read_control(
    message: &Message,
    declaration: usize,
    scope: &Scope<'_>,
    receive_time_ns: i64,
) -> Result<Read, Fault> {
    let Message::Control { inside, code: code_at, text, .. } = message else { return Ok(Read::of(Reading::Ignored)) };
    let mut inner = *scope;
    if let Some(inside) = inside {
        let found = Path::new(inside).find(scope);
        match found.filter(|&at| scope.message.node(at).kind == Kind::Object) {
            Some(at) => (inner.item, inner.row) = (at, at),
            None => return Err(fault(scope, found, "must be an object")),
        }
    }
    let code = code(code_at.as_ref(), &inner)?;
    let text = text.as_ref().map_or(Ok(String::new()), |text| TextAt::new(text).string(&inner))?;
    Ok(Read::of(Reading::Control(Control { receive_time_ns, declaration, code, text })))
}
