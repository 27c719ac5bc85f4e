//! Checks of what is at stake in several instruments. The twins are the modules of `mainspring_plugins.risk` with the checks' names.

use ethnum::I256;
use pyo3::prelude::*;

use crate::python::holdings::Holdings;
use crate::python::loss_marks::near;
use crate::trading::gate::{Account, Seen, mid_half_ticks, stakes};
use crate::trading::order::NewOrder;
use crate::trading::tracker::Tracker;

/// A check over several instruments, for the orders of one.
pub enum Wide {
    /// What is worth at most how much: each limit with the other instruments that count.
    Exposure { gross: bool, worths: Worths, limits: Vec<(I256, Vec<usize>)> },
    /// What capital and profit have to cover.
    BuyingPower { worths: Worths, others: Vec<usize>, capital: I256, margin: I256, margin_of: I256 },
    /// How many orders may be open in an instrument, of a strategy, and together.
    OpenOrders { limit: usize, strategy: Option<usize>, account: Option<usize> },
}

/// By instrument, what a lot at half a tick is worth, in quanta.
pub struct Worths(Vec<I256>);

/// What a check reads.
#[derive(Clone, Copy)]
pub struct Reads<'a> {
    pub tracker: &'a Tracker,
    pub holdings: &'a Holdings,
    pub order: &'a NewOrder,
    pub seen: &'a Seen,
    pub account: &'a Account,
    /// Whether it is what would remain of an order that is to be changed.
    pub changed: bool,
    /// What was made in the currency, in quanta.
    pub profit: Option<I256>,
}

impl Worths {
    /// Reads them; the factors of instruments that don't count may be anything.
    pub fn new(factors: Vec<Bound<'_, PyAny>>) -> PyResult<Self> {
        Ok(Worths(factors.iter().map(near).collect::<PyResult<_>>()?))
    }

    fn of(&self, instrument: usize, lots: i128, half_ticks: i128) -> Option<I256> {
        let units = I256::new(lots).checked_mul(I256::new(half_ticks))?;
        units.checked_mul(*self.0.get(instrument)?)
    }
}

impl Wide {
    /// Whether the order passes.
    pub fn passes(&self, py: Python<'_>, reads: &Reads<'_>) -> bool {
        match self {
            Wide::Exposure { gross, worths, limits } => exposure(py, reads, *gross, worths, limits).unwrap_or_default(),
            Wide::BuyingPower { worths, others, capital, margin, margin_of } => {
                let needed = || {
                    let (after, mid) = (after(reads), mid_half_ticks(reads.seen)?);
                    let price = if reads.order.limit { 2 * i128::from(reads.order.price_ticks) } else { mid };
                    let own = worths.of(reads.order.instrument, after, mid.max(price))?;
                    own.checked_add(held(py, reads, true, worths, others)?)?.checked_mul(*margin)
                };
                let covered = || capital.checked_add(reads.profit?)?.checked_mul(*margin_of);
                !raises(reads) || matches!((needed(), covered()), (Some(needed), Some(covered)) if needed <= covered)
            }
            Wide::OpenOrders { limit, strategy, account } => {
                let (tracker, order, count) = (reads.tracker, reads.order, reads.holdings.count());
                let all = |of: &dyn Fn(usize) -> usize| (0..count).map(of).sum::<usize>();
                let own = |place: usize| tracker.open_orders(place, order.strategy).count();
                reads.changed
                    || (tracker.count_open(order.instrument) < *limit
                        && strategy.is_none_or(|most| all(&own) < most)
                        && account.is_none_or(|most| all(&|place| tracker.count_open(place)) < most))
            }
        }
    }
}

/// The largest position that the order could lead to on its side, and whether it is more than what was at stake the other way.
fn after(reads: &Reads<'_>) -> i128 {
    stakes(reads.account, reads.order.buy, reads.order.size_lots.into()).0
}

fn raises(reads: &Reads<'_>) -> bool {
    let (after, other) = stakes(reads.account, reads.order.buy, reads.order.size_lots.into());
    after > other
}

fn exposure(
    py: Python<'_>,
    reads: &Reads<'_>,
    gross: bool,
    worths: &Worths,
    limits: &[(I256, Vec<usize>)],
) -> Option<bool> {
    if gross && !raises(reads) {
        return Some(true);
    }
    let after = after(reads);
    let own =
        if after == 0 { I256::ZERO } else { worths.of(reads.order.instrument, after, mid_half_ticks(reads.seen)?)? };
    for (limit, others) in limits {
        if own.checked_add(held(py, reads, gross, worths, others)?)? > *limit {
            return Some(false);
        }
    }
    Some(true)
}

/// What is at stake in other instruments: either way, or on the order's side.
fn held(py: Python<'_>, reads: &Reads<'_>, either: bool, worths: &Worths, others: &[usize]) -> Option<I256> {
    let mut total = I256::ZERO;
    for &place in others {
        let account = reads.holdings.account(py, reads.tracker, place)?;
        let (own, other) = stakes(&account, reads.order.buy, 0);
        let lots = if either { own.max(other) } else { own };
        if lots != 0 {
            total = total.checked_add(worths.of(place, lots, mid_half_ticks(&reads.holdings.seen(place)?)?)?)?;
        }
    }
    Some(total)
}
