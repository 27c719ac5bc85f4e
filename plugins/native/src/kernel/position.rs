//! One position in whole numbers: cash and fees in ticks times lots. The twin is a part of `mainspring.portfolio.position`.

#![forbid(unsafe_code)]

/// A position of a spot or linear instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// What was bought less what was sold, in lots.
    pub lots: i128,
    /// Sales less purchases before fees, in ticks times lots.
    pub cash_units: i128,
    /// Fees less rebates, in parts per billion of ticks times lots.
    pub fees_ppb_units: i128,
    /// How many fills there were.
    pub fills: u64,
}

impl Position {
    /// Books a fill.
    #[inline]
    pub fn on_fill(&mut self, buy: bool, price_ticks: i64, size_lots: i64, fee_ppb: i64) {
        let units = i128::from(price_ticks) * i128::from(size_lots);
        let sign = if buy { 1 } else { -1 };
        self.lots += sign * i128::from(size_lots);
        self.cash_units -= sign * units;
        self.fees_ppb_units += units * i128::from(fee_ppb);
        self.fills += 1;
    }

    /// The fees in whole ticks times lots, rounded down.
    pub fn fees_units(&self) -> i128 {
        self.fees_ppb_units.div_euclid(1_000_000_000)
    }
}
