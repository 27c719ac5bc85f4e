//! Slippage models: the formulas of `mainspring_plugins.slippage`, with their sources there, on plain numbers.
//!
//! The operations are the twins' in the twins' order, so that the figures agree to the last bit.

#![forbid(unsafe_code)]

/// What a model has to know of an order.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Whether it buys.
    pub buys: bool,
    /// The price of a limit order; `None` for a market order.
    pub limit_ticks: Option<i64>,
    /// Its size, above zero.
    pub size_lots: i64,
    /// Whether it may only rest.
    pub post_only: bool,
}

/// The best prices: both sides have lots, and the bid is below the ask.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the fields say what they are")]
pub struct Touch {
    pub bid_ticks: i64,
    pub bid_lots: i64,
    pub ask_ticks: i64,
    pub ask_lots: i64,
}

/// The names of the causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names are in `NAMES`")]
pub enum Cause {
    Spread,
    Impact,
    Permanent,
    Temporary,
    Depth,
    Capture,
    Selection,
    Queue,
}

/// The causes' names, in the order of `Cause`.
pub const NAMES: [&str; 8] = [
    "spread",
    "impact",
    "permanent-impact",
    "temporary-impact",
    "depth",
    "spread-capture",
    "adverse-selection",
    "queue-risk",
];

/// What an order is expected to cost, in price units, against the mid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The whole.
    pub price: f64,
    /// The mid price.
    pub mid: f64,
    /// Its parts.
    pub causes: [(Cause, f64); 3],
    /// How many parts there are.
    pub count: usize,
    /// The chance that the order fills before it is chased; 1 for one that takes.
    pub fill_probability: f64,
}

/// How a resting order is priced by a model that knows the daily volume.
#[derive(Clone, Copy, Debug)]
pub struct Resting {
    /// How far the mid may move away before the order is chased, in spreads.
    pub chase_spreads: f64,
    /// Half of the days that it waits.
    pub wait_days: f64,
}

/// A model, with its options worked in.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the fields are those of the twins")]
pub enum Model {
    SquareRoot { coefficient: f64, lasting_share: f64, resting: Resting },
    AlmgrenChriss { permanent: f64, temporary: f64, resting: Resting },
    BookWalk { fill_probability: f64, chase_spreads: f64 },
}

/// What an order would meet in the book: the cost in ticks times lots, and the lots.
#[derive(Clone, Copy, Debug)]
pub struct Met {
    /// How much more than the touch the levels cost, in ticks times lots.
    pub beyond: i64,
    /// The lots that it would take: all of them.
    pub filled: i64,
}

/// What a market order costs, and in which parts; what of it lasts.
struct Taking {
    cost: f64,
    causes: [(Cause, f64); 3],
    count: usize,
    lasting: f64,
}

/// Whole numbers up to here are doubles too, and their quotient is rounded once.
const EXACT: i64 = 1 << 53;

impl Model {
    /// The cost of an order by volatility and daily volume. `None` for `BookWalk`.
    pub fn by_volume(&self, tick: f64, order: &Order, touch: &Touch, volatility: f64, volume: f64) -> Option<Estimate> {
        let (half_spread, mid) = (touch.half_spread_ticks() * tick, touch.mid_ticks() * tick);
        let (taking, resting) = match *self {
            Model::SquareRoot { coefficient, lasting_share, resting } => {
                let impact = coefficient * volatility * (order.size_lots as f64 / volume).sqrt() * mid;
                let causes = [(Cause::Spread, half_spread), (Cause::Impact, impact), (Cause::Impact, 0.0)];
                let cost = half_spread + impact;
                (Taking { cost, causes, count: 2, lasting: lasting_share * impact }, resting)
            }
            Model::AlmgrenChriss { permanent, temporary, resting } => {
                let share = order.size_lots as f64 / volume;
                let moved = volatility * mid;
                let permanent = permanent * moved * share;
                let temporary = temporary * moved * share.powf(0.6);
                let causes =
                    [(Cause::Spread, half_spread), (Cause::Permanent, permanent), (Cause::Temporary, temporary)];
                let cost = half_spread + permanent + temporary;
                (Taking { cost, causes, count: 3, lasting: permanent }, resting)
            }
            Model::BookWalk { .. } => return None,
        };
        let Some(capture) = touch.capture_ticks(order) else { return Some(taking.estimate(mid)) };
        let half_spread_ticks = touch.half_spread_ticks();
        let behind = capture >= half_spread_ticks;
        let ahead = if order.buys { touch.bid_lots } else { touch.ask_lots };
        let wanted = sum(order.size_lots, if behind { ahead } else { 0 });
        let traded = volume * resting.wait_days;
        let fill = traded / (traded + wanted) * reach(capture, half_spread_ticks, resting.chase_spreads);
        Some(rest(mid, half_spread_ticks * tick, capture * tick, fill, taking.cost, taking.lasting))
    }

