//! Tracks all orders of a session, and what may still be filled of them. The twin is `mainspring.orders.tracker`.
//!
//! A time at which an answer would be overdue beyond what 64 bits hold never comes. Lots are summed in 128 bits.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::vec::Drain;

use rustc_hash::FxHashMap;

use crate::rising::Rising;
use crate::slab::Slab;
use crate::trading::account::Account;
use crate::trading::chain::{Chain, List, NOT_DUE_NS, Slot};
use crate::trading::discrepancy::{
    DUPLICATE_FILL, Discrepancy, MALFORMED, UNKNOWN_ORDER, WRONG_INSTRUMENT, describe_event,
};
use crate::trading::lifecycle::{LifecycleEvent, ONCE_APPROVED, ONCE_SENT, OrderState};
use crate::trading::order::{Event, NOBODY, NewOrder, Order, StrategyId, Told};
use crate::trading::stray::StrayFills;
use crate::venue::NEVER_NS;

/// How many ended orders, and fills of orders that aren't ours, are remembered.
pub const ENDED_KEPT: usize = 10_000;

/// The text of `OrderStateError` for an order that isn't tracked.
pub fn not_found(order_id: i64) -> String {
    format!("order {order_id} was never sent, or ended long ago")
}

/// News of an order of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Whose order it is.
    pub strategy: StrategyId,
    /// Whether the order has ended.
    pub ended: bool,
}

/// Every order from approval to final state.
#[derive(Debug)]
pub struct Tracker {
    /// When the next answer is overdue: `take_overdue` has nothing before.
    pub due_ns: i64,
    answer_timeout_ns: i64,
    accounts: Vec<Account>,
    pub(super) slots: Slab<Slot>,
    orders: Rising<u32>,
    open: Chain,
    open_of: FxHashMap<(usize, StrategyId), Chain>,
    // By when the oldest unanswered request went out.
    due: Chain,
    // Of orders that the venue owes no answer, oldest end first.
    ended: VecDeque<u32>,
    last_order_id: Option<i64>,
    stray_fills: StrayFills,
    fills: Vec<StrategyId>,
    discrepancies: Vec<Discrepancy>,
    forgotten: Option<u32>,
    stops_changed: bool,
}

impl Tracker {
    /// Tracks orders in so many instruments. `answer_timeout_ns` is how long an answer may take before the order's state is
    /// unknown; unless it is positive, it may take for ever.
    pub fn new(instruments: usize, answer_timeout_ns: i64) -> Self {
        Tracker {
            due_ns: NEVER_NS,
            answer_timeout_ns,
            accounts: vec![Account::default(); instruments],
            slots: Slab::default(),
            orders: Rising::default(),
            open: Chain::default(),
            open_of: FxHashMap::default(),
            due: Chain::default(),
            ended: VecDeque::new(),
            last_order_id: None,
            stray_fills: StrayFills::default(),
            fills: Vec::new(),
            discrepancies: Vec::new(),
            forgotten: None,
            stops_changed: false,
        }
    }

    /// How many instruments there are.
    pub fn instruments(&self) -> usize {
        self.accounts.len()
    }

    /// What the venue may still fill of the buy orders and the sell orders in an instrument, in lots.
    pub fn open_lots(&self, instrument: usize) -> (i128, i128) {
        let account = &self.accounts[instrument];
        (account.buy_lots, account.sell_lots)
    }

    /// Whether an order of this id, instrument and size could be added: returns the instrument's place. The error is the text
    /// of `OrderStateError`.
    pub fn check_new(&self, order_id: i64, instrument: i64, size_lots: i64) -> Result<usize, String> {
        if let Some(last) = self.last_order_id
            && order_id <= last
        {
            return Err(format!("order {order_id} comes after {last}: ids must increase"));
        }
        let Some(place) = self.place(instrument) else {
            return Err(format!("order {order_id}: the session has no instrument {instrument}"));
        };
        if size_lots <= 0 {
            return Err(format!("order {order_id}: a size of {size_lots} lots"));
        }
        Ok(place)
    }

    /// Starts to track an approved order that is about to be sent. The error is that of `check_new`.
    pub fn add(&mut self, order: NewOrder) -> Result<(), String> {
        self.place_order(order, ONCE_APPROVED).map(|_| ())
    }

