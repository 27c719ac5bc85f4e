//! The loop: messages, and between them what is due. `messages` has what one message does, `callbacks` the strategy's side.
//!
//! What comes when is what `mainspring.session.driver.Driver` and `mainspring.lane` do: before a message all that is due by its
//! time, executions first; then the whole message; then the callbacks that it leads to, each with its requests.

#![forbid(unsafe_code)]

use std::ops::RangeInclusive;

use crate::kernel::event::{ROW, Row};
use crate::kernel::manager::{Manager, Place};
use crate::kernel::strategy::Strategy;
use crate::kernel::view::{MarketView, TIMER, Woken};
use crate::trading::answers::Answers;
use crate::venue::NEVER_NS;
use crate::venue::outbox::Told;
use crate::wire::event::NO_ID;

/// The times of rows: a delay on top of the latest is still a time.
const TIMES_NS: RangeInclusive<i64> = 0..=1 << 62;

/// Why a run ended before the last event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The strategy raised at or before the event of this number.
    Raised(u64),
    /// The event of this number can't be: what of it can't.
    Refused(u64, &'static str),
}

/// What a strategy is called for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// Changes of best prices.
    pub bbo: bool,
    /// Public trades.
    pub trades: bool,
    /// What becomes of its orders.
    pub orders: bool,
    /// Each row, in the middle of messages too.
    pub rows: bool,
    /// The time between two calls of its timer; 0 for none.
    pub timer_ns: i64,
}

/// Books, venue, orders, and how far the market has come.
#[derive(Debug)]
pub struct Kernel {
    /// The instruments.
    pub places: Vec<Place>,
    /// The orders.
    pub manager: Manager,
    /// How many events were run.
    pub events: u64,
    pub(super) views: Vec<MarketView>,
    pub(super) subscription: Subscription,
    pub(super) now_ns: i64,
    pub(super) due_ns: i64,
    pub(super) timer_due_ns: i64,
    pub(super) started: bool,
    pub(super) silent: bool,
    pub(super) answers: Answers,
    /// Whether the strategy hears of an order just now.
    pub(super) answering: bool,
    pub(super) next_order_id: i64,
    pub(super) changed: Vec<usize>,
    /// Trades of the message under way, each with what its price has beyond its ticks.
    pub(super) prints: Vec<(Row, i64)>,
    pub(super) executions: Vec<Told>,
    /// The id of the levels or the quote that come next.
    pub(super) id: i64,
    /// What the price of the trade that follows has beyond its ticks.
    pub(super) fraction_nanoticks: i64,
}

/// The strategy raised.
pub(super) struct Raised;

impl Kernel {
    /// A kernel over empty books, whose strategy may answer an instant's order events by so many requests.
    pub fn new(places: Vec<Place>, manager: Manager, subscription: Subscription, most_answers: u64) -> Self {
        Kernel {
            views: (0..places.len()).map(MarketView::new).collect(),
            places,
            manager,
            events: 0,
            subscription,
            now_ns: 0,
            due_ns: NEVER_NS,
            timer_due_ns: NEVER_NS,
            started: false,
            silent: false,
            answers: Answers::new(most_answers),
            answering: false,
            next_order_id: 1,
            changed: Vec::new(),
            prints: Vec::new(),
            executions: Vec::new(),
            id: NO_ID,
            fraction_nanoticks: 0,
        }
    }

