//! One instrument as the lane sees it. The twin is `mainspring.lane.Market`.

#![forbid(unsafe_code)]

use crate::book::{Bbo, Level};
use crate::lane::statistics::{Options, Statistics};
use crate::wire::event::{Correction, Depth, NO_ID, PRINT_LAST, PRINT_VOLUME, Quote, Status, Trade};

/// The shortest time between two samples of the mid.
const MID_EVERY_NS: i64 = 50_000_000;

/// The last event of each kind while events for an idle router are conflated, in the order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Conflated {
    count: u64,
    /// The last quote.
    pub quote: Option<(u64, Quote)>,
    /// The last delta.
    pub delta: Option<(u64, Depth)>,
    /// The last snapshot.
    pub snapshot: Option<(u64, Depth)>,
    /// When the book was invalidated last.
    pub invalid: Option<(u64, i64)>,
    /// The last status.
    pub status: Option<(u64, Status)>,
}

impl Conflated {
    #[inline]
    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The state of one instrument.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.lane.Market`")]
pub struct Market {
    pub now_ns: i64,
    pub bid: Level,
    pub ask: Level,
    pub bbo_time_ns: i64,
    pub last_ticks: i64,
    pub last_fraction_nanoticks: i64,
    pub last_trade_id: i64,
    pub live: bool,
    pub book_valid: bool,
    pub halted: bool,
    pub connected: bool,
    pub book_id: i64,
    pub quote_id: i64,
    pub crossed: u64,
    pub stale_quotes: u64,
    pub statistics: Statistics,
    pub conflated: Conflated,
    pub mid_samples: Vec<(i64, i128)>,
    mid_due_ns: i64,
    /// When a message last changed what stands here, and the mid before it.
    pub before: (i64, Option<i128>),
}

impl Market {
    /// A market of which nothing was seen yet.
    pub fn new(options: Options) -> Self {
        Market {
            now_ns: 0,
            bid: Level::default(),
            ask: Level::default(),
            bbo_time_ns: 0,
            last_ticks: 0,
            last_fraction_nanoticks: 0,
            last_trade_id: NO_ID,
            live: false,
            book_valid: false,
            halted: false,
            connected: true,
            book_id: NO_ID,
            quote_id: NO_ID,
            crossed: 0,
            stale_quotes: 0,
            statistics: Statistics::new(options),
            conflated: Conflated::default(),
            mid_samples: Vec::new(),
            mid_due_ns: 0,
            before: (0, None),
        }
    }

    /// Takes the best prices; true where they differ from those before.
    #[inline]
    pub fn set_best(&mut self, now_ns: i64, bid: Level, ask: Level) -> bool {
        self.bbo_time_ns = now_ns;
        if bid == self.bid && ask == self.ask {
            return false;
        }
        (self.bid, self.ask) = (bid, ask);
        self.statistics.on_bbo(now_ns, bid.price, bid.lots, ask.price, ask.lots);
        true
    }

    /// Sets whether the prices are valid and whether the venue trades, and updates `live`.
    pub fn set_status(&mut self, book_valid: Option<bool>, halted: Option<bool>) {
        self.book_valid = book_valid.unwrap_or(self.book_valid);
        self.halted = halted.unwrap_or(self.halted);
        self.live = self.book_valid && self.connected && !self.halted;
    }

    /// Sets whether the feed is connected and current; true where that changed whether the market is live.
    pub fn set_connected(&mut self, connected: bool) -> bool {
        let was_live = self.live;
        self.connected = connected;
        self.set_status(None, None);
        self.live != was_live
    }

    /// Twice the mid price in ticks; `None` where a side is empty.
    pub fn mid_half_ticks(&self) -> Option<i128> {
        (self.bid.lots != 0 && self.ask.lots != 0).then(|| i128::from(self.bid.price) + i128::from(self.ask.price))
    }

    /// Keeps the mid that stood before the first message of an instant.
    #[inline]
    fn keep_mid(&mut self, now_ns: i64) {
        if self.before.0 != now_ns {
            self.before = (now_ns, self.mid_half_ticks());
        }
    }

    /// Whether a sample of the mid is due, if there is a mid.
    #[inline]
    pub fn is_sample_due(&self) -> bool {
        self.now_ns >= self.mid_due_ns
    }

    /// Takes a sample of the mid, if one is due.
    #[inline]
    pub fn sample_mid(&mut self, now_ns: i64) {
        if now_ns >= self.mid_due_ns
            && let Some(mid) = self.mid_half_ticks()
        {
            self.mid_due_ns = now_ns.saturating_add(MID_EVERY_NS);
            self.mid_samples.push((now_ns, mid));
        }
    }

    /// The book has taken levels and has these best prices; true where the market's best prices changed.
    #[inline]
    pub fn on_levels(&mut self, depth: &Depth, best: &Bbo, snapshot: bool) -> bool {
        self.keep_mid(depth.receive_time_ns);
        self.now_ns = depth.receive_time_ns;
        self.book_id = depth.last_id;
        if best.bid.price >= best.ask.price && best.bid.lots != 0 && best.ask.lots != 0 {
            self.crossed += 1;
        }
        let changed = self.quote_id <= depth.last_id && self.set_best(depth.receive_time_ns, best.bid, best.ask);
        let number = self.conflated.next();
        if snapshot {
            self.set_status(Some(true), None);
            self.conflated.snapshot = Some((number, *depth));
        } else {
            self.conflated.delta = Some((number, *depth));
        }
        changed || snapshot
    }

    /// The book isn't to be trusted any more.
    pub fn on_invalid(&mut self, receive_time_ns: i64) {
        self.keep_mid(receive_time_ns);
        self.now_ns = receive_time_ns;
        self.set_status(Some(false), None);
        (self.book_id, self.quote_id) = (NO_ID, NO_ID);
        self.set_best(receive_time_ns, Level::default(), Level::default());
        self.conflated.invalid = Some((self.conflated.next(), receive_time_ns));
    }

    /// The venue's best prices; true where the market's changed, `None` if they are older than what is known.
    #[inline]
    pub fn on_quote(&mut self, quote: &Quote, makes_market: bool) -> Option<bool> {
        self.keep_mid(quote.receive_time_ns);
        self.now_ns = quote.receive_time_ns;
        let id = quote.update_id;
        if (id < self.book_id || id < self.quote_id) && id != NO_ID {
            self.stale_quotes += 1;
            return None;
        }
        self.quote_id = id;
        if makes_market {
            self.set_status(Some(true), None);
        }
        self.conflated.quote = Some((self.conflated.next(), *quote));
        Some(self.set_best(quote.receive_time_ns, quote.bid, quote.ask))
    }

    /// A public trade, taken as the last price and into the statistics as far as it counts for them.
    #[inline]
    pub fn on_print(&mut self, trade: &Trade) {
        let Trade { receive_time_ns: now_ns, size_lots, counts, .. } = *trade;
        self.now_ns = now_ns;
        if counts & PRINT_LAST != 0 {
            self.last_ticks = trade.price_ticks;
            self.last_fraction_nanoticks = trade.fraction_nanoticks;
            self.last_trade_id = trade.trade_id;
        }
        if counts & PRINT_VOLUME != 0 {
            self.statistics.on_trade(now_ns, size_lots);
        }
    }

    /// A print that was reported wrongly is taken back, and what is right is taken.
    pub fn on_correction(&mut self, correction: &Correction) {
        let Correction { receive_time_ns: now_ns, was, now, .. } = correction;
        self.now_ns = *now_ns;
        let volume = |trade: &Trade| if trade.counts & PRINT_VOLUME != 0 { i128::from(trade.size_lots) } else { 0 };
        self.statistics.on_correction(*now_ns, now.as_ref().map_or(0, volume) - volume(was));
        if was.trade_id != self.last_trade_id || was.trade_id == NO_ID {
            return;
        }
        let right = now.filter(|now| now.counts & PRINT_LAST != 0);
        let right = right.unwrap_or(Trade { trade_id: NO_ID, ..Trade::default() });
        self.last_ticks = right.price_ticks;
        self.last_fraction_nanoticks = right.fraction_nanoticks;
        self.last_trade_id = right.trade_id;
    }

    /// A status; true where it changed whether the market is live.
    pub fn on_status(&mut self, status: &Status) -> bool {
        self.now_ns = status.receive_time_ns;
        let was_live = self.live;
        if let Some(trading) = status.trading {
            self.set_status(None, Some(!trading));
        }
        self.conflated.status = Some((self.conflated.next(), status.clone()));
        self.live != was_live
    }
}