    /// Starts to track an approved order that is sent now. The error is that of `check_new`.
    #[inline]
    pub fn add_sent(&mut self, order: NewOrder, now_ns: i64) -> Result<(), String> {
        let at = self.place_order(order, ONCE_SENT)?;
        self.expect_answer(at, now_ns);
        Ok(())
    }

    /// Puts an order into a slot, which is returned.
    #[inline]
    fn place_order(&mut self, order: NewOrder, state: OrderState) -> Result<u32, String> {
        let instrument = i64::try_from(order.instrument).unwrap_or(i64::MAX);
        let place = self.check_new(order.order_id, instrument, order.size_lots)?;
        let slot = Slot::new(Order::new(order, state));
        let at = self.slots.insert(slot).ok_or("more orders are open than 32 bits count")?;
        self.forgotten = None;
        self.last_order_id = Some(order.order_id);
        self.orders.insert(order.order_id, at);
        self.open.push(List::Open, &mut self.slots, at);
        self.open_of.entry((place, order.strategy)).or_default().push(List::OpenOfStrategy, &mut self.slots, at);
        self.accounts[place].expose(order.buy, i128::from(order.size_lots));
        self.accounts[place].open += 1;
        Ok(at)
    }

    /// The order of that id; `None` if none was sent, or it ended long ago.
    pub fn find(&self, order_id: i64) -> Option<&Order> {
        self.orders.get(order_id).map(|at| &self.slots[*at].order)
    }

    /// The order of that id. The error is the text of `OrderStateError`.
    pub fn get(&self, order_id: i64) -> Result<&Order, String> {
        self.slot_of(order_id).map(|at| &self.slots[at].order)
    }

    /// Records that an approved order is sent now. The error is the text of `OrderStateError`.
    pub fn send(&mut self, order_id: i64, now_ns: i64) -> Result<(), String> {
        let at = self.slot_of(order_id)?;
        self.slots[at].order.do_event(LifecycleEvent::Send)?;
        self.expect_answer(at, now_ns);
        Ok(())
    }

    /// Records that a cancel is sent now. The error is the text of `OrderStateError`.
    pub fn request_cancel(&mut self, order_id: i64, now_ns: i64) -> Result<(), String> {
        let at = self.slot_of(order_id)?;
        self.slots[at].order.request_cancel()?;
        self.expect_answer(at, now_ns);
        Ok(())
    }

    /// Records that a replace to a price and total size is sent now. The error is the text of `OrderStateError`.
    pub fn request_replace(
        &mut self,
        order_id: i64,
        price_ticks: i64,
        size_lots: i64,
        now_ns: i64,
    ) -> Result<(), String> {
        let at = self.slot_of(order_id)?;
        if price_ticks <= 0 {
            return Err(format!("order {order_id}: a replace to {price_ticks} ticks"));
        }
        let order = &mut self.slots[at].order;
        let before = order.exposure_lots;
        order.request_replace(size_lots)?;
        let (NewOrder { instrument, buy, .. }, change) = (order.order, order.exposure_lots - before);
        self.accounts[instrument].expose(buy, change);
        self.expect_answer(at, now_ns);
        Ok(())
    }

    /// Records that the order's state isn't known any more. The error is the text of `OrderStateError`.
    pub fn mark_unknown(&mut self, order_id: i64) -> Result<(), String> {
        let at = self.slot_of(order_id)?;
        let order = &mut self.slots[at].order;
        let (instrument, was_unknown) = (order.order.instrument, order.state == OrderState::Unknown);
        order.do_event(LifecycleEvent::LoseContact)?;
        self.expect_none(at);
        if !was_unknown {
            self.accounts[instrument].count_unknown(true);
            self.stops_changed = true;
        }
        Ok(())
    }

    /// Marks as unknown every order whose answer is overdue, and returns their ids.
    pub fn take_overdue(&mut self, now_ns: i64) -> Vec<i64> {
        let mut overdue = Vec::new();
        while self.due_ns <= now_ns
            && self.due_ns != NEVER_NS
            && let Some(first) = self.due.first()
        {
            let order_id = self.slots[first].order.order.order_id;
            self.expect_none(first);
            // It was sent and hasn't ended, or no answer to it would be due.
            if self.mark_unknown(order_id).is_ok() {
                overdue.push(order_id);
            }
        }
        overdue
    }

