//! How the kernel calls a strategy: through a C function pointer, or as a plain trait in the tests of this crate.

use std::ptr;

use crate::book::any::AnyBook;
use crate::book::{Book, Side};
use crate::kernel::view::{BUFFER, MarketView, Request};
use crate::lane::statistics::quotient;

/// The compiled strategy: the views, which of them woke it, the buffer, its state. It returns 1, or 0 where it raised.
pub type Entry = unsafe extern "C" fn(*mut MarketView, i64, *mut Request, *mut u8) -> i32;

/// A strategy.
pub trait Strategy {
    /// Calls it about the market of an index; false where it raised.
    fn call(&mut self, views: &mut [MarketView], market: usize, requests: &mut [Request; BUFFER]) -> bool;
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
    /// have the layouts of `kernel::view`, and into what `state` points to; both live for as long as this does, and no
    /// other code uses `state` during a call.
    pub unsafe fn new(entry: usize, state: usize) -> Option<Self> {
        // SAFETY: an address of 0 is `None`, and any other is such a function, as the caller vouches.
        let entry = unsafe { std::mem::transmute::<usize, Option<Entry>>(entry) };
        Some(Compiled { entry: entry?, state: ptr::with_exposed_provenance_mut(state) })
    }
}

impl Strategy for Compiled {
    #[inline]
    fn call(&mut self, views: &mut [MarketView], market: usize, requests: &mut [Request; BUFFER]) -> bool {
        // SAFETY: `new`'s caller vouches for the function and the state; the records are live and ours alone.
        unsafe { (self.entry)(views.as_mut_ptr(), market as i64, requests.as_mut_ptr(), self.state) != 0 }
    }
}

// SAFETY: it is two addresses, called by its owner, one thread at a time.
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
