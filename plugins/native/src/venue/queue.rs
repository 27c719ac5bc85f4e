//! How much of the queue ahead of an order is left when lots are cancelled. The twins are the plugins of the seam `queue`.

#![forbid(unsafe_code)]

use crate::venue::elementary::{log, power};

/// A queue model; sizes of the last two are in the instrument's unit of quantity, so they have its lot size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Queue {
    /// What is cancelled was spread evenly over the queue.
    Proportional,
    /// What is cancelled stood behind, as far as anybody did.
    Pessimistic,
    /// f(behind) / (f(behind) + f(ahead)) with f(x) = x^n.
    Power(f64),
    /// f(behind) / f(behind + ahead) with f(x) = x^n.
    Power2(f64),
    /// 1 - f(ahead / (ahead + behind)) with f(x) = x^n.
    Power3(f64),
    /// f(behind) / (f(behind) + f(ahead)) with f(x) = log(1 + x).
    Log(f64),
    /// f(behind) / f(behind + ahead) with f(x) = log(1 + x).
    Log2(f64),
}

const EVEN: f64 = 0.5;

impl Queue {
    /// How many of `ahead` lots are left when `cancelled` of them and of the `behind` are gone. See `mainspring.seams.QueueModel`.
    pub fn lots_ahead(self, ahead: i128, behind: i128, cancelled: i128) -> i128 {
        match self {
            Queue::Proportional => {
                let level = ahead + behind;
                // The product may need more than 127 bits only for sizes that no book of ours holds.
                ahead.saturating_mul(level - cancelled).div_euclid(level)
                    + i128::from(ahead.saturating_mul(level - cancelled).rem_euclid(level) != 0)
            }
            Queue::Pessimistic => ahead.min(ahead + behind - cancelled),
            _ => self.by_probability(ahead, behind, cancelled),
        }
    }

    fn by_probability(self, ahead: i128, behind: i128, cancelled: i128) -> i128 {
        let fewest = (ahead - cancelled).max(0);
        let most = ahead.min(ahead + behind - cancelled);
        if fewest == most {
            return most;
        }
        let p = self.behind_probability(ahead, behind);
        let gone = float(cancelled);
        let left = float(ahead) - (1.0 - p) * gone + (float(behind) - p * gone).min(0.0);
        #[allow(clippy::cast_possible_truncation, reason = "rounded up, and bounded by what is possible")]
        let left = left.ceil() as i128;
        left.max(fewest).min(most)
    }

    fn behind_probability(self, ahead: i128, behind: i128) -> f64 {
        match self {
            Queue::Power(n) => {
                if ahead <= behind {
                    return 1.0 / (1.0 + power(quotient(ahead, behind), n));
                }
                let ratio = power(quotient(behind, ahead), n);
                ratio / (1.0 + ratio)
            }
            Queue::Power2(n) => power(quotient(behind, behind + ahead), n),
            Queue::Power3(n) => 1.0 - power(quotient(ahead, ahead + behind), n),
            Queue::Log(lot) => {
                let behind = log(1.0 + float(behind) * lot);
                let both = behind + log(1.0 + float(ahead) * lot);
                if both == 0.0 { EVEN } else { behind / both }
            }
            Queue::Log2(lot) => {
                let both = log(1.0 + float(behind + ahead) * lot);
                if both == 0.0 { EVEN } else { log(1.0 + float(behind) * lot) / both }
            }
            Queue::Proportional | Queue::Pessimistic => EVEN,
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "rounded to the nearest, as Python's integers are")]
fn float(lots: i128) -> f64 {
    lots as f64
}

/// `a / b` rounded once, as Python divides integers. `a` is 0 or more, `b` above it.
fn quotient(a: i128, b: i128) -> f64 {
    const EXACT: i128 = 1 << 53;
    if a <= EXACT && b <= EXACT {
        return float(a) / float(b);
    }
    // 64 bits of the quotient and a sticky bit: more than the 53 that are kept, so that it is rounded once.
    let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
    if a == 0 {
        return 0.0;
    }
    let shift = a.leading_zeros().saturating_sub(1);
    let whole = (a << shift) / b;
    let sticky = u128::from((a << shift) % b != 0);
    #[allow(clippy::cast_precision_loss, reason = "rounded to the nearest, the sticky bit included")]
    let mantissa = ((whole << 1) | sticky) as f64;
    mantissa * 2f64.powi(-i32::try_from(shift + 1).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_is_rounded_once_whatever_its_size() {
        assert_eq!(quotient(1, 3), 1.0 / 3.0);
        // As CPython divides these integers.
        assert_eq!(quotient((1 << 60) + 1, (1 << 62) + 3), 0.25);
        assert_eq!(quotient(i128::from(i64::MAX), i128::from(i64::MAX) - 1), 1.0);
        assert_eq!(quotient(0, 1 << 60), 0.0);
    }

    #[test]
    fn what_is_left_ahead_is_rounded_against_us_and_stays_possible() {
        assert_eq!(Queue::Proportional.lots_ahead(3, 4, 5), 1);
        assert_eq!(Queue::Pessimistic.lots_ahead(3, 4, 5), 2);
        for model in [Queue::Power(2.5), Queue::Power2(3.0), Queue::Power3(0.5), Queue::Log(0.1), Queue::Log2(0.1)] {
            for cancelled in 0..=7 {
                let left = model.lots_ahead(3, 4, cancelled);
                assert!((0..=3).contains(&left) && left <= 7 - cancelled && left >= 3 - cancelled, "{model:?}");
            }
        }
    }
}
