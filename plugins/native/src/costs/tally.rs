//! What is counted for the report, per instrument. The twin is `mainspring.lane.tally`, which explains the figures.
//!
//! The operations are the twin's in the twin's order, so that the figures agree to the last bit.

#![forbid(unsafe_code)]

use ethnum::I256;

use crate::trading::order::StrategyId;

/// How long after a fill its markouts are taken, in nanoseconds.
pub const HORIZONS_NS: [i64; 4] = [100_000_000, 1_000_000_000, 5_000_000_000, 30_000_000_000];

/// A cause's name, by its place in `Costs::names`.
pub type NameId = u32;

/// What an order was expected to cost, and the mid price at which it was sent.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.SlippageEstimate` and the twin's")]
pub struct Arrival {
    pub price: f64,
    pub reference_price: f64,
    pub fill_probability: f64,
    pub causes: Causes,
    pub mid_half_ticks: i128,
    pub submitted_ns: i64,
}

/// The causes of a cost with their prices. Up to three need no allocation.
#[derive(Clone, Debug)]
pub enum Causes {
    #[allow(missing_docs, reason = "the fields say what they are")]
    Few { count: u8, names: [u16; 3], prices: [f64; 3] },
    /// More, or of later names.
    Many(Box<[(NameId, f64)]>),
}

impl Causes {
    /// These causes.
    #[inline]
    pub fn new(causes: &[(NameId, f64)]) -> Self {
        let (mut names, mut prices) = ([0; 3], [0.0; 3]);
        if causes.len() > names.len() {
            return Causes::Many(causes.into());
        }
        for (at, &(name, price)) in causes.iter().enumerate() {
            let Ok(name) = u16::try_from(name) else { return Causes::Many(causes.into()) };
            (names[at], prices[at]) = (name, price);
        }
        Causes::Few { count: causes.len() as u8, names, prices }
    }

    /// Each name and price.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (NameId, f64)> + Clone {
        let count = match self {
            Causes::Few { count, .. } => usize::from(*count),
            Causes::Many(causes) => causes.len(),
        };
        (0..count).map(|at| match self {
            Causes::Few { names, prices, .. } => (NameId::from(names[at]), prices[at]),
            Causes::Many(causes) => causes[at],
        })
    }
}

impl PartialEq for Causes {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Arrival {
    /// Each cause's cost in basis points if the order fills, in order; `queue_risk` is the name of the one that it then avoids.
    fn causes_if_filled_bps(&self, queue_risk: NameId, mut take: impl FnMut(NameId, f64)) {
        let filled = self.reference_price * self.fill_probability;
        let causes = self.causes.iter();
        for (at, (name, _)) in causes.clone().enumerate() {
            // Of causes of one name the last counts, at the place of the first.
            if name != queue_risk && !causes.clone().take(at).any(|(other, _)| other == name) {
                let last = causes.clone().rev().find(|(other, _)| *other == name);
                take(name, 1e4 * last.map_or(0.0, |(_, price)| price) / filled);
            }
        }
    }
}

/// A fill of ours.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.Fill`")]
pub struct Fill {
    pub order_id: i64,
    pub instrument: usize,
    pub time_ns: i64,
    pub fill_id: i64,
    pub buy: bool,
    pub price_ticks: i64,
    pub size_lots: i64,
    pub maker: bool,
    pub fee_ppb: i64,
    /// The fee's amount as text, and its currency, if the venue reported it.
    pub reported: Option<Box<(String, String)>>,
}

impl Fill {
    fn side(&self) -> f64 {
        if self.buy { 1.0 } else { -1.0 }
    }

    /// How far it was from a mid price, on the paying side, in basis points of that mid.
    fn cost_bps(&self, mid_half_ticks: i128) -> f64 {
        let distance = 2 * i128::from(self.price_ticks) - mid_half_ticks;
        1e4 * self.side() * distance as f64 / mid_half_ticks as f64
    }
}

/// A fill with what was expected of it, and what the mid price was then and afterwards.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the twin")]
pub struct FillRecord {
    pub number: u64,
    pub fill: Fill,
    pub strategy: StrategyId,
    pub arrival: Arrival,
    pub mid_half_ticks: Option<i128>,
    pub mid_after_half_ticks: Option<i128>,
    pub later_mids: [Option<i128>; HORIZONS_NS.len()],
}

/// The markouts of one role at one horizon.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the fields are those of the twin")]
pub struct MarkoutTally {
    pub fills: u64,
    pub half_units: I256,
    pub lots: i128,
    pub bps: f64,
}

/// Expected and realised cost of the fills of one role.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the fields are those of the twin")]
pub struct CostTally {
    pub fills: u64,
    pub markouts: [MarkoutTally; HORIZONS_NS.len()],
    pub lots: i128,
    pub arrival: f64,
    pub captured: f64,
    pub captured_lots: i128,
    pub causes: Vec<(NameId, f64)>,
    pub queue_risk: f64,
}

impl CostTally {
    /// Takes a fill.
    pub fn add(&mut self, record: &FillRecord, queue_risk: NameId) {
        let (fill, arrival) = (&record.fill, &record.arrival);
        let lots = fill.size_lots as f64;
        self.fills += 1;
        self.lots += i128::from(fill.size_lots);
        self.arrival += lots * fill.cost_bps(arrival.mid_half_ticks);
        if let Some(mid) = record.mid_half_ticks {
            self.captured += lots * fill.cost_bps(mid);
            self.captured_lots += i128::from(fill.size_lots);
        }
        let causes = &mut self.causes;
        arrival.causes_if_filled_bps(queue_risk, |name, bps| {
            match causes.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += lots * bps,
                None => causes.push((name, 0.0 + lots * bps)),
            }
        });
        for (name, price) in arrival.causes.iter() {
            if name == queue_risk {
                self.queue_risk += lots * 1e4 * price / arrival.reference_price;
            }
        }
    }
}

/// Counts of one instrument.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the fields are those of the twin")]
pub struct InstrumentTally {
    pub orders: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub cancelled: u64,
    pub replaced: u64,
    pub fills: u64,
    pub maker_fills: u64,
    /// Of makers, and of takers.
    pub costs: [CostTally; 2],
}

impl InstrumentTally {
    /// The tally of a role.
    pub fn cost_of(&mut self, maker: bool) -> &mut CostTally {
        &mut self.costs[usize::from(!maker)]
    }

    /// Takes a fill.
    pub fn add_fill(&mut self, record: &FillRecord, queue_risk: NameId) {
        self.fills += 1;
        self.maker_fills += u64::from(record.fill.maker);
        self.cost_of(record.fill.maker).add(record, queue_risk);
    }
}