    /// Runs whole messages from the row `start` on until `count` rows or more are run; returns the next row's number.
    pub fn run(
        &mut self,
        rows: &[[u8; ROW]],
        start: usize,
        count: usize,
        strategy: &mut impl Strategy,
    ) -> Result<usize, Ended> {
        let end = start.saturating_add(count).min(rows.len());
        let mut at = start;
        while at < end {
            let first_ns = Row::read(&rows[at]).time_ns;
            if !TIMES_NS.contains(&first_ns) {
                return Err(Ended::Refused(self.events, "is at a time below 0, or beyond 2**62 ns"));
            }
            if !self.started {
                self.start(first_ns);
            }
            if first_ns >= self.due_ns {
                self.settle(first_ns, strategy).map_err(|Raised| Ended::Raised(self.events))?;
            }
            self.now_ns = self.now_ns.max(first_ns);
            let next = self.message(rows, at, strategy).inspect_err(|ended| {
                let (Ended::Raised(number) | Ended::Refused(number, _)) = *ended;
                self.events = number;
            })?;
            self.events += (next - at) as u64;
            at = next;
            if let Err(Raised) = self.callbacks(strategy) {
                self.events -= 1;
                return Err(Ended::Raised(self.events));
            }
        }
        Ok(at)
    }

    /// Ends the session: no new order is taken from here on, and what is due by now is done.
    pub fn finish(&mut self, strategy: &mut impl Strategy) -> Result<(), Ended> {
        let mut refusals = std::mem::take(&mut self.manager.refusals);
        for (_, told) in refusals.drain(..) {
            self.answer(&told, strategy).map_err(|Raised| Ended::Raised(self.events))?;
        }
        self.silent = true;
        self.due();
        self.settle(self.now_ns, strategy).map_err(|Raised| Ended::Raised(self.events))
    }

    fn start(&mut self, now_ns: i64) {
        (self.started, self.now_ns) = (true, now_ns);
        if self.subscription.timer_ns > 0 {
            self.timer_due_ns = now_ns.saturating_add(self.subscription.timer_ns);
        }
        self.due();
    }

    /// When something is due, at the venue or here.
    #[inline]
    pub(super) fn due(&mut self) {
        self.due_ns = self.manager.venue.due_ns.min(self.manager.due_ns()).min(self.timer_due_ns);
    }

    /// Does what is due by a time, each at its own instant: executions first.
    #[inline(never)]
    fn settle(&mut self, now_ns: i64, strategy: &mut impl Strategy) -> Result<(), Raised> {
        loop {
            let venue_ns = self.manager.venue.due_ns;
            let own_ns = self.manager.due_ns().min(self.timer_due_ns);
            if venue_ns > now_ns && own_ns > now_ns {
                self.due();
                return Ok(());
            }
            self.now_ns = self.now_ns.max(venue_ns.min(own_ns));
            if own_ns < venue_ns {
                self.on_time(strategy)?;
            } else {
                self.execute(strategy)?;
            }
        }
    }

    /// Takes what the venue has for us by now.
    fn execute(&mut self, strategy: &mut impl Strategy) -> Result<(), Raised> {
        let (now_ns, venue) = (self.now_ns, &mut self.manager.venue);
        if now_ns >= venue.next_ns {
            let places = &self.places;
            venue.arrive(now_ns, |at, see: &mut dyn FnMut(&_)| see(&places[at].book));
        }
        let mut executions = std::mem::take(&mut self.executions);
        venue.poll(now_ns, &mut executions);
        let mut done = Ok(());
        for told in executions.drain(..) {
            let place = &mut self.places[told.instrument];
            if self.manager.execution(&told, place, now_ns) {
                done = self.answer(&told, strategy);
                if done.is_err() {
                    break;
                }
            }
        }
        self.executions = executions;
        done
    }

    /// Does what is due here by now: refusals reach the strategy, then its timer fires.
    fn on_time(&mut self, strategy: &mut impl Strategy) -> Result<(), Raised> {
        let now_ns = self.now_ns;
        while let Some(&(due_ns, told)) = self.manager.refusals.front()
            && due_ns <= now_ns
        {
            self.manager.refusals.pop_front();
            self.answer(&told, strategy)?;
        }
        if self.timer_due_ns <= now_ns {
            let period_ns = self.subscription.timer_ns;
            let periods = (now_ns - self.timer_due_ns) / period_ns + 1;
            self.timer_due_ns = self.timer_due_ns.saturating_add(periods.saturating_mul(period_ns));
            self.call(0, Woken { kind: TIMER, ..Woken::default() }, strategy)?;
        }
        Ok(())
    }
}