    /// The cost of an order by what it would meet in the book. `None` for the other models, and where a number is
    /// beyond what a double holds exactly.
    pub fn by_walk(&self, tick: f64, order: &Order, touch: &Touch, met: &Met) -> Option<Estimate> {
        let Model::BookWalk { fill_probability, chase_spreads } = *self else { return None };
        if met.beyond > EXACT || met.filled > EXACT {
            return None;
        }
        let half_spread_ticks = touch.half_spread_ticks();
        let half_spread = half_spread_ticks * tick;
        let mid = touch.mid_ticks() * tick;
        let depth = met.beyond as f64 / met.filled as f64 * tick;
        let cost = half_spread + depth;
        let causes = [(Cause::Spread, half_spread), (Cause::Depth, depth), (Cause::Depth, 0.0)];
        let Some(capture) = touch.capture_ticks(order) else {
            return Some(Taking { cost, causes, count: 2, lasting: 0.0 }.estimate(mid));
        };
        let fill = fill_probability * reach(capture, half_spread_ticks, chase_spreads);
        Some(rest(mid, half_spread, capture * tick, fill, cost, 0.0))
    }
}

impl Taking {
    fn estimate(self, mid: f64) -> Estimate {
        Estimate { price: self.cost, mid, causes: self.causes, count: self.count, fill_probability: 1.0 }
    }
}

impl Touch {
    fn half_spread_ticks(&self) -> f64 {
        0.5 * (self.ask_ticks - self.bid_ticks) as f64
    }

    fn mid_ticks(&self) -> f64 {
        0.5 * sum(self.bid_ticks, self.ask_ticks)
    }

    /// How far on the passive side of the mid a limit order rests; `None` where the order takes.
    fn capture_ticks(&self, order: &Order) -> Option<f64> {
        let limit = order.limit_ticks?;
        let mut short = if order.buys { self.ask_ticks - limit } else { limit - self.bid_ticks };
        if short <= 0 {
            if !order.post_only {
                return None;
            }
            short = 1;
        }
        Some(short as f64 - self.half_spread_ticks())
    }
}

/// The double that is nearest to a sum: of 64 bits, which most sums fit, it takes one instruction.
fn sum(one: i64, other: i64) -> f64 {
    match one.checked_add(other) {
        Some(sum) => sum as f64,
        None => (i128::from(one) + i128::from(other)) as f64,
    }
}

/// The chance that the market comes to the order's price before it moves away so far that the order is chased.
fn reach(capture: f64, half_spread: f64, chase_spreads: f64) -> f64 {
    let behind = capture - half_spread;
    if behind <= 0.0 {
        return 1.0;
    }
    let chase = 2.0 * half_spread * chase_spreads;
    chase / (chase + behind)
}

fn rest(mid: f64, half_spread: f64, capture: f64, fill: f64, market_cost: f64, lasting: f64) -> Estimate {
    let capture = if half_spread < capture { half_spread } else { capture };
    let captured = -fill * capture;
    let selected = fill * (0.5 * (half_spread + capture) + lasting);
    let queued = (1.0 - fill) * market_cost;
    Estimate {
        price: captured + selected + queued,
        mid,
        causes: [(Cause::Capture, captured), (Cause::Selection, selected), (Cause::Queue, queued)],
        count: 3,
        fill_probability: fill,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_market_order_pays_half_the_spread_and_the_impact() {
        let resting = Resting { chase_spreads: 1.0, wait_days: 0.5 * 60.0 / 86_400.0 };
        let model = Model::SquareRoot { coefficient: 1.0, lasting_share: 2.0 / 3.0, resting };
        let touch = Touch { bid_ticks: 6_000_000, bid_lots: 50_000, ask_ticks: 6_000_001, ask_lots: 50_000 };
        let order = Order { buys: true, limit_ticks: None, size_lots: 1_000, post_only: false };
        let estimate = model.by_volume(0.01, &order, &touch, 0.03, 2e9).expect("a model by volume");
        let bps = 1e4 * estimate.price / estimate.mid;
        assert!((bps - 0.212_965_368).abs() < 1e-9, "{bps}");
        let limit = Order { limit_ticks: Some(6_000_000), ..order };
        let estimate = model.by_volume(0.01, &limit, &touch, 0.03, 2e9).expect("a model by volume");
        let bps = 1e4 * estimate.price / estimate.mid;
        assert!((bps - 0.146_316_08).abs() < 1e-8, "{bps}");
    }
}
