//! What a lane's orders cost: arrival prices, fills, markouts and counts, for the report. The twin is
//! `mainspring.lane.ExecutionQuality`, which explains the figures.

#![forbid(unsafe_code)]

pub mod markouts;
pub mod tally;
pub mod trace;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use crate::costs::markouts::{Markouts, Measured};
use crate::costs::tally::{Arrival, Causes, Fill, FillRecord, InstrumentTally, NameId};
use crate::costs::trace::Trace;
use crate::lane::histogram::Histogram;
use crate::lane::market::Market;
use crate::lane::runner::lock;
use crate::rising::Rising;
use crate::slab::Slab;
use crate::slippage::{self, Cause, Estimate};
use crate::trading::order::{Event, NewOrder, RequestKind, StrategyId, Told};
use crate::trading::position::mid_move_half_units;

const FILL_MARKS: usize = 2_000;
const ORDER_MARKS: usize = 2_000;
const QUEUE_RISK: NameId = Cause::Queue as NameId;

/// An order as it was sent: when, what then stood at the venue, and whether it replaced what stood there.
pub type Sent = (i64, NewOrder, bool);

/// Measures orders from their requests to their markouts.
#[derive(Debug)]
#[allow(missing_docs, reason = "the fields are those of the twin")]
pub struct Costs {
    pub tallies: Vec<InstrumentTally>,
    pub markouts: Markouts,
    pub fills: Vec<Trace<FillRecord>>,
    pub orders: Vec<Trace<Sent>>,
    /// Refused requests by reason; and those that the venue rejected.
    pub refusals: FxHashMap<String, u64>,
    pub rejections: FxHashMap<String, u64>,
    /// The names of causes, by their numbers.
    pub names: Vec<String>,
    /// From an order's leaving to its acknowledgement.
    pub venue: Histogram,
    markets: Vec<(Arc<Mutex<Market>>, bool)>,
    // Of open orders, by the place of each in `arrivals`.
    sent: Rising<u32>,
    arrivals: Slab<Arrival>,
    replacements: FxHashMap<i64, VecDeque<Arrival>>,
    fill_count: u64,
}

impl Costs {
    /// The costs of orders in these markets, each with whether its contract is inverse.
    pub fn new(markets: Vec<(Arc<Mutex<Market>>, bool)>) -> Self {
        let count = markets.len();
        Costs {
            tallies: vec![InstrumentTally::default(); count],
            markouts: Markouts::new(count),
            fills: vec![Trace::new(FILL_MARKS); count],
            orders: vec![Trace::new(ORDER_MARKS); count],
            refusals: FxHashMap::default(),
            rejections: FxHashMap::default(),
            names: slippage::NAMES.map(str::to_owned).to_vec(),
            venue: Histogram::default(),
            markets,
            sent: Rising::default(),
            arrivals: Slab::default(),
            replacements: FxHashMap::default(),
            fill_count: 0,
        }
    }

    /// Counts a request for a new order.
    pub fn on_request(&mut self, instrument: usize) {
        self.tallies[instrument].orders += 1;
    }

    /// Counts a refused request.
    pub fn on_refusal(&mut self, reason: &str) {
        count(&mut self.refusals, reason);
    }

    /// The number of a cause's name.
    pub fn name(&mut self, name: &str) -> NameId {
        let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        at as NameId
    }

    /// What an order is expected to cost that is sent now, at this mid.
    pub fn arrival(estimate: &Estimate, mid_half_ticks: i128, now_ns: i64) -> Arrival {
        let causes = estimate.causes.map(|(cause, price)| (cause as NameId, price));
        Arrival {
            price: estimate.price,
            reference_price: estimate.mid,
            fill_probability: estimate.fill_probability,
            causes: Causes::new(&causes[..estimate.count]),
            mid_half_ticks,
            submitted_ns: now_ns,
        }
    }

    /// The mid that stands in an instrument.
    pub fn mid(&self, instrument: usize) -> Option<i128> {
        lock(&self.markets[instrument].0).mid_half_ticks()
    }

    /// Counts a request for a new order, which goes out now.
    pub fn on_new(&mut self, order: &NewOrder, arrival: Arrival) {
        self.on_request(order.instrument);
        self.on_sent(order, arrival);
    }

    /// Takes an order that goes out now.
    pub fn on_sent(&mut self, order: &NewOrder, arrival: Arrival) {
        self.orders[order.instrument].add(|| (arrival.submitted_ns, *order, false));
        self.arrive(order.order_id, arrival);
    }

    /// Takes a replace that goes out now, after which the order is as given, with what would be left of it.
    pub fn on_replace_sent(&mut self, order: &NewOrder, arrival: Arrival) {
        self.orders[order.instrument].add(|| (arrival.submitted_ns, *order, true));
        self.replacements.entry(order.order_id).or_default().push_back(arrival);
    }

