//! What a delta or a snapshot says. The twin is `mainspring.wire._tree_books`.

#![forbid(unsafe_code)]

use crate::wire::declared::{Checksum, Integer, Levels, Message, Optional, Range, Reach};
use crate::wire::event::{Depth, NO_ID};
use crate::wire::reading::{BookKind, Reading};
use crate::wire::tree::arena::Arena;
use crate::wire::tree::ledger::checksum_of;
use crate::wire::tree::levels::{LevelsAt, Rows};
use crate::wire::tree::node::Kind;
use crate::wire::tree::orders::OrdersAt;
use crate::wire::tree::path::{Path, Paths, Scope};
use crate::wire::tree::readers::{Read, Steps};
use crate::wire::tree::times::{TimeAt, time};
use crate::wire::tree::values::{FlagAt, IntegerAt, TextAt, digits_of, fault, id};
use crate::wire::value::Fault;

/// Where a message says to how many levels the book is known.
#[derive(Clone, Debug)]
enum ReachAt {
    Levels(usize),
    /// Where the text stands, and the last one with what it said: it is mostly the same.
    Said(TextAt, Vec<u8>, usize),
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

    /// Compiles a declaration for an instrument. The error says what can't be.
    pub fn new(message: &Message, steps: Steps, symbol: &str, ledger: bool, paths: &Paths) -> Result<Book, String> {
        let at = |levels: &Levels, side: i64| LevelsAt::new(levels, side, steps, symbol, paths);
        let sides_at = |bids: &Option<Levels>, asks: &Option<Levels>| match (bids, asks) {
            (Some(bids), Some(asks)) => Ok::<_, String>(Some((at(bids, 1)?, at(asks, -1)?))),
            _ => Ok(None),
        };
        let checksum_at =
            |checksum: &Option<Checksum>| checksum.as_ref().map(|field| (paths.of(&field.key), field.clone()));
        let reach_at = |depth: &Option<Reach>| {
            depth.as_ref().map(|depth| match depth {
                Reach::Levels(levels) => ReachAt::Levels(*levels),
                Reach::Said(text) => ReachAt::Said(TextAt::new(text, paths), Vec::new(), 0),
                Reach::Whole(integer) => ReachAt::Whole(IntegerAt::new(integer, paths)),
            })
        };
        let orders_at = |rows: &Option<Levels>, bids: &Option<Levels>, asks: &Option<Levels>, whole: bool| {
            let sides = [(rows, 0), (bids, 1), (asks, -1)].into_iter();
            let declared = sides.filter_map(|(levels, side)| levels.as_ref().map(|levels| (levels, side)));
            let made = declared.map(|(levels, side)| OrdersAt::new(levels, side, whole, steps, symbol, paths));
            Ok::<_, String>(made.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect::<Vec<_>>())
        };
        match message {
            Message::Delta { sequence, reset, bids, asks, rows, checksum, depth, .. } => Ok(Book {
                snapshot: false,
                restarts: false,
                kind: BookKind::Delta,
                ledger,
                reset: reset.as_ref().map(|flag: &Optional| FlagAt::new(flag, paths)),
                range: sequence.as_ref().map(|Range { first, last, previous, text }| {
                    let at = |key: &str| IntegerAt::at(key, false, *text, paths);
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
                last: last_id.as_ref().map(|field: &Integer| IntegerAt::new(field, paths)),
                rows: rows.as_ref().map(|rows| at(rows, 0)).transpose()?,
                sides: sides_at(bids, asks)?,
                orders: orders_at(rows, bids, asks, true)?,
                checksum: checksum_at(checksum),
                reach: reach_at(depth),
            }),
            _ => Err("no message of a book".to_owned()),
        }
    }

    /// Where its levels stand, if all of these may be left as bytes.
    pub fn rows_as_bytes(&self) -> Option<Vec<&Path>> {
        let levels = self.rows.iter().chain(self.sides.iter().flat_map(|(bids, asks)| [bids, asks]));
        if self.orders.is_empty() { levels.map(LevelsAt::as_bytes).collect() } else { None }
    }

    /// What a message says; its levels are put into `arena`, orders into the result.
    pub fn read(
        &mut self,
        instrument: usize,
        time_at: Option<&TimeAt>,
        scope: &Scope<'_>,
        receive_time_ns: i64,
        arena: &mut Arena,
    ) -> Result<Read, Fault> {
        let (mut first_id, mut last_id, mut previous_id) = (NO_ID, id(self.last.as_ref(), scope)?, NO_ID);
        if let Some((first, last, previous)) = &self.range {
            first_id = first.read(scope)?;
            last_id = if last.is_as(first) { first_id } else { last.read(scope)? };
            if first_id > last_id {
                return Err(fault(scope, None, "the first id must not be beyond the last id"));
            }
            previous_id = id(previous.as_ref(), scope)?;
        }
        let event_time_ns = time(time_at, scope, receive_time_ns)?;
        let starts = arena.ends();
        let mut changes = Vec::new();
        for orders in &self.orders {
            orders.read(scope, &mut changes)?;
        }
        if self.orders.is_empty() {
            self.levels(scope, arena)?;
        }
        let (bids, asks) = arena.since(starts);
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
                true => Rows::Ledger,
                false => Rows::Arena,
            },
            restarts: self.restarts,
            checksum,
            reach,
        })
    }

    #[inline]
    fn levels(&mut self, scope: &Scope<'_>, arena: &mut Arena) -> Result<(), Fault> {
        let Book { ledger, rows, sides, .. } = self;
        let mut read = |levels: &mut LevelsAt| {
            if *ledger { levels.read::<true>(scope, arena) } else { levels.read::<false>(scope, arena) }
        };
        if let Some((bids, asks)) = sides {
            read(bids)?;
            return read(asks);
        }
        rows.as_mut().map_or(Ok(()), read)
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

    #[inline]
    fn reach(&mut self, scope: &Scope<'_>) -> Result<Option<usize>, Fault> {
        match &self.reach {
            None => Ok(None),
            Some(ReachAt::Levels(levels)) => Ok(Some(*levels)),
            Some(ReachAt::Said(text, last, levels)) if text.is(last, scope) => Ok(Some(*levels)),
            Some(_) => self.new_reach(scope).map(Some),
        }
    }

    #[inline(never)]
    fn new_reach(&mut self, scope: &Scope<'_>) -> Result<usize, Fault> {
        let levels = match &self.reach {
            Some(ReachAt::Said(text, ..)) => digits_of(text.read(scope)?),
            Some(ReachAt::Whole(integer)) => Some(integer.read(scope)?),
            _ => None,
        };
        let levels = levels.and_then(|levels| usize::try_from(levels).ok()).filter(|&levels| levels > 0);
        let levels = levels.ok_or_else(|| fault(scope, None, "must be a number of levels"))?;
        if let Some(ReachAt::Said(text, last, said)) = &mut self.reach
            && let Some(whole) = text.whole(scope)
        {
            (*last, *said) = (whole.to_vec(), levels);
        }
        Ok(levels)
    }
}