    /// Marks as unknown every order in these instruments that was sent and hasn't ended, and returns their ids.
    pub fn lose_connection(&mut self, instruments: &[usize]) -> Vec<i64> {
        let lost =
            |order: &&Order| instruments.contains(&order.order.instrument) && order.state != OrderState::Approved;
        let mut found: Vec<i64> = self.all_open().filter(lost).map(|order| order.order.order_id).collect();
        found.retain(|order_id| self.mark_unknown(*order_id).is_ok());
        found
    }

    /// Applies a report of the venue, and returns whose order it was; `None` if it was no news of any order of ours.
    ///
    /// A fill counts in any case, unless it is a duplicate or malformed: `take_fills` has it.
    pub fn apply(&mut self, event: &Event, now_ns: i64) -> Option<Applied> {
        self.forgotten = None;
        let found = self.orders.get(event.order_id).copied();
        let place = usize::try_from(event.instrument).ok();
        let Some(at) = found.filter(|at| Some(self.slots[*at].order.order.instrument) == place) else {
            self.misdirected(event, found, now_ns);
            return None;
        };
        let order = &mut self.slots[at].order;
        let NewOrder { instrument, buy, strategy, .. } = order.order;
        let (before, had_ended) = (order.exposure_lots, order.ended());
        let was_unknown = order.state == OrderState::Unknown;
        let had_answers_due = had_ended && order.awaits_answer();
        let (is_news, what) = order.apply(&event.what);
        let change = order.exposure_lots - before;
        let (ended, is_unknown) = (order.ended(), order.state == OrderState::Unknown);
        let answers_due = order.awaits_answer();
        self.accounts[instrument].expose(buy, change);
        if !what.is_empty() {
            self.dispute(what, event, Some(at), now_ns);
        }
        let is_fill = matches!(event.what, Told::Fill { .. });
        if is_news && is_fill {
            self.fills.push(strategy);
        }
        if was_unknown != is_unknown {
            self.accounts[instrument].count_unknown(is_unknown);
            self.stops_changed = true;
        }
        // Stops waiting for an answer that came, and goes on waiting for others.
        if ended || !answers_due {
            self.expect_none(at);
        } else if !is_fill || was_unknown {
            self.expect_none(at);
            self.expect_answer(at, now_ns);
        }
        if ended {
            if !had_ended {
                self.accounts[instrument].open -= 1;
                self.open.remove(List::Open, &mut self.slots, at);
                if let Some(chain) = self.open_of.get_mut(&(instrument, strategy)) {
                    chain.remove(List::OpenOfStrategy, &mut self.slots, at);
                }
            }
            if (!had_ended || had_answers_due) && !answers_due {
                self.keep(at);
            }
        }
        is_news.then_some(Applied { strategy, ended })
    }

    /// Why no new order may go out in an instrument, and the figures for a person; `None` if one may.
    pub fn stop(&self, instrument: usize) -> Option<(&'static str, &str)> {
        self.accounts.get(instrument)?.stop()
    }

    /// Lets no new order go out in an instrument, for what the lane found wrong there.
    pub fn stop_for(&mut self, instrument: usize, what: &str, detail: &str) {
        if let Some(account) = self.accounts.get_mut(instrument) {
            account.dispute(what, detail);
            self.stops_changed = true;
        }
    }

    /// Whether a fill was counted, on an order of ours or as one of an order that isn't.
    pub fn has_fill(&self, order_id: i64, fill_id: i64) -> bool {
        self.find(order_id).is_some_and(|order| order.has_fill(fill_id))
            || self.stray_fills.contains((order_id, fill_id))
    }

    /// Lets new orders go out again in an instrument, once a person or a reconciliation has explained it.
    pub fn clear_discrepancy(&mut self, instrument: usize) {
        if let Some(account) = self.accounts.get_mut(instrument) {
            account.clear();
            self.stops_changed = true;
        }
    }

