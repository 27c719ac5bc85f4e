//! Decimal text and numbers to whole ticks and lots, exactly; no float stands on the way.
//!
//! The twin is `mainspring.model.exact`. What it refuses is refused here, for the same inputs; the words are the twin's.

#![forbid(unsafe_code)]

use crate::digits::POW10;

/// The longest decimal text that is read.
pub const MAX_TEXT: usize = 64;

/// How many billionths of a tick make a tick.
pub const NANOTICKS: i64 = 1_000_000_000;

const MAX_STEP_DIGITS: u64 = 1_000_000_000;
const MIN_EXPONENT: i32 = -18;
const MAX_EXPONENT: i32 = 9;
/// Decimal digits that every `u128` holds.
const MAX_DIGITS: usize = 38;

/// Why a value is no whole number of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotUnits {
    /// It isn't written as plain decimal digits.
    NotDecimal,
    /// It is below zero.
    Negative,
    /// It lies between two steps.
    OffGrid,
    /// It is more than `i64::MAX` steps.
    TooLarge,
}

/// A tick or lot size: `digits` times ten to `exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    digits: u64,
    exponent: i32,
    /// How many decimals units have, where the step is a power of ten of at most one; else `usize::MAX`.
    decimals: usize,
    /// 10 to the decimals, where they are few enough for `units_quick`; else 0.
    quick: u64,
}

/// The most digits that `units_quick` takes on either side of the point.
const QUICK_DIGITS: usize = 8;

/// 2**64 / 10**n, rounded up. Multiplied with a number below 2**32, its high half is the quotient by 10**n: the error is
/// below 2**32 / 2**64 and so never reaches the next whole number. Henry S. Warren, "Hacker's Delight", chapter 10.
const RECIPROCAL: [u64; QUICK_DIGITS + 1] = {
    let mut found = [0u64; QUICK_DIGITS + 1];
    let mut at = 1;
    while at <= QUICK_DIGITS {
        found[at] = u64::MAX / POW10[at] + 1;
        at += 1;
    }
    found
};

