//! The strategy's side of a replay: the memory that it shares with the loop, and the call.
//!
//! The layouts are `MARKET` and `REQUEST` of `mainspring_native.replay.layout`; a test compares them.

use std::ptr;

use crate::book::any::AnyBook;
use crate::book::{Book, Side};
use crate::lane::statistics::quotient;

/// What a strategy sees of its market, as it stands behind an event.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the fields are described in `mainspring_native.replay.layout`")]
pub struct MarketView {
    pub time_ns: i64,
    pub bid_ticks: i64,
    pub bid_lots: i64,
    pub ask_ticks: i64,
    pub ask_lots: i64,
    pub live: i64,
    pub event_kind: i64,
    pub event_side: i64,
    pub event_ticks: i64,
    pub event_lots: i64,
    pub event_last: i64,
    pub position_lots: i64,
    pub open_orders: i64,
    pub in_flight: i64,
    pub fills: i64,
    pub book: *const AnyBook,
}

impl Default for MarketView {
    fn default() -> Self {
        MarketView {
            time_ns: 0,
            bid_ticks: 0,
            bid_lots: 0,
            ask_ticks: 0,
            ask_lots: 0,
            live: 0,
            event_kind: 0,
            event_side: 0,
            event_ticks: 0,
            event_lots: 0,
            event_last: 0,
            position_lots: 0,
            open_orders: 0,
            in_flight: 0,
            fills: 0,
            book: ptr::null(),
        }
    }
}

/// What a strategy asks for. Row 0 of the buffer is its head: how many rows are filled, and the next order's id.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are described in `mainspring_native.replay.layout`")]
pub struct Request {
    pub action: i64,
    pub order_id: i64,
    pub side: i64,
    pub price_ticks: i64,
    pub size_lots: i64,
}

/// The rows of a buffer of requests, its head included.
pub const BUFFER: usize = 17;

/// The compiled strategy. It returns 1, or 0 where it raised.
pub type Entry = unsafe extern "C" fn(*mut MarketView, *mut Request, *mut u8) -> i32;

/// What calls a strategy. A plain one serves the tests of this crate.
pub trait Strategy {
    /// Calls it at an event; false where it raised.
    fn on_event(&mut self, market: &mut MarketView, requests: &mut [Request; BUFFER]) -> bool;
}

/// A strategy behind a C function pointer.
#[derive(Clone, Copy, Debug)]
pub struct Compiled {
    entry: Entry,
    state: *mut u8,
}

impl Compiled {
    /// A strategy at these addresses.
    ///
    /// # Safety
    /// `entry` is the address of a function of the type `Entry` that writes nowhere but into the records it is handed, which
    /// have the layouts of this module, and into what `state` points to; both live for as long as this does, and no
    /// other code uses `state` during a call.
    pub unsafe fn new(entry: usize, state: usize) -> Option<Self> {
        // SAFETY: an address of 0 is `None`, and any other is such a function, as the caller vouches.
        let entry = unsafe { std::mem::transmute::<usize, Option<Entry>>(entry) };
        Some(Compiled { entry: entry?, state: ptr::with_exposed_provenance_mut(state) })
    }
}

impl Strategy for Compiled {
    #[inline]
    fn on_event(&mut self, market: &mut MarketView, requests: &mut [Request; BUFFER]) -> bool {
        // SAFETY: `new`'s caller vouches for the function and the state; the records are live and ours alone.
        unsafe { (self.entry)(market, requests.as_mut_ptr(), self.state) != 0 }
    }
}

// SAFETY: it is two addresses, called by whoever owns it, one thread at a time.
unsafe impl Send for Compiled {}

fn side(side: i64) -> Side {
    if side > 0 { Side::Buy } else { Side::Sell }
}

/// The level at a place of a side, best first: its price, and its size. 0 where there is none.
fn level(book: &AnyBook, of: i64, at: i64) -> (i64, i64) {
    let found = usize::try_from(at).ok().and_then(|at| book.level(side(of), at));
    found.map_or((0, 0), |level| (level.price, level.lots))
}

/// See `mainspring_native.replay.level_ticks`.
///
/// # Safety
/// `book` is null, or the `MarketView.book` of the call under way: during that call nothing changes the book.
pub unsafe extern "C" fn level_ticks(book: *const AnyBook, side: i64, at: i64) -> i64 {
    // SAFETY: the caller vouches for it.
    unsafe { book.as_ref() }.map_or(0, |book| level(book, side, at).0)
}

