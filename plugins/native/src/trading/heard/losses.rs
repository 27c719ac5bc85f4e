//! What losses are measured from. The twin is `mainspring_plugins.risk._loss_marks.LossMarks`.

use ethnum::I256;

/// Beyond every profit.
const FAR_PPB: I256 = I256::from_words(1 << 126, 0);

/// What a profit means to a check of losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// No loss stops, and nothing is to be noted.
    Unmoved,
    /// It is the best so far, and was noted as that.
    Best,
    /// The check has to look at it.
    Unclear,
}

/// A currency's mark.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    currency: String,
    measured_from: Option<I256>,
    /// What needs no look; `None` if the check looks at every profit.
    bounds: Option<Bounds>,
}

/// The profits that need no look: those that lose at most a limit, from a time until before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    measured_from: I256,
    limit: I256,
    begins_ns: i64,
    ends_ns: i64,
}

/// The profit that each currency's loss is measured from, in quanta. A lane has few currencies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the twin")]
pub struct LossMarks {
    pub follows_best: bool,
    pub ratio: Option<(I256, I256)>,
    pub least_ppb: I256,
    pub beyond_ppb: I256,
    pub begins_ns: i64,
    pub ends_ns: i64,
    marks: Vec<Mark>,
}

impl LossMarks {
    /// Nothing is known yet.
    pub fn new(follows_best: bool, ratio: Option<(I256, I256)>) -> Self {
        let nothing = I256::ZERO;
        LossMarks {
            follows_best,
            ratio,
            least_ppb: nothing,
            beyond_ppb: nothing,
            begins_ns: 0,
            ends_ns: 0,
            marks: Vec::new(),
        }
    }

    /// What a currency's loss is measured from, if that is known.
    pub fn get(&self, currency: &str) -> Option<I256> {
        self.marks.iter().find(|mark| mark.currency == currency)?.measured_from
    }

    /// Measures a currency's loss from that.
    pub fn put(&mut self, currency: &str, measured_from: I256) {
        self.mark(currency).measured_from = Some(measured_from);
    }

    /// Lets a currency's losses up to the limit pass without a look.
    pub fn bound(&mut self, currency: &str, measured_from: I256, limit: I256) {
        let bounds = Bounds { measured_from, limit, begins_ns: self.begins_ns, ends_ns: self.ends_ns };
        self.mark(currency).bounds = Some(bounds);
        self.set_ppb(measured_from, limit);
    }

    /// Lets nothing of a currency pass without a look.
    pub fn unbound(&mut self, currency: &str) {
        self.mark(currency).bounds = None;
        (self.least_ppb, self.beyond_ppb) = (I256::ZERO, I256::ZERO);
    }

    /// Lets nothing pass without a look.
    pub fn look_again(&mut self) {
        self.marks.iter_mut().for_each(|mark| mark.bounds = None);
        (self.least_ppb, self.beyond_ppb) = (I256::ZERO, I256::ZERO);
    }

    /// What losses are measured from.
    pub fn all(&self) -> impl Iterator<Item = (&str, I256)> {
        self.marks.iter().filter_map(|mark| Some((mark.currency.as_str(), mark.measured_from?)))
    }

    /// Forgets what losses are measured from.
    pub fn clear(&mut self) {
        self.marks.clear();
        self.look_again();
    }

    /// Hears the profit of a lane of one instrument, in billionths of value units.
    #[inline]
    pub fn hear_ppb(&mut self, currency: &str, profit_ppb: I256, now_ns: i64) -> Heard {
        if !(self.begins_ns..self.ends_ns).contains(&now_ns) {
            return Heard::Unclear;
        }
        if (self.least_ppb..self.beyond_ppb).contains(&profit_ppb) {
            return Heard::Unmoved;
        }
        let share = self.ratio.and_then(|ratio| quanta(profit_ppb, ratio));
        share.map_or(Heard::Unclear, |profit| self.hear(currency, profit, now_ns))
    }

    /// Hears the profit in a currency, in quanta.
    pub fn hear(&mut self, currency: &str, profit: I256, now_ns: i64) -> Heard {
        let follows_best = self.follows_best;
        let Some(mark) = self.marks.iter_mut().find(|mark| mark.currency == currency) else { return Heard::Unclear };
        let Some(Bounds { measured_from, limit, begins_ns, ends_ns }) = mark.bounds else { return Heard::Unclear };
        if !(begins_ns..ends_ns).contains(&now_ns) {
            return Heard::Unclear;
        }
        if measured_from.checked_sub(profit).is_none_or(|loss| loss > limit) {
            return Heard::Unclear;
        }
        if !follows_best || profit <= measured_from {
            return Heard::Unmoved;
        }
        mark.measured_from = Some(profit);
        mark.bounds = Some(Bounds { measured_from: profit, limit, begins_ns, ends_ns });
        self.set_ppb(profit, limit);
        Heard::Best
    }

    /// Sets the profits of one instrument that need no look.
    fn set_ppb(&mut self, measured_from: I256, limit: I256) {
        let Some(ratio) = self.ratio else { return };
        let bounds = || {
            let least = least_ppb(measured_from.checked_sub(limit)?, ratio)?;
            let next = || least_ppb(measured_from.checked_add(I256::ONE)?, ratio);
            Some((least, if self.follows_best { next()? } else { FAR_PPB }))
        };
        (self.least_ppb, self.beyond_ppb) = bounds().unwrap_or_default();
    }

    fn mark(&mut self, currency: &str) -> &mut Mark {
        let at = self.marks.iter().position(|mark| mark.currency == currency).unwrap_or_else(|| {
            self.marks.push(Mark { currency: currency.to_owned(), measured_from: None, bounds: None });
            self.marks.len() - 1
        });
        &mut self.marks[at]
    }
}

/// A profit in quanta, rounded down, if it fits.
pub fn quanta(profit_ppb: I256, (numerator, denominator): (I256, I256)) -> Option<I256> {
    Some(profit_ppb.checked_mul(numerator)?.div_euclid(denominator))
}

/// The least profit in billionths of value units that is that many quanta, or more, if it fits.
fn least_ppb(quanta: I256, (numerator, denominator): (I256, I256)) -> Option<I256> {
    Some(-quanta.checked_neg()?.checked_mul(denominator)?.div_euclid(numerator))
}