    /// Takes an event of an order of that strategy; `ended` says whether the order has ended by it, and `reported` is the fee
    /// that a venue reported of a fill.
    pub fn on_event(
        &mut self,
        event: &Event,
        strategy: StrategyId,
        ended: bool,
        reported: Option<Box<(String, String)>>,
    ) {
        let Ok(instrument) = usize::try_from(event.instrument) else { return };
        let Some(tally) = self.tallies.get_mut(instrument) else { return };
        match &event.what {
            Told::Fill { fill_id, buy, price_ticks, size_lots, maker, fee_ppb } => {
                let fill = Fill {
                    order_id: event.order_id,
                    instrument,
                    time_ns: event.time_ns,
                    fill_id: *fill_id,
                    buy: *buy,
                    price_ticks: *price_ticks,
                    size_lots: *size_lots,
                    maker: *maker,
                    fee_ppb: *fee_ppb,
                    reported,
                };
                self.on_fill(fill, strategy);
            }
            Told::Accepted => {
                tally.accepted += 1;
                // A venue whose clock is behind ours may date it before the order left: then it measures nothing.
                if let Some(arrival) = self.sent.get(event.order_id).map(|at| &self.arrivals[*at])
                    && let Ok(took_ns) = u64::try_from(i128::from(event.time_ns) - i128::from(arrival.submitted_ns))
                {
                    self.venue.record(took_ns);
                }
            }
            Told::Replaced { .. } => {
                tally.replaced += 1;
                let waiting = self.replacements.get_mut(&event.order_id);
                if let Some(arrival) = waiting.and_then(VecDeque::pop_front) {
                    self.arrive(event.order_id, arrival);
                }
            }
            Told::Cancelled { .. } | Told::Expired { .. } => tally.cancelled += 1,
            Told::Rejected { reason, request } => {
                tally.rejected += 1;
                count(&mut self.rejections, reason);
                if *request == RequestKind::Replace
                    && let Some(waiting) = self.replacements.get_mut(&event.order_id)
                {
                    waiting.pop_front();
                }
            }
        }
        if ended {
            if let Some(at) = self.sent.remove(event.order_id) {
                self.arrivals.free(at);
            }
            self.replacements.remove(&event.order_id);
        }
    }

    /// Takes the markouts that are due by now.
    pub fn measure(&mut self, now_ns: i64) {
        let markets = &self.markets;
        self.markouts.measure(now_ns, |instrument| lock(&markets[instrument].0).mid_half_ticks());
    }

    /// Counts the markouts that count by now. Called between chunks of messages.
    pub fn fold(&mut self) {
        for instrument in 0..self.markets.len() {
            let bbo_time_ns = lock(&self.markets[instrument].0).bbo_time_ns;
            while let Some((measured, mid)) = self.markouts.take_counted(instrument, bbo_time_ns) {
                self.add_markout(&measured, mid);
            }
        }
    }

    /// Takes what an order is measured by from now on.
    #[inline]
    fn arrive(&mut self, order_id: i64, arrival: Arrival) {
        if let Some(at) = self.sent.get(order_id) {
            self.arrivals[*at] = arrival;
        } else if let Some(at) = self.arrivals.insert(arrival) {
            self.sent.insert(order_id, at);
        }
    }

    fn on_fill(&mut self, fill: Fill, strategy: StrategyId) {
        // An order that this lane doesn't know has no arrival price to be measured by.
        let Some(arrival) = self.sent.get(fill.order_id).map(|at| &self.arrivals[*at]) else { return };
        let instrument = fill.instrument;
        let (mid_after, (touched_ns, mid_before)) = {
            let market = lock(&self.markets[instrument].0);
            (market.mid_half_ticks(), market.before)
        };
        // The quote that the fill met, not the one that the message which filled us has left behind.
        let mid = if touched_ns == fill.time_ns { mid_before } else { mid_after };
        let record = FillRecord {
            number: self.fill_count,
            fill,
            strategy,
            arrival: arrival.clone(),
            mid_half_ticks: mid.filter(|mid| *mid != 0),
            mid_after_half_ticks: mid_after.filter(|mid| *mid != 0),
            later_mids: [None; 4],
        };
        self.fill_count += 1;
        self.tallies[instrument].add_fill(&record, QUEUE_RISK);
        self.markouts.add(&record);
        self.fills[instrument].add(|| record);
    }

    fn add_markout(&mut self, measured: &Measured, mid: i128) {
        let Measured { number, horizon, instrument, buy, size_lots, maker, mid_half_ticks: before } = *measured;
        let samples = &mut self.fills[instrument].samples;
        // Fills are numbered in the order in which they were added.
        if let Ok(at) = samples.binary_search_by_key(&number, |record| record.number) {
            samples[at].later_mids[horizon] = Some(mid);
        }
        let side = if buy { 1.0 } else { -1.0 };
        let lots = if buy { size_lots } else { -size_lots };
        let bps = 1e4 * side * (mid - before) as f64 / before as f64;
        let Some(gained) = mid_move_half_units(self.markets[instrument].1, lots, before, mid) else { return };
        let tally = &mut self.tallies[instrument].cost_of(maker).markouts[horizon];
        tally.fills += 1;
        tally.half_units += gained;
        tally.lots += i128::from(size_lots);
        tally.bps += size_lots as f64 * bps;
    }
}

fn count(counts: &mut FxHashMap<String, u64>, reason: &str) {
    match counts.get_mut(reason) {
        Some(count) => *count += 1,
        None => {
            counts.insert(reason.to_owned(), 1);
        }
    }
}
