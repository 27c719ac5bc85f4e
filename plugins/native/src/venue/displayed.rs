//! What one instrument's market shows, less what we took of it. The twin is `mainspring.venue.paper_displayed`.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use crate::book::{Book, Level, Side};
use crate::wire::event::Quote;

const FIRST_LEVELS: usize = 8;

/// The levels that an order of ours could meet, from the newest of two sources: the book, and the venue's own quotes.
#[derive(Clone, Debug, Default)]
pub struct Displayed {
    /// The quote, while it is newer than the book.
    pub quote: Option<Quote>,
    /// The id of the last delta.
    pub depth_id: i64,
    /// Whether anything was seen, the book is to be trusted and the instrument isn't halted.
    pub usable: bool,
    seen: bool,
    depth_seen: bool,
    invalid: bool,
    halted: bool,
    taken: [BTreeMap<i64, i64>; 2],
}

/// The place of a side in an array.
pub fn at(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

/// The side as the sign of the position that it makes.
pub fn sign(side: Side) -> i64 {
    match side {
        Side::Buy => 1,
        Side::Sell => -1,
    }
}

/// The other side.
pub fn other(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}

impl Displayed {
    /// Nothing was seen yet.
    pub fn new() -> Self {
        Displayed { depth_id: -1, ..Displayed::default() }
    }

    /// Whether we took anything of a level that still stands.
    pub fn remembers(&self) -> bool {
        self.taken.iter().any(|taken| !taken.is_empty())
    }

    /// Takes a quote. False if the book is as new as it, or an earlier quote newer.
    pub fn on_quote(&mut self, quote: &Quote, book: &impl Book) -> bool {
        if !self.seen {
            self.seen = true;
            self.assess();
        }
        let id = quote.update_id;
        if (0 <= id && id <= self.depth_id) || self.quote.is_some_and(|last| 0 <= id && id < last.update_id) {
            return false;
        }
        self.quote = Some(*quote);
        if !self.depth_seen {
            self.forget_gone(book);
        }
        true
    }

    /// Takes note that the book has changed, up to this id.
    pub fn on_depth(&mut self, last_id: i64, book: &impl Book) {
        self.depth_seen = true;
        self.depth_id = last_id;
        if self.quote.is_some_and(|quote| last_id < 0 || last_id >= quote.update_id) {
            self.quote = None;
        }
        self.forget_gone(book);
    }

    /// Takes note that the book was made again.
    pub fn on_snapshot(&mut self, last_id: i64, book: &impl Book) {
        self.on_depth(last_id, book);
        (self.seen, self.invalid) = (true, false);
        self.assess();
    }

    /// Takes note that the book isn't to be trusted, nor the quotes so far.
    pub fn on_invalid(&mut self) {
        self.invalid = true;
        self.quote = None;
        self.assess();
    }

    /// Takes note of a halt or its end.
    pub fn on_status(&mut self, trading: Option<bool>) {
        if let Some(trading) = trading {
            self.halted = !trading;
            self.assess();
        }
    }

    /// The best level of a side, what we took of it included; 0 lots if it is empty.
    pub fn touch(&self, side: Side, book: &impl Book) -> Level {
        let (bid, ask) = match self.quote {
            Some(quote) => (quote.bid, quote.ask),
            None => {
                let best = book.bbo();
                (best.bid, best.ask)
            }
        };
        match side {
            Side::Buy => bid,
            Side::Sell => ask,
        }
    }

    /// Whether the best bid is above the best ask.
    pub fn crossed(&self, book: &impl Book) -> bool {
        let (bid, ask) = (self.touch(Side::Buy, book), self.touch(Side::Sell, book));
        bid.lots != 0 && ask.lots != 0 && bid.price > ask.price
    }

    /// Whether the size at a price is known.
    pub fn knows(&self, side: Side, price: i64, book: &impl Book) -> bool {
        if self.depth_seen {
            return true;
        }
        let best = self.touch(side, book);
        best.lots != 0 && better(price, best.price, side) >= 0
    }

    /// The size displayed at a price, what we took of it included.
    pub fn lots_at(&self, side: Side, price: i64, book: &impl Book) -> i64 {
        if self.quote.is_some() {
            let best = self.touch(side, book);
            let better = better(price, best.price, side);
            if best.lots == 0 || better > 0 {
                return 0;
            }
            if better == 0 {
                return best.lots;
            }
        }
        book.lots_at(side, price)
    }

    /// What we can take of a side: its levels as far as `limit`, best first, until `visit` is satisfied and returns false.
    pub fn available(
        &mut self,
        side: Side,
        limit: Option<i64>,
        book: &impl Book,
        mut visit: impl FnMut(&mut Self, Level) -> bool,
    ) {
        let best = self.quote.is_some().then(|| self.touch(side, book));
        let mut rows = Vec::new();
        if let Some(best) = best {
            if best.lots == 0 {
                return;
            }
            rows.push(best);
        }
        let (mut wanted, mut seen) = (FIRST_LEVELS, 0);
        loop {
            for level in rows.drain(..) {
                if limit.is_some_and(|limit| better(level.price, limit, side) < 0) {
                    return;
                }
                let left = level.lots - self.taken[at(side)].get(&level.price).copied().unwrap_or(0);
                if left > 0 && !visit(self, Level { price: level.price, lots: left }) {
                    return;
                }
            }
            if seen == usize::MAX {
                return;
            }
            book.depth(side, wanted, &mut rows);
            let last = rows.len() < wanted;
            rows.drain(..seen.min(rows.len()));
            if let Some(best) = best {
                rows.retain(|level| better(level.price, best.price, side) < 0);
            }
            (seen, wanted) = if last { (usize::MAX, wanted) } else { (wanted, 2 * wanted) };
        }
    }

    /// Notes that we took `lots` of a level.
    pub fn take(&mut self, side: Side, price: i64, lots: i64) {
        let taken = self.taken[at(side)].entry(price).or_default();
        *taken = taken.saturating_add(lots);
    }

    /// The update id as of which the size at a price is known; -1 if the venue sends none.
    pub fn source_id(&self, side: Side, price: i64, book: &impl Book) -> i64 {
        let Some(quote) = self.quote else { return self.depth_id };
        let best = self.touch(side, book);
        let quoted = best.lots == 0 || better(price, best.price, side) >= 0;
        if quoted { quote.update_id } else { self.depth_id }
    }

    fn forget_gone(&mut self, book: &impl Book) {
        for side in [Side::Buy, Side::Sell] {
            if self.taken[at(side)].is_empty() {
                continue;
            }
            let mut taken = std::mem::take(&mut self.taken[at(side)]);
            taken.retain(|&price, _| !self.knows(side, price, book) || self.lots_at(side, price, book) != 0);
            self.taken[at(side)] = taken;
        }
    }

    fn assess(&mut self) {
        self.usable = self.seen && !self.invalid && !self.halted;
    }
}

/// Above zero if a price is better than another on that side, below it if it is worse.
fn better(price: i64, than: i64, side: Side) -> i64 {
    (price - than) * sign(side)
}