impl Step {
    /// The step that a decimal text such as `0.01`, `25` or `1E-8` names.
    ///
    /// `None` where it is none, is zero, or isn't at most nine digits times ten to -18 to 9.
    pub fn parse(text: &str) -> Option<Step> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: u64 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() || digits > u64::MAX / 100 {
                return None;
            }
            digits = digits * 10 + u64::from(byte - b'0');
        }
        let mut exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        if digits == 0 {
            return None;
        }
        while digits.is_multiple_of(10) {
            digits /= 10;
            exponent += 1;
        }
        if digits >= MAX_STEP_DIGITS || !(MIN_EXPONENT..=MAX_EXPONENT).contains(&exponent) {
            return None;
        }
        let power = digits == 1 && exponent <= 0;
        let decimals = if power { exponent.unsigned_abs() as usize } else { usize::MAX };
        let quick = if decimals <= QUICK_DIGITS { POW10[decimals] } else { 0 };
        Some(Step { digits, exponent, decimals, quick })
    }

    /// A billionth of this step, the grid of prints; `None` where it would need more than 18 decimals.
    pub fn nanotick(&self) -> Option<Step> {
        let exponent = self.exponent - 9;
        if exponent < MIN_EXPONENT {
            return None;
        }
        let decimals = if self.digits == 1 && exponent <= 0 { exponent.unsigned_abs() as usize } else { usize::MAX };
        let quick = if decimals <= QUICK_DIGITS { POW10[decimals] } else { 0 };
        Some(Step { digits: self.digits, exponent, decimals, quick })
    }

    /// How many decimals units have, where there are few enough for `units_quick`.
    #[inline(always)]
    pub fn quick_decimals(&self) -> Option<usize> {
        (self.quick != 0).then_some(self.decimals)
    }

    /// How many steps `digits` (ASCII, without a point) with `fraction` of them after the point are.
    fn units(&self, digits: &[u8], fraction: usize) -> Result<i64, NotUnits> {
        let mut exponent = -i64::try_from(fraction).unwrap_or(i64::MAX);
        let start = digits.iter().position(|&byte| byte != b'0').unwrap_or(digits.len());
        let mut significant = &digits[start..];
        while let [rest @ .., b'0'] = significant {
            significant = rest;
            exponent += 1;
        }
        self.scaled(significant, exponent)
    }

    /// How many steps `digits` times ten to `exponent` are. `digits` has no zero at either end.
    fn scaled(&self, digits: &[u8], exponent: i64) -> Result<i64, NotUnits> {
        if digits.is_empty() {
            return Ok(0);
        }
        let shift = exponent - i64::from(self.exponent);
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        // Beyond: 10**(length - 1 + shift) / 10**9 is larger than 2**63 whatever the digits are.
        if length - 1 + shift > 28 {
            return Err(NotUnits::TooLarge);
        }
        if shift < 0 {
            // The last digit isn't zero, so that only a step of many digits can divide it, never 10 to the shift.
            return Err(NotUnits::OffGrid);
        }
        if digits.len() > MAX_DIGITS {
            return Err(NotUnits::TooLarge);
        }
        let value = digits.iter().fold(0u128, |value, &byte| value * 10 + u128::from(byte - b'0'));
        // At most 29 digits by the test above.
        let scaled = value * 10u128.pow(u32::try_from(shift).map_err(|_| NotUnits::TooLarge)?);
        let step = u128::from(self.digits);
        if !scaled.is_multiple_of(step) {
            return Err(NotUnits::OffGrid);
        }
        i64::try_from(scaled / step).map_err(|_| NotUnits::TooLarge)
    }

    /// How many steps a plain decimal text is: digits with at most one point, and digits on both sides of it.
    pub fn units_from_text(&self, text: &[u8]) -> Result<i64, NotUnits> {
        if text.len() > MAX_TEXT {
            return Err(NotUnits::NotDecimal);
        }
        let mut digits = [0u8; MAX_TEXT];
        let mut count = 0;
        let mut point = None;
        for (at, &byte) in text.iter().enumerate() {
            if byte.is_ascii_digit() {
                digits[count] = byte;
                count += 1;
            } else if byte == b'.' && point.is_none() && at > 0 && at + 1 < text.len() {
                point = Some(count);
            } else {
                return Err(if byte == b'-' && at == 0 { NotUnits::Negative } else { NotUnits::NotDecimal });
            }
        }
        if count == 0 {
            return Err(NotUnits::NotDecimal);
        }
        self.units(&digits[..count], count - point.unwrap_or(count))
    }

    /// How many steps an integer is.
    pub fn units_from_integer(&self, value: i128) -> Result<i64, NotUnits> {
        if value < 0 {
            return Err(NotUnits::Negative);
        }
        let mut digits = [0u8; 40];
        let text = format_unsigned(value.unsigned_abs(), &mut digits);
        self.units(text, 0)
    }

    /// How many steps a double is: it stands for the shortest decimal that names it.
    pub fn units_from_float(&self, value: f64) -> Result<i64, NotUnits> {
        if !value.is_finite() {
            return Err(NotUnits::NotDecimal);
        }
        if value == 0.0 {
            return Ok(0);
        }
        if value < 0.0 {
            return Err(NotUnits::Negative);
        }
        // Rust's `{:e}` writes the shortest digits that round-trip, as Python's `repr` does.
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').ok_or(NotUnits::NotDecimal)?;
        let exponent: i64 = exponent.parse().map_err(|_| NotUnits::NotDecimal)?;
        let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        let fraction = i64::try_from(digits.len()).unwrap_or(0) - 1;
        let mut significant = digits.as_slice();
        let mut exponent = exponent - fraction;
        while let [rest @ .., b'0'] = significant {
            significant = rest;
            exponent += 1;
        }
        self.scaled(significant, exponent)
    }

    /// Units of at most eight digits and a fraction of `count` digits, at most eight too, both as integers. `None` where
    /// the longer way has to decide.
    #[inline(always)]
    pub fn units_quick(&self, whole: u64, fraction: u64, count: usize) -> Option<i64> {
        if self.quick == 0 {
            return None;
        }
        let decimals = self.decimals;
        let part = if count <= decimals {
            fraction * POW10[decimals - count]
        } else {
            let cut = count - decimals;
            let part = ((u128::from(fraction) * u128::from(RECIPROCAL[cut])) >> 64) as u64;
            if part * POW10[cut] != fraction {
                return None;
            }
            part
        };
        // Both are below 10**16.
        Some((whole * self.quick + part) as i64)
    }

    /// Units of a decimal whose digits are an integer, `places` of them behind the point. `None` if the longer way has to
    /// decide.
    #[inline(always)]
    pub fn units_from_mantissa(&self, value: u64, places: usize) -> Option<i64> {
        // One comparison for a step that is no power of ten, too, and for more places than it has decimals.
        if let Some(&power) = POW10.get(self.decimals.wrapping_sub(places)) {
            return i64::try_from(value.checked_mul(power)?).ok();
        }
        let cut = *POW10.get(places.checked_sub(self.decimals)?)?;
        if value.is_multiple_of(cut) { i64::try_from(value / cut).ok() } else { None }
    }

    /// Units of `whole` digits and a fraction of `count` digits, both as integers, on the fast way: the step is a power
    /// of ten. `None` if the longer way has to decide.
    #[inline(always)]
    pub fn units_fast(&self, whole: u64, fraction: u64, count: usize) -> Option<i64> {
        let decimals = self.decimals;
        if decimals >= POW10.len() || count >= POW10.len() {
            return None;
        }
        let part = if count <= decimals {
            fraction.checked_mul(POW10[decimals - count])?
        } else {
            let cut = POW10[count - decimals];
            if !fraction.is_multiple_of(cut) {
                return None;
            }
            fraction / cut
        };
        let units = whole.checked_mul(POW10[decimals])?.checked_add(part)?;
        i64::try_from(units).ok()
    }
}

