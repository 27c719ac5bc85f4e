//! Steps as digits, to write prices and sizes and to round to them.

#![forbid(unsafe_code)]

use std::cmp::Ordering;

use crate::wire::json_value::number_value;
use crate::wire::tree::node::Kind;
use crate::wire::value::Is;

/// A tick or lot size, as an integer times a power of ten.
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    factor: i128,
    exponent: i32,
}

impl Digits {
    /// Those of a step, as decimal text ("0.01", "1E-8", "5").
    pub fn of(step: &str) -> Option<Digits> {
        let (mantissa, exponent) = match step.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (step, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let factor = format!("{whole}{fraction}").parse().ok()?;
        Some(Digits { factor, exponent: exponent - i32::try_from(fraction.len()).ok()? })
    }

    /// So many steps with all the decimals of a step.
    pub fn write(&self, units: i64) -> String {
        let scaled = i128::from(units) * self.factor;
        match u32::try_from(self.exponent) {
            Ok(exponent) => (scaled * 10i128.pow(exponent)).to_string(),
            Err(_) => {
                let places = self.exponent.unsigned_abs() as usize;
                let text = format!("{scaled:0width$}", width = places + 1);
                format!("{}.{}", &text[..text.len() - places], &text[text.len() - places..])
            }
        }
    }

    /// The nearest whole number of steps to a plain decimal or a double, the even one of two.
    pub fn nearest(&self, kind: Kind, text: &[u8]) -> Option<i64> {
        let shortest = match kind {
            Kind::Float => match number_value(text, false)? {
                Is::Float(value) => python_text(value)?,
                _ => return None,
            },
            _ => String::from_utf8(text.to_vec()).ok()?,
        };
        let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, "0"));
        let plain = |part: &str| (1..=18).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(fraction) || self.exponent < -18 || self.exponent > 9 {
            return None;
        }
        // Both in units of 1E-18: below 10^36 and 10^36, within 128 bits.
        let value: i128 = format!("{whole}{fraction:0<18}").parse().ok()?;
        let step = self.factor.checked_mul(10i128.checked_pow((self.exponent + 18).unsigned_abs())?)?;
        let (quotient, rest) = (value / step, value % step);
        let up = match (rest * 2).cmp(&step) {
            Ordering::Less => false,
            Ordering::Equal => quotient % 2 != 0,
            Ordering::Greater => true,
        };
        i64::try_from(quotient + i128::from(up)).ok()
    }
}

/// A double as Python writes it, where that is without an exponent.
fn python_text(value: f64) -> Option<String> {
    ((1e-4..1e16).contains(&value) || value == 0.0).then(|| format!("{value:?}"))
}