/// See `mainspring_native.replay.level_lots`.
///
/// # Safety
/// As `level_ticks`.
pub unsafe extern "C" fn level_lots(book: *const AnyBook, side: i64, at: i64) -> i64 {
    // SAFETY: the caller vouches for it.
    unsafe { book.as_ref() }.map_or(0, |book| level(book, side, at).1)
}

/// See `mainspring_native.replay.lots_at`.
///
/// # Safety
/// As `level_ticks`.
pub unsafe extern "C" fn lots_at(book: *const AnyBook, of: i64, price_ticks: i64) -> i64 {
    // SAFETY: the caller vouches for it.
    let book = unsafe { book.as_ref() };
    book.filter(|_| price_ticks >= 0).map_or(0, |book| book.lots_at(side(of), price_ticks))
}

/// See `mainspring_native.replay.average_ticks`.
///
/// # Safety
/// As `level_ticks`.
pub unsafe extern "C" fn average_ticks(book: *const AnyBook, of: i64, size_lots: i64) -> f64 {
    // SAFETY: the caller vouches for it.
    let Some(book) = (unsafe { book.as_ref() }) else { return f64::NAN };
    let walk = book.walk(side(of), size_lots);
    if walk.filled > 0 && walk.unfilled == 0 { quotient(walk.cost, walk.filled) } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::any::STRUCTURES;
    use crate::replay::event::{LEVEL, Row, TRADE};
    use crate::replay::exchange::{LIMIT, MARKET};
    use crate::replay::runner::{Ended, Replay};

    /// Joins the best bid once, counts in its state, and raises at a price of 13 ticks.
    unsafe extern "C" fn entry(market: *mut MarketView, requests: *mut Request, state: *mut u8) -> i32 {
        // SAFETY: they are the test's own, and live.
        unsafe {
            let (market, state) = (&*market, &mut *state.cast::<i64>());
            *state += 1;
            assert_eq!(level_ticks(market.book, 1, 0), market.bid_ticks);
            assert_eq!(level_lots(market.book, -1, 0), market.ask_lots);
            assert_eq!(lots_at(market.book, 1, market.bid_ticks), market.bid_lots);
            assert_eq!(average_ticks(market.book, 1, 1).is_nan(), market.ask_lots == 0);
            if *state == 2 {
                let order_id = (*requests).order_id;
                *requests.add(1) = Request { action: LIMIT, order_id, side: 1, price_ticks: 10, size_lots: 3 };
                *requests.add(2) =
                    Request { action: MARKET, order_id: order_id + 1, side: -1, price_ticks: 0, size_lots: 2 };
                (*requests).action = 2;
            }
            i32::from(market.event_ticks != 13)
        }
    }

    #[test]
    fn a_compiled_strategy_trades_and_its_error_ends_the_replay() {
        let row = |time_ns, price_ticks, size_lots, kind, side| Row {
            time_ns,
            price_ticks,
            size_lots,
            kind,
            side,
            last: true,
        };
        let rows = [
            row(1, 10, 5, LEVEL, 1),
            row(2, 12, 5, LEVEL, -1),
            row(3, 10, 6, TRADE, -1),
            row(4, 13, 1, LEVEL, -1),
            row(5, 14, 1, LEVEL, -1),
        ];
        let mut bytes = Vec::new();
        rows.iter().for_each(|row| row.write(&mut bytes));
        for structure in STRUCTURES {
            let mut state = 0_i64;
            let mut replay = Replay::new(AnyBook::new(structure), 0);
            // SAFETY: `entry` is such a function, and `state` outlives the run.
            let strategy = unsafe { Compiled::new(entry as *const () as usize, (&raw mut state).expose_provenance()) };
            let mut strategy = strategy.expect("an address that isn't 0");
            let ended = replay.run(&bytes, &mut MarketView::default(), &mut strategy);
            assert_eq!(ended, Err(Ended::Raised(3)));
            assert_eq!((state, replay.events), (4, 4));
            let fills = &replay.exchange.fills;
            let told: Vec<_> =
                fills.iter().map(|fill| (fill.order_id, fill.side, fill.size_lots, fill.maker)).collect();
            assert_eq!(told, [(2, -1, 2, false), (1, 1, 1, true)]);
            assert_eq!((replay.exchange.position, replay.exchange.cash), (-1, 20 - 10));
        }
    }
}
