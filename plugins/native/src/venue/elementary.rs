//! Logarithm, exponential and power that are the same to the bit as those of `mainspring.venue.elementary`.

#![forbid(unsafe_code)]
#![allow(clippy::excessive_precision, reason = "the constants are written as the twin writes them")]

const SQRT_HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;
const LN_2_HIGH: f64 = 0.6931471803691238;
const LN_2_LOW: f64 = 1.9082149292705877e-10;
const UNDERFLOW: f64 = -745.0;
const LOG_TERMS: u32 = 12;
const EXP_TERMS: u32 = 18;
const MOST_PRODUCTS: f64 = 64.0;
const MANTISSA_BITS: u32 = 52;
const BIAS: i32 = 1022;

/// `x` as a mantissa in [0.5, 1) and a power of two. `x` is above zero, finite and normal.
fn frexp(x: f64) -> (f64, i32) {
    let bits = x.to_bits();
    let exponent = i32::try_from((bits >> MANTISSA_BITS) & 0x7ff).unwrap_or(0) - BIAS;
    let mantissa = (bits & !(0x7ff << MANTISSA_BITS)) | (u64::from(BIAS.unsigned_abs()) << MANTISSA_BITS);
    (f64::from_bits(mantissa), exponent)
}

/// `x` times two to the power of `exponent`, rounded once.
fn ldexp(x: f64, exponent: i32) -> f64 {
    // In two steps: the first is exact, and the second alone may round, below the smallest normal number.
    let half = exponent / 2;
    let power = |by: i32| f64::from_bits(u64::from((by + 1023).unsigned_abs()) << MANTISSA_BITS);
    x * power(half) * power(exponent - half)
}

/// The natural logarithm of `x`, which must be above zero and finite.
pub fn log(x: f64) -> f64 {
    let (mut mantissa, mut exponent) = frexp(x);
    if mantissa < SQRT_HALF {
        (mantissa, exponent) = (mantissa * 2.0, exponent - 1);
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let mut total = 0.0;
    for term in (1..=LOG_TERMS).rev() {
        total = (total + 1.0 / f64::from(2 * term + 1)) * square;
    }
    let exponent = f64::from(exponent);
    exponent * LN_2_HIGH + (2.0 * s + (2.0 * s * total + exponent * LN_2_LOW))
}

/// The exponential of `x`, which must be at most 709. Below -745 it is zero.
pub fn exp(x: f64) -> f64 {
    if x < UNDERFLOW {
        return 0.0;
    }
    #[allow(clippy::cast_possible_truncation, reason = "between -1,075 and 1,024")]
    let k = (x / LN_2_HIGH + if x >= 0.0 { 0.5 } else { -0.5 }) as i32;
    let r = (x - f64::from(k) * LN_2_HIGH) - f64::from(k) * LN_2_LOW;
    let mut total = 1.0;
    for term in (1..=EXP_TERMS).rev() {
        total = 1.0 + total * r / f64::from(term);
    }
    ldexp(total, k)
}

/// `x` to the power of `n`, for an `x` from 0 to 1 and an `n` above 0.
pub fn power(x: f64, n: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if n == n.trunc() && n <= MOST_PRODUCTS {
        let mut product = x;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 1 to 64")]
        for _ in 1..n as u32 {
            product *= x;
        }
        return product;
    }
    exp(n * log(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_agree_with_the_library_to_some_units_in_the_last_place() {
        for step in 1..2_000 {
            let x = f64::from(step) * 0.37;
            assert!((log(x) - x.ln()).abs() <= 4.0 * f64::EPSILON * x.ln().abs().max(1.0), "log({x})");
            let y = f64::from(step - 1_000) * 0.7;
            assert!((exp(y) / y.exp() - 1.0).abs() <= 1e-13 || y.exp() < f64::MIN_POSITIVE, "exp({y})");
        }
        assert_eq!(exp(-746.0), 0.0);
        assert_eq!(power(0.5, 3.0), 0.125);
        assert_eq!(power(0.0, 2.5), 0.0);
    }
}
