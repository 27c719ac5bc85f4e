//! Market statistics from the stream. The twin, and the formulas with their sources, is `mainspring.lane.StreamStatistics`:
//! the same operations in the same order, so that the figures agree to the last bit.

#![forbid(unsafe_code)]

const SECOND_NS: i64 = 1_000_000_000;
const DAY_S: f64 = 86_400.0;
const CELL_NS: i64 = SECOND_NS;
/// Below this weight a mean is all rounding.
const FADED: f64 = 1e-12;

/// How the figures are estimated, or what replaces them.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The weight that a cell keeps at the end of the next.
    pub keep: f64,
    /// How many cells must have been seen before a figure is given.
    pub warm_up_cells: i64,
    /// Lots a day, where given.
    pub daily_volume_lots: Option<f64>,
    /// Standard deviation of a day's log return, where given.
    pub daily_volatility: Option<f64>,
}

/// The statistics of one instrument.
#[derive(Clone, Debug)]
pub struct Statistics {
    options: Options,
    /// Standard deviation of the mid's log return over a day.
    pub volatility_per_day: Option<f64>,
    /// Lots traded in a day.
    pub daily_volume_lots: Option<f64>,
    /// The mean spread.
    pub spread_ticks: Option<f64>,
    origin_ns: Option<i64>,
    cell_end_ns: i64,
    since_ns: i64,
    lots: i128,
    mid_half_ticks: i128,
    sampled_mid_half_ticks: i128,
    returns: i64,
    variance: f64,
    mid_weight: f64,
    spread: i64,
    spread_time: i128,
    quoted_ns: i64,
    spread_total: f64,
    spread_weight: f64,
}

impl Statistics {
    /// Statistics of an instrument of which nothing was seen yet.
    pub fn new(options: Options) -> Self {
        Statistics {
            options,
            volatility_per_day: options.daily_volatility,
            daily_volume_lots: options.daily_volume_lots,
            spread_ticks: None,
            origin_ns: None,
            cell_end_ns: 0,
            since_ns: 0,
            lots: 0,
            mid_half_ticks: 0,
            sampled_mid_half_ticks: 0,
            returns: 0,
            variance: 0.0,
            mid_weight: 0.0,
            spread: 0,
            spread_time: 0,
            quoted_ns: 0,
            spread_total: 0.0,
            spread_weight: 0.0,
        }
    }

    /// The best prices changed. A side of 0 lots is empty.
    #[inline]
    pub fn on_bbo(&mut self, now_ns: i64, bid_ticks: i64, bid_lots: i64, ask_ticks: i64, ask_lots: i64) {
        let mut now_ns = now_ns;
        if now_ns >= self.cell_end_ns {
            self.close_cells(now_ns);
        } else if now_ns < self.since_ns {
            now_ns = self.since_ns;
        }
        if self.spread != 0 {
            let elapsed = now_ns - self.since_ns;
            self.spread_time += i128::from(self.spread) * i128::from(elapsed);
            self.quoted_ns += elapsed;
        }
        self.since_ns = now_ns;
        if bid_lots > 0 && ask_lots > 0 && ask_ticks > bid_ticks {
            self.spread = ask_ticks - bid_ticks;
            self.mid_half_ticks = i128::from(bid_ticks) + i128::from(ask_ticks);
        } else {
            self.spread = 0;
        }
    }

    /// A trade was printed.
    #[inline]
    pub fn on_trade(&mut self, now_ns: i64, size_lots: i64) {
        if now_ns >= self.cell_end_ns {
            self.close_cells(now_ns);
        }
        self.lots += i128::from(size_lots);
    }

    /// Trades that were reported wrongly were of so many lots more, or fewer if it is negative.
    pub fn on_correction(&mut self, now_ns: i64, size_lots: i128) {
        if now_ns >= self.cell_end_ns {
            self.close_cells(now_ns);
        }
        self.lots = (self.lots + size_lots).max(0);
    }