fn format_unsigned(mut value: u128, buffer: &mut [u8; 40]) -> &[u8] {
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return &buffer[at..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digits::digits;

    fn step(text: &str) -> Step {
        Step::parse(text).expect(text)
    }

    #[test]
    fn text_becomes_whole_steps_or_says_why_not() {
        let cent = step("0.01");
        assert_eq!(cent.units_from_text(b"61.84"), Ok(6184));
        assert_eq!(cent.units_from_text(b"61.84000000"), Ok(6184));
        assert_eq!(cent.units_from_text(b"0"), Ok(0));
        assert_eq!(cent.units_from_text(b"00.00"), Ok(0));
        assert_eq!(cent.units_from_text(b"61.845"), Err(NotUnits::OffGrid));
        assert_eq!(cent.units_from_text(b"-1"), Err(NotUnits::Negative));
        assert_eq!(cent.units_from_text(b"92233720368547758.07"), Ok(i64::MAX));
        assert_eq!(cent.units_from_text(b"92233720368547758.08"), Err(NotUnits::TooLarge));
        for text in ["", ".", "1.", ".5", "1e5", "1_0", " 1", "1.2.3", "+1", "\u{661}"] {
            assert_eq!(cent.units_from_text(text.as_bytes()), Err(NotUnits::NotDecimal), "{text}");
        }
        assert_eq!(step("0.25").units_from_text(b"1.5"), Ok(6));
        assert_eq!(step("0.25").units_from_text(b"1.6"), Err(NotUnits::OffGrid));
        assert_eq!(step("25").units_from_text(b"100.0"), Ok(4));
        assert_eq!(step("1E+2").units_from_text(b"12300"), Ok(123));
        assert_eq!(step("1E-8").units_from_text(b"0.00000001"), Ok(1));
    }

    #[test]
    fn a_billionth_of_a_step_is_a_step() {
        assert_eq!(step("0.01").nanotick(), Some(step("1E-11")));
        assert_eq!(step("0.25").nanotick(), Some(step("25E-11")));
        assert_eq!(step("10").nanotick(), Some(step("1E-8")));
        assert_eq!(step("1E-9").nanotick(), Some(step("1E-18")));
        assert_eq!(step("1E-10").nanotick(), None);
    }

    #[test]
    fn floats_stand_for_their_shortest_decimal() {
        let fine = step("1E-9");
        assert_eq!(fine.units_from_float(0.1), Ok(100_000_000));
        assert_eq!(fine.units_from_float(61_837.63), Ok(61_837_630_000_000));
        assert_eq!(fine.units_from_float(-0.0), Ok(0));
        assert_eq!(fine.units_from_float(-1.0), Err(NotUnits::Negative));
        assert_eq!(fine.units_from_float(0.1 + 0.2), Err(NotUnits::OffGrid));
        assert_eq!(step("1").units_from_float(1e19), Err(NotUnits::TooLarge));
        assert_eq!(step("10").units_from_float(1e19), Ok(1_000_000_000_000_000_000));
        assert_eq!(fine.units_from_float(5e-324), Err(NotUnits::OffGrid));
    }

    #[test]
    fn the_fast_way_and_the_long_way_agree() {
        let mut seed = 1u64;
        for _ in 0..200_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let whole = (seed >> 20) % POW10[(seed % 12) as usize + 1];
            let count = ((seed >> 8) % 10) as usize;
            let fraction = if count == 0 { 0 } else { (seed >> 33) % POW10[count] };
            let text = if count == 0 { whole.to_string() } else { format!("{whole}.{fraction:0count$}") };
            for one in [step("0.01"), step("1"), step("1E-8")] {
                let long = one.units_from_text(text.as_bytes());
                if let Some(fast) = one.units_fast(whole, fraction, count) {
                    assert_eq!(Ok(fast), long, "{text} in {one:?}");
                }
                if whole < POW10[8]
                    && count <= 8
                    && let Some(quick) = one.units_quick(whole, fraction, count)
                {
                    assert_eq!(Ok(quick), long, "{text} in {one:?}");
                }
            }
            let padded = format!("{text}\"........");
            let (value, length) = digits(padded.as_bytes(), 0).expect("at most twelve digits");
            assert_eq!((value, length), (whole, whole.to_string().len()), "{text}");
            assert_eq!(digits(text.as_bytes(), 0), Some((value, length)), "{text}");
        }
    }
}
