//! What the log says of orders, money and the market's lots, added up once more.

use std::collections::{BTreeMap, HashMap};

use ethnum::I256;
use mainspring_native::kernel::event::{CLEAR, LEVEL, QUOTE, Row, TRADE};
use mainspring_native::kernel::handles::CREATED;
use mainspring_native::kernel::record::{APPROVED, CANCEL, REFUSED, REPLACE, Record, SUBMIT, flags};
use mainspring_native::kernel::runner::Kernel;
use mainspring_native::kernel::view::{ACCEPTED, CANCELLED, FILLED, REJECTED, REPLACED};

use crate::tracked;

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Asked,
    Sent,
    Accepted,
    Ended,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    stage: Stage,
    market: usize,
    buy: bool,
    limit: bool,
    price_ticks: i64,
    size_lots: i64,
    filled_lots: i128,
    cancels: u32,
    replaces: u32,
}

/// Lots of one market: what was shown at each price of a side, ever, what is shown there now, and what we took of it.
#[derive(Default)]
struct Lots {
    shown: BTreeMap<(bool, bool, i64), i64>,
    supplied: BTreeMap<(bool, i64), i128>,
    taken: BTreeMap<(bool, i64), i128>,
    printed: i128,
    filled: i128,
}

impl Lots {
    /// A level's size, of the book or of a quote: what it rose by is new. What only a quote had is gone with the next, and with
    /// levels that come after it; a level that a quote denies is new when it comes back.
    fn show(&mut self, quote: bool, row: &Row) {
        let bid = row.side > 0;
        if quote {
            let denied =
                |price| row.size_lots == 0 || if bid { price > row.price_ticks } else { price < row.price_ticks };
            for (&(of_quote, side, price), &lots) in &self.shown {
                if side == bid && !of_quote && denied(price) {
                    *self.supplied.entry((side, price)).or_default() += i128::from(lots);
                }
            }
            self.shown.retain(|&(of_quote, side, price), _| side != bid || !of_quote || price == row.price_ticks);
        } else {
            self.shown.retain(|&(of_quote, ..), _| !of_quote);
        }
        // A size below 0 is refused.
        let size_lots = row.size_lots.max(0);
        let before = self.shown.insert((quote, bid, row.price_ticks), size_lots).unwrap_or(0);
        let rise = i128::from(size_lots) - i128::from(before);
        *self.supplied.entry((bid, row.price_ticks)).or_default() += rise.max(0);
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Money {
    lots: i128,
    cash_units: I256,
    fees_ppb_units: I256,
    fills: u64,
}

/// Everything that follows from log and rows.
pub struct Ledger {
    read: usize,
    last_id: i64,
    orders: HashMap<i64, Known>,
    money: Vec<Money>,
    lots: Vec<Lots>,
}

impl Ledger {
    pub fn new(markets: usize) -> Self {
        let lots = (0..markets).map(|_| Lots::default()).collect();
        Ledger { read: 0, last_id: 0, orders: HashMap::new(), money: vec![Money::default(); markets], lots }
    }

    /// A row of the market, whether it was taken or not: more is shown here than there can have been, never less.
    pub fn show(&mut self, row: &Row) {
        let Some(lots) = self.lots.get_mut(usize::from(row.market)) else { return };
        match row.kind {
            LEVEL => lots.show(false, row),
            QUOTE => lots.show(true, row),
            // What is shown after it may be shown again.
            CLEAR => lots.shown.clear(),
            TRADE => lots.printed += i128::from(row.size_lots.max(0)),
            _ => {}
        }
    }

    /// Reads what the log has more, and compares.
    pub fn agree(&mut self, kernel: &Kernel) {
        let log = &kernel.manager.log;
        for at in self.read..log.len() {
            self.record(&log[at]);
        }
        self.read = log.len();
        for (place, lots) in self.lots.iter().enumerate() {
            for (key, taken) in &lots.taken {
                let supplied = lots.supplied.get(key).copied().unwrap_or(0);
                assert!(*taken <= supplied, "took {taken} of {supplied} lots ever shown at {key:?}");
            }
            let supplied: i128 = lots.supplied.values().sum();
            assert!(lots.filled <= lots.printed + supplied);
            let position = kernel.places[place].position;
            let (money, seen) = (self.money[place], position);
            assert_eq!(
                (money.lots, money.cash_units, money.fees_ppb_units, money.fills),
                (seen.lots, seen.cash_units(), seen.fees_ppb_units, seen.fills)
            );
        }
        self.orders_agree(kernel);
        tracked::check(&kernel.manager.tracker, self.lots.len(), 1);
    }

    /// The orders that are open by the log are those of the tracker, and those that the strategy has.
    fn orders_agree(&mut self, kernel: &Kernel) {
        let tracker = &kernel.manager.tracker;
        let mut open = 0;
        for order in tracker.all_open() {
            let known = &self.orders[&order.order.order_id];
            assert!(matches!(known.stage, Stage::Sent | Stage::Accepted), "{known:?} is open");
            assert_eq!((order.price_ticks, order.size_lots), (known.price_ticks, known.size_lots));
            assert_eq!(order.filled_lots, known.filled_lots);
            open += 1;
        }
        self.orders.retain(|_, known| known.stage != Stage::Ended);
        let sent = self.orders.values().filter(|known| known.stage != Stage::Asked).count();
        assert_eq!(open, sent, "the log has other open orders than the tracker");
        let refused = |order_id| kernel.manager.refusals.iter().any(|(_, told)| told.order_id == order_id);
        let mut listed = 0;
        for place in &kernel.places {
            for view in &place.handles.views {
                let Some(known) = self.orders.get(&view.order_id) else {
                    assert!(view.state == CREATED && refused(view.order_id), "{view:?} has ended");
                    continue;
                };
                listed += 1;
                assert_eq!((view.price_ticks, view.size_lots), (known.price_ticks, known.size_lots));
                assert_eq!(i128::from(view.filled_lots), known.filled_lots);
            }
        }
        assert_eq!(listed, open, "the strategy has other open orders than the tracker");
    }

    fn record(&mut self, record: &Record) {
        let market = usize::from(record.market);
        if record.kind == SUBMIT {
            assert!(record.order_id > self.last_id && record.size_lots > 0);
            self.last_id = record.order_id;
            let known = Known {
                stage: Stage::Asked,
                market,
                buy: record.side > 0,
                limit: record.flags & flags::LIMIT != 0,
                price_ticks: record.price_ticks,
                size_lots: record.size_lots,
                filled_lots: 0,
                cancels: 0,
                replaces: 0,
            };
            assert!(self.orders.insert(record.order_id, known).is_none());
            return;
        }
        if matches!(record.kind, CANCEL | REPLACE) {
            assert!(record.order_id <= self.last_id);
            return;
        }
        let of_change = record.flags & (flags::OF_CANCEL | flags::OF_REPLACE) != 0;
        let Some(known) = self.orders.get_mut(&record.order_id) else {
            // The answer to a change may come after the end; a refused one is of whatever order.
            assert!(of_change && matches!(record.kind, REJECTED | REFUSED), "{record:?} is of no open order");
            return;
        };
        assert_eq!(known.market, market);
        let open = matches!(known.stage, Stage::Sent | Stage::Accepted);
        match record.kind {
            APPROVED if record.flags & flags::OF_CANCEL != 0 => known.cancels += u32::from(open),
            APPROVED if record.flags & flags::OF_REPLACE != 0 => known.replaces += u32::from(open),
            APPROVED => {
                assert_eq!(known.stage, Stage::Asked);
                known.stage = Stage::Sent;
            }
            REFUSED if of_change => {}
            REFUSED => {
                assert_eq!(known.stage, Stage::Asked);
                known.stage = Stage::Ended;
            }
            ACCEPTED => {
                assert_eq!(known.stage, Stage::Sent);
                known.stage = Stage::Accepted;
            }
            REJECTED if record.flags & flags::OF_CANCEL != 0 => {
                assert!(known.stage == Stage::Ended || known.cancels > 0);
                known.cancels = known.cancels.saturating_sub(1);
            }
            REJECTED if record.flags & flags::OF_REPLACE != 0 => {
                assert!(known.stage == Stage::Ended || known.replaces > 0);
                known.replaces = known.replaces.saturating_sub(1);
            }
            REJECTED => {
                assert_eq!(known.stage, Stage::Sent);
                known.stage = Stage::Ended;
            }
            CANCELLED => {
                assert!(open);
                assert_eq!(i128::from(record.size_lots), i128::from(known.size_lots) - known.filled_lots);
                known.stage = Stage::Ended;
            }
            REPLACED => {
                assert!(open && known.replaces > 0 && i128::from(record.size_lots) > known.filled_lots);
                known.replaces -= 1;
                (known.price_ticks, known.size_lots) = (record.price_ticks, record.size_lots);
            }
            FILLED => {
                assert!(known.stage == Stage::Accepted && record.size_lots > 0, "{record:?} of {known:?}");
                assert_eq!(known.buy, record.side > 0);
                let better = if known.buy {
                    record.price_ticks <= known.price_ticks
                } else {
                    record.price_ticks >= known.price_ticks
                };
                assert!(!known.limit || better, "{record:?} of {known:?}");
                known.filled_lots += i128::from(record.size_lots);
                assert!(known.filled_lots <= i128::from(known.size_lots));
                if known.filled_lots == i128::from(known.size_lots) {
                    known.stage = Stage::Ended;
                }
                self.fill(market, record);
            }
            _ => panic!("no record of our own venue is {record:?}"),
        }
    }

    fn fill(&mut self, market: usize, record: &Record) {
        let (money, lots) = (&mut self.money[market], &mut self.lots[market]);
        let size = i128::from(record.size_lots);
        let signed = size * i128::from(record.side);
        let units = I256::from(i128::from(record.price_ticks) * size);
        money.lots += signed;
        money.cash_units -= units * I256::from(record.side);
        money.fees_ppb_units += units * I256::from(record.fee_ppb);
        money.fills += 1;
        lots.filled += size;
        if record.flags & flags::MAKER == 0 {
            *lots.taken.entry((record.side < 0, record.price_ticks)).or_default() += size;
        }
    }
}