    /// Works in every cell that ended by `now_ns`: the one under way, and the silent ones after it.
    fn close_cells(&mut self, now_ns: i64) {
        let Some(origin_ns) = self.origin_ns else {
            self.origin_ns = Some(now_ns);
            self.since_ns = now_ns;
            self.cell_end_ns = now_ns.saturating_add(CELL_NS);
            return;
        };
        let mut end = self.cell_end_ns;
        let silent = (now_ns - end) / CELL_NS;
        let fade = self.options.keep.powf(silent as f64);
        self.sample_mid(silent, fade);
        self.fold_spread(end, fade);
        end += silent * CELL_NS;
        let seen_ns = end - origin_ns;
        let warm = seen_ns >= self.options.warm_up_cells.saturating_mul(CELL_NS);
        if self.options.daily_volume_lots.is_none() && self.lots != 0 && warm {
            // One division of whole numbers, as the twin's: exact up to the last rounding.
            self.daily_volume_lots = Some(quotient(self.lots * (86_400 * i128::from(SECOND_NS)), seen_ns));
        }
        self.since_ns = end;
        self.cell_end_ns = end.saturating_add(CELL_NS);
    }

    /// One return for the cell under way, and one of zero for each silent cell.
    fn sample_mid(&mut self, silent: i64, fade: f64) {
        if self.mid_half_ticks == 0 {
            return;
        }
        let keep = self.options.keep;
        if self.sampled_mid_half_ticks != 0 {
            let change = if self.mid_half_ticks == self.sampled_mid_half_ticks {
                0.0
            } else {
                quotient(self.mid_half_ticks, self.sampled_mid_half_ticks).ln()
            };
            self.variance += (1.0 - keep) * (change * change - self.variance);
            self.mid_weight += (1.0 - keep) * (1.0 - self.mid_weight);
            self.returns += 1;
        }
        self.sampled_mid_half_ticks = self.mid_half_ticks;
        self.variance *= fade;
        self.mid_weight = 1.0 - (1.0 - self.mid_weight) * fade;
        self.returns += silent;
        if self.returns >= self.options.warm_up_cells && self.options.daily_volatility.is_none() {
            let per_second = self.variance / self.mid_weight * (SECOND_NS as f64 / CELL_NS as f64);
            self.volatility_per_day = Some((per_second * DAY_S).sqrt());
        }
    }

    /// The mean spread of the cell under way, and the spread in force for each silent cell.
    fn fold_spread(&mut self, end_ns: i64, fade: f64) {
        let spread = self.spread;
        let left_ns = if spread != 0 { end_ns - self.since_ns } else { 0 };
        let keep = self.options.keep;
        let gain = (1.0 - keep) / CELL_NS as f64;
        let time = self.spread_time + i128::from(spread) * i128::from(left_ns);
        let mut total = self.spread_total * keep + gain * time as f64;
        let mut weight = self.spread_weight * keep + gain * (self.quoted_ns + left_ns) as f64;
        let silent_weight = if spread != 0 { 1.0 - fade } else { 0.0 };
        total = total * fade + silent_weight * spread as f64;
        weight = weight * fade + silent_weight;
        (self.spread_total, self.spread_weight) = (total, weight);
        (self.spread_time, self.quoted_ns) = (0, 0);
        if self.returns >= self.options.warm_up_cells && weight > FADED {
            self.spread_ticks = Some(total / weight);
        }
    }
}

/// The double nearest to a quotient of whole numbers, as Python divides them. Both are exact as doubles in all but the
/// largest markets, and then one division rounds once; beyond, the last bit may differ.
pub fn quotient(dividend: i128, divisor: impl Into<i128>) -> f64 {
    let divisor: i128 = divisor.into();
    const EXACT: i128 = 1 << 53;
    if dividend.abs() <= EXACT && divisor.abs() <= EXACT {
        return dividend as f64 / divisor as f64;
    }
    // Reduced by their common divisor they are often exact again.
    let (mut a, mut b) = (dividend.abs(), divisor.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let common = a.max(1);
    (dividend / common) as f64 / (divisor / common) as f64
}
