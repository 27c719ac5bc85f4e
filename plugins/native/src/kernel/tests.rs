//! What needs no Python: a strategy behind a C function pointer, and how its errors end a run.

use crate::book::any::{AnyBook, STRUCTURES};
use crate::kernel::event::{CLEAR, HALT, ID, LEVEL, QUOTE, RESUME, ROW, Row, TRADE};
use crate::kernel::handles::Handles;
use crate::kernel::manager::{Manager, Place};
use crate::kernel::record::{REASONS, reason_number};
use crate::kernel::runner::{Ended, Kernel, Subscription};
use crate::kernel::strategy::{Compiled, Strategy, average_ticks, level_lots, level_ticks, lots_at};
use crate::kernel::view::{ACCEPTED, BUFFER, FILLED, LIMIT, MARKET, MarketView, Request};
use crate::lane::market::Market;
use crate::lane::statistics::Options;
use crate::trading::position::Position;
use crate::trading::tracker::Tracker;
use crate::venue::PaperVenue;
use crate::venue::delay::Delay;
use crate::venue::queue::Queue;

/// Joins the best bid once and sells two lots, counts in its state, and raises at an offer of 13 ticks.
unsafe extern "C" fn entry(views: *mut MarketView, market: i64, requests: *mut Request, state: *mut u8) -> i32 {
    // SAFETY: they are the test's own, and live.
    unsafe {
        let (market, state) = (&*views.add(market as usize), &mut *state.cast::<i64>());
        *state += 1;
        assert_eq!(level_ticks(market.book, 1, 0), market.bid_ticks);
        assert_eq!(level_lots(market.book, -1, 0), market.ask_lots);
        assert_eq!(lots_at(market.book, 1, market.bid_ticks), market.bid_lots);
        assert_eq!(average_ticks(market.book, 1, 1).is_nan(), market.ask_lots == 0);
        if *state == 1 {
            let limit = Request { action: LIMIT, market: -1, side: 1, price_ticks: 10, size_lots: 3, ..Request::EMPTY };
            *requests.add(1) = limit;
            *requests.add(2) = Request { action: MARKET, side: -1, size_lots: 2, price_ticks: 0, ..limit };
            // A side and a market that aren't.
            *requests.add(3) = Request { side: 3, ..limit };
            *requests.add(4) = Request { market: 7, ..limit };
            (*requests).action = 4;
        }
        i32::from(market.ask_ticks != 13)
    }
}

fn kernel(book: AnyBook, subscription: Subscription) -> Kernel {
    let options = Options { keep: 0.5, warm_up_cells: 1, daily_volume_lots: None, daily_volatility: None };
    let place = Place {
        book,
        market: Market::new(options),
        position: Position::default(),
        handles: Handles::default(),
        checks: Vec::new(),
    };
    let delay = || vec![Delay::Constant(0)];
    let manager = Manager {
        tracker: Tracker::new(1, 0),
        venue: PaperVenue::new(vec![Queue::Proportional], delay(), delay(), (100, 1_000), 0),
        log: Vec::new(),
        refusals: Default::default(),
    };
    Kernel::new(vec![place], manager, subscription, 1_000)
}

fn rows() -> Vec<[u8; ROW]> {
    let row = |time_ns, price_ticks, size_lots, kind, side, last| Row {
        time_ns,
        price_ticks,
        size_lots,
        kind,
        market: 0,
        side,
        last,
    };
    let rows = [
        row(1, 0, 0, CLEAR, 0, false),
        row(1, 10, 5, LEVEL, 1, false),
        row(1, 12, 5, LEVEL, -1, true),
        row(3, 10, 6, TRADE, -1, true),
        row(4, 12, 0, LEVEL, -1, false),
        row(4, 13, 1, LEVEL, -1, true),
        row(5, 14, 1, LEVEL, -1, true),
    ];
    let mut bytes = Vec::new();
    rows.iter().for_each(|row| row.write(&mut bytes));
    bytes.as_chunks::<ROW>().0.to_vec()
}