    /// The strategies of the fills since the last call that move a position, oldest first; `NOBODY` for one of an order that
    /// isn't ours.
    pub fn take_fills(&mut self) -> Drain<'_, StrategyId> {
        self.fills.drain(..)
    }

    /// The discrepancies since the last call, oldest first.
    pub fn take_discrepancies(&mut self) -> Vec<Discrepancy> {
        std::mem::take(&mut self.discrepancies)
    }

    /// The order that the last call of `apply` dropped, as it was, until the next order is added.
    pub fn forgotten(&self) -> Option<&Order> {
        self.forgotten.map(|at| &self.slots[at].order)
    }

    /// Whether `stop` may have another answer, in any instrument, than at the last call.
    pub fn take_stops_changed(&mut self) -> bool {
        std::mem::take(&mut self.stops_changed)
    }

    /// A strategy's open orders in an instrument, oldest first.
    pub fn open_orders(&self, instrument: usize, strategy: StrategyId) -> impl Iterator<Item = &Order> {
        let chain = self.open_of.get(&(instrument, strategy)).copied().unwrap_or_default();
        chain.iter(List::OpenOfStrategy, &self.slots)
    }

    /// How many orders are open in an instrument.
    pub fn count_open(&self, instrument: usize) -> usize {
        self.accounts.get(instrument).map_or(0, |account| account.open)
    }

    /// Every open order of the session, oldest first.
    pub fn all_open(&self) -> impl Iterator<Item = &Order> {
        // Ids rise, so this is also the order of their ids.
        self.open.iter(List::Open, &self.slots)
    }

    fn slot_of(&self, order_id: i64) -> Result<u32, String> {
        let found = self.orders.get(order_id).copied();
        found.ok_or_else(|| not_found(order_id))
    }

    fn place(&self, instrument: i64) -> Option<usize> {
        usize::try_from(instrument).ok().filter(|place| *place < self.accounts.len())
    }

    /// Takes a report on an order that isn't ours, or in another instrument than its own.
    fn misdirected(&mut self, event: &Event, found: Option<u32>, now_ns: i64) {
        let mut what = if found.is_none() { UNKNOWN_ORDER } else { WRONG_INSTRUMENT };
        if let Told::Fill { fill_id, price_ticks, size_lots, .. } = event.what {
            let key = (event.order_id, fill_id);
            if size_lots <= 0 || price_ticks <= 0 {
                what = MALFORMED;
            } else if self.stray_fills.contains(key) {
                what = DUPLICATE_FILL;
            } else if self.place(event.instrument).is_some() {
                self.stray_fills.add(key, ENDED_KEPT);
                self.fills.push(NOBODY);
            }
        }
        self.dispute(what, event, found, now_ns);
    }

    fn dispute(&mut self, what: &'static str, event: &Event, found: Option<u32>, now_ns: i64) {
        let order = found.map(|at| &self.slots[at].order);
        let known = order.map_or("which isn't known".to_owned(), |order| {
            format!("now {}, {} of {} lots filled", order.state.name(), order.filled_lots, order.size_lots)
        });
        let own = order.map(|order| order.order.instrument);
        let Event { order_id, instrument, .. } = *event;
        let detail = format!("{}, order {order_id}: {known}", describe_event(event));
        let named = self.place(instrument);
        self.stops_changed = true;
        for (place, account) in self.accounts.iter_mut().enumerate() {
            // If there is no such instrument, it may be any.
            if named.is_none() || named == Some(place) || own == Some(place) {
                account.dispute(what, &detail);
            }
        }
        self.discrepancies.push(Discrepancy { time_ns: now_ns, order_id, instrument, what, detail });
    }

    fn expect_answer(&mut self, at: u32, now_ns: i64) {
        let slot = &mut self.slots[at];
        // The oldest unanswered request counts. One that waits for its order to be sent isn't at the venue yet.
        if self.answer_timeout_ns > 0 && slot.order.state != OrderState::Approved && slot.due_ns == NOT_DUE_NS {
            slot.due_ns = now_ns.saturating_add(self.answer_timeout_ns);
            self.due.push(List::Due, &mut self.slots, at);
            self.set_due();
        }
    }

    fn expect_none(&mut self, at: u32) {
        let due_ns = &mut self.slots[at].due_ns;
        if *due_ns != NOT_DUE_NS {
            *due_ns = NOT_DUE_NS;
            self.due.remove(List::Due, &mut self.slots, at);
            self.set_due();
        }
    }

    fn set_due(&mut self) {
        self.due_ns = self.due.first().map_or(NEVER_NS, |first| self.slots[first].due_ns);
    }

    /// Keeps an ended order that the venue owes no answer, and drops the oldest such order instead.
    fn keep(&mut self, at: u32) {
        self.ended.push_back(at);
        if self.ended.len() > ENDED_KEPT
            && let Some(oldest) = self.ended.pop_front()
        {
            self.orders.remove(self.slots[oldest].order.order.order_id);
            self.slots.free(oldest);
            self.forgotten = Some(oldest);
        }
    }
}
