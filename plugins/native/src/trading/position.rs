//! One position in whole numbers. The twin is `mainspring.portfolio.PositionUnits`, which explains the figures.

#![forbid(unsafe_code)]

use ethnum::I256;

/// A whole of what an inverse contract is worth: see `mainspring.portfolio.INVERSE_SCALE`.
const INVERSE_SCALE: I256 = I256::new(10i128.pow(30));
const FINE_BITS: u32 = 64;

/// A position by average cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the twin")]
pub struct Position {
    /// Whether a higher price is worth fewer units.
    pub inverse: bool,
    pub lots: i128,
    pub bought_lots: i128,
    pub sold_lots: i128,
    pub bought_units: I256,
    pub sold_units: I256,
    pub cost_fine: I256,
    pub fees_ppb_units: I256,
    pub rebates_ppb_units: I256,
    pub reported_ppb_units: I256,
    /// How many fills there were.
    pub fills: u64,
}

/// What some lots are worth at a price, in whole units; `None` if that isn't above zero, or doesn't fit.
pub fn units(inverse: bool, lots: i128, price_ticks: i64) -> Option<I256> {
    if lots < 0 || price_ticks <= 0 {
        return None;
    }
    let (lots, price) = (I256::new(lots), I256::from(price_ticks));
    if !inverse {
        return lots.checked_mul(price);
    }
    let doubled = lots.checked_mul(INVERSE_SCALE)?.checked_mul(I256::new(2))?;
    Some(doubled.checked_add(price)? / (price << 1))
}

/// What a position of `lots` gains as the mid moves, in half value units; `None` if that doesn't fit. `lots` is below zero when
/// short, and both mids are in half ticks, above zero.
pub fn mid_move_half_units(inverse: bool, lots: i64, before: i128, after: i128) -> Option<I256> {
    let (lots, before, after) = (I256::from(lots), I256::new(before), I256::new(after));
    if !inverse {
        return lots.checked_mul(after - before);
    }
    if before <= 0 || after <= 0 {
        return None;
    }
    let scaled = lots.checked_mul(INVERSE_SCALE << 2)?;
    Some(scaled.div_euclid(before) - scaled.div_euclid(after))
}

impl Position {
    /// A position in which nothing was booked.
    pub fn new(inverse: bool) -> Self {
        Position { inverse, ..Position::default() }
    }

    /// Books a fill. False, and nothing is booked, if its size or price isn't above zero, or a figure doesn't fit.
    #[inline]
    #[must_use]
    pub fn on_fill(&mut self, buy: bool, size_lots: i64, price_ticks: i64, fee_ppb: i64) -> bool {
        match self.with_fill(buy, size_lots, price_ticks, fee_ppb) {
            Some(after) => {
                *self = after;
                true
            }
            None => false,
        }
    }

    /// Sales less purchases before fees, in value units; for inverse contracts purchases less sales.
    pub fn cash_units(&self) -> I256 {
        if self.inverse { self.bought_units - self.sold_units } else { self.sold_units - self.bought_units }
    }

    /// The profit after fees and funding at twice a mark in ticks, in billionths of a value unit, rounded down; `None` if the mark
    /// isn't above zero, or it doesn't fit. The mark counts only if something is held.
    pub fn net_ppb(&self, half_ticks: i128) -> Option<I256> {
        let mut half_units = self.cash_units().checked_mul(I256::new(2))?;
        if self.lots != 0 {
            let (lots, half_ticks) = (I256::new(self.lots), I256::new(half_ticks));
            let worth = if !self.inverse {
                lots.checked_mul(half_ticks)?
            } else if half_ticks > 0 {
                lots.checked_mul(I256::new(-4) * INVERSE_SCALE)?.div_euclid(half_ticks)
            } else {
                return None;
            };
            half_units = half_units.checked_add(worth)?;
        }
        let net = half_units.checked_mul(I256::new(500_000_000))?.checked_sub(self.fees_ppb_units)?;
        net.checked_add(self.reported_ppb_units)
    }

    /// The fees in whole units, rounded down.
    pub fn fees_units(&self) -> I256 {
        self.fees_ppb_units.div_euclid(I256::new(1_000_000_000))
    }

    fn with_fill(&self, buy: bool, size_lots: i64, price_ticks: i64, fee_ppb: i64) -> Option<Position> {
        let mut after = *self;
        let (lots, held) = (i128::from(size_lots), self.lots);
        if lots <= 0 {
            return None;
        }
        let units = units(self.inverse, lots, price_ticks)?;
        let closes;
        if buy {
            after.bought_lots = self.bought_lots.checked_add(lots)?;
            after.bought_units = self.bought_units.checked_add(units)?;
            after.lots = held.checked_add(lots)?;
            closes = held < 0;
        } else {
            after.sold_lots = self.sold_lots.checked_add(lots)?;
            after.sold_units = self.sold_units.checked_add(units)?;
            after.lots = held.checked_sub(lots)?;
            closes = held > 0;
        }
        let size = i128::try_from(held.unsigned_abs()).ok()?;
        if !closes {
            after.cost_fine = self.cost_fine.checked_add(fine(units)?)?;
        } else if lots < size {
            let size = I256::new(size);
            let doubled = self.cost_fine.checked_mul(I256::new(2))?.checked_mul(I256::new(lots))?;
            after.cost_fine -= doubled.checked_add(size)? / (size << 1);
        } else {
            after.cost_fine = fine(self::units(self.inverse, lots - size, price_ticks)?)?;
        }
        if fee_ppb != 0 {
            let fee = units.checked_mul(I256::from(fee_ppb))?;
            after.fees_ppb_units = self.fees_ppb_units.checked_add(fee)?;
            if fee_ppb < 0 {
                after.rebates_ppb_units = self.rebates_ppb_units.checked_sub(fee)?;
            }
        }
        after.fills += 1;
        Some(after)
    }
}

/// Units in the parts in which the cost is kept.
fn fine(units: I256) -> Option<I256> {
    units.checked_mul(I256::ONE << FINE_BITS)
}