#[test]
fn a_compiled_strategy_trades_and_its_error_ends_the_run() {
    for structure in STRUCTURES {
        let mut state = 0_i64;
        let mut kernel = kernel(AnyBook::new(structure), Subscription { bbo: true, ..Subscription::default() });
        // SAFETY: `entry` is such a function, and `state` outlives the run.
        let strategy = unsafe { Compiled::new(entry as *const () as usize, (&raw mut state).expose_provenance()) };
        let mut strategy = strategy.expect("an address that isn't 0");
        assert_eq!(kernel.run(&rows(), 0, 100, &mut strategy), Err(Ended::Raised(5)));
        assert_eq!((state, kernel.events), (2, 5));
        let fills = kernel.manager.log.iter().filter(|record| record.kind == FILLED);
        let told: Vec<_> = fills.map(|fill| (fill.order_id, fill.side, fill.size_lots, fill.fee_ppb)).collect();
        // The market order takes two lots of the bid; of the six that are sold, five go to others.
        assert_eq!(told, [(2, -1, 2, 1_000), (1, 1, 1, 100)]);
        let position = kernel.places[0].position;
        assert_eq!((position.lots, position.cash_units().as_i64()), (-1, 20 - 10));
        assert_eq!(position.fees_ppb_units.as_i64(), 20 * 1_000 + 10 * 100);
    }
}

#[test]
fn each_reason_has_a_number_of_its_own() {
    for (at, reason) in REASONS.iter().enumerate() {
        let first = REASONS.iter().position(|one| one == reason).unwrap();
        assert_eq!(reason_number(reason), first as i16 + 1);
        assert_eq!(first, at, "{reason} is there twice");
    }
    assert_eq!(reason_number("no such reason"), -1);
}

/// Asks for whatever the numbers say, the impossible included, and now and then at the same instant again.
struct Reckless {
    seed: u64,
}

impl Reckless {
    fn draw(&mut self, below: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % below
    }

    /// A number that is ordinary, 0, negative or as large as they get.
    fn any(&mut self) -> i64 {
        match self.draw(12) {
            0 => 0,
            1 => -1,
            2 => i64::MAX,
            3 => i64::MIN,
            _ => 90 + self.draw(20) as i64,
        }
    }
}

impl Strategy for Reckless {
    fn call(&mut self, views: &mut [MarketView], market: usize, requests: &mut [Request; BUFFER]) -> bool {
        let busy = views[market].event_kind >= ACCEPTED.into() && self.draw(8) != 0;
        let count = if busy { 0 } else { self.draw(4) };
        for at in 1..=count as usize {
            requests[at] = Request {
                action: self.draw(9) as i64,
                order_id: (requests[0].order_id - self.draw(6) as i64).max(0),
                market: self.draw(4) as i64 - 1,
                side: self.draw(4) as i64 - 1,
                price_ticks: self.any(),
                size_lots: self.any(),
            };
        }
        requests[0].action = if self.draw(100) == 0 { self.any() } else { count as i64 };
        true
    }
}

#[test]
fn no_events_and_no_requests_break_it() {
    let mut fills = 0;
    for seed in 1..=300 {
        let mut strategy = Reckless { seed };
        let subscription = Subscription { bbo: true, trades: true, orders: true, rows: seed % 2 == 0, timer_ns: 50 };
        let mut kernel = kernel(AnyBook::new(STRUCTURES[seed as usize % STRUCTURES.len()]), subscription);
        let (mut bytes, mut time_ns) = (Vec::new(), 0_i64);
        for _ in 0..400 {
            time_ns += strategy.draw(40) as i64;
            let large = strategy.draw(200) == 0;
            Row {
                time_ns: if large { strategy.any() } else { time_ns },
                price_ticks: if large { strategy.any() } else { 90 + strategy.draw(20) as i64 },
                size_lots: if large { strategy.any() } else { strategy.draw(30) as i64 },
                kind: [LEVEL, LEVEL, LEVEL, LEVEL, TRADE, TRADE, CLEAR, HALT, RESUME, RESUME, ID, QUOTE]
                    [strategy.draw(12) as usize],
                market: u16::from(strategy.draw(300) == 0),
                side: if strategy.draw(2) == 0 { 1 } else { -1 },
                last: strategy.draw(3) == 0,
            }
            .write(&mut bytes);
        }
        let rows = bytes.as_chunks::<ROW>().0;
        let mut at = 0;
        // A row that is refused is passed over.
        while at < rows.len() {
            at = match kernel.run(rows, at, rows.len(), &mut strategy) {
                Ok(end) => end,
                Err(ended) => {
                    assert!(matches!(ended, Ended::Refused(..)), "seed {seed}: {ended:?}");
                    at + 1
                }
            };
        }
        assert_eq!(kernel.finish(&mut strategy), Ok(()));
        fills += kernel.manager.log.iter().filter(|record| record.kind == FILLED).count();
    }
    assert!(fills > 1_000, "only {fills} fills");
}
