//! Decimals in JSON, as text or as numbers, to whole ticks and lots.
//!
//! As in `json`, `None` is for anything unusual as well as for anything wrong.

#![forbid(unsafe_code)]

use crate::digits::{digits, eight_digits};
use crate::exact::Step;
use crate::wire::json_text::quote;
use crate::wire::json_value::{number_value, scan_number};
use crate::wire::value::Is;

/// The digits that every double keeps.
const EXACT_DIGITS: usize = 15;

/// The same as `decimal` for what venues write: at most eight digits on either side of the point.
#[inline(always)]
pub fn quick_decimal(data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
    let (whole, count) = eight_digits(data, at);
    let point = at + count;
    if count == 0 {
        return None;
    }
    match *data.get(point)? {
        b'.' => {
            let (fraction, places) = eight_digits(data, point + 1);
            let end = point + 1 + places;
            if places == 0 || *data.get(end)? != b'"' {
                return None;
            }
            Some((step.units_quick(whole, fraction, places)?, end))
        }
        b'"' => Some((step.units_quick(whole, 0, 0)?, point)),
        _ => None,
    }
}

/// The whole steps that the decimal text at `at` is, and the place behind it, where a quote has to follow.
pub fn decimal(data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
    if let Some((whole, count)) = digits(data, at)
        && count > 0
    {
        let mut end = at + count;
        let (mut fraction, mut places) = (0, 0);
        if *data.get(end)? == b'.' {
            (fraction, places) = digits(data, end + 1).unwrap_or((0, 0));
            if places > 0 {
                end += 1 + places;
            }
        }
        if *data.get(end)? == b'"'
            && let Some(units) = step.units_fast(whole, fraction, places)
        {
            return Some((units, end));
        }
    }
    let end = quote(data, at)?;
    Some((step.units_from_text(&data[at..end]).ok()?, end))
}

/// The whole steps that the number at `at` is, and the place behind it.
#[inline(always)]
pub fn number_units(data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
    // At most seven digits on either side of the point: what venues write, and exact as a double.
    let (whole, count @ 1..=7) = eight_digits(data, at) else { return longer_number_units(data, at, step) };
    let leads = count > 1 && data[at] == b'0';
    let (fraction, places, end) = match data.get(at + count) {
        Some(b'.') => {
            let (fraction, places) = eight_digits(data, at + count + 1);
            (fraction, places, at + count + 1 + places)
        }
        _ => (0, 0, at + count),
    };
    let whole_or_fraction = end == at + count || matches!(places, 1..=7);
    if !leads
        && whole_or_fraction
        && !matches!(data.get(end), Some(b'.' | b'e' | b'E'))
        && let Some(units) = step.units_quick(whole, fraction, places)
    {
        return Some((units, end));
    }
    longer_number_units(data, at, step)
}

fn longer_number_units(data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
    if let Some((whole, count)) = digits(data, at)
        && count > 0
        && (count == 1 || data[at] != b'0')
    {
        let mut end = at + count;
        let (mut fraction, mut places) = (0, 0);
        if data.get(end) == Some(&b'.') {
            (fraction, places) = digits(data, end + 1).unwrap_or((0, 0));
            end += 1 + places;
        }
        let whole_or_fraction = end == at + count || places > 0;
        let ended = !matches!(data.get(end), Some(b'0'..=b'9' | b'.' | b'e' | b'E'));
        if whole_or_fraction
            && ended
            && count + places <= EXACT_DIGITS
            && let Some(units) = step.units_fast(whole, fraction, places)
        {
            return Some((units, end));
        }
    }
    long_number_units(data, at, step)
}

#[cold]
fn long_number_units(data: &[u8], at: usize, step: &Step) -> Option<(i64, usize)> {
    let number = scan_number(data, at)?;
    let units = match number_value(&data[at..number.end], number.integer)? {
        Is::Integer(value) => step.units_from_integer(value),
        Is::Float(value) => step.units_from_float(value),
        _ => return None,
    };
    Some((units.ok()?, number.end))
}
