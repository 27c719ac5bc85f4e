//! Prices and sizes of a message, in whole steps. The twin is `mainspring.wire._tree_units`.

#![forbid(unsafe_code)]

use crate::exact::{NANOTICKS, Step};
use crate::wire::declared::Decimal;
use crate::wire::json_units::{decimal, number_units};
use crate::wire::json_value::number_value;
use crate::wire::tree::digits::Digits;
use crate::wire::tree::node::Kind;
use crate::wire::tree::path::{Path, Paths, Scope};
use crate::wire::tree::values::{MAX_TEXT, digits_of, fault};
use crate::wire::value::{Fault, Is};

/// How a price or a size is written: its step, and the decimals of a scaled integer.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    step: Step,
    scale: Option<u32>,
    /// What a size is rounded to, where it is.
    rounds: Option<Digits>,
}

impl Unit {
    /// As this, but what lies off the grid is rounded to the nearest step, or to the even one of two.
    pub fn rounded(self, step: Digits) -> Unit {
        Unit { rounds: Some(step), ..self }
    }

    /// That of an instrument. The error says that no scale is declared for it.
    pub fn new(step: Step, scale: &[(String, u32)], venue_symbol: &str) -> Result<Unit, String> {
        if scale.is_empty() {
            return Ok(Unit { step, scale: None, rounds: None });
        }
        match scale.iter().find(|(start, _)| venue_symbol.starts_with(start.as_str())) {
            Some((_, decimals)) => Ok(Unit { step, scale: Some(*decimals), rounds: None }),
            None => Err(format!("no scale is declared for {venue_symbol:?}")),
        }
    }

    /// The whole steps of a value; `unsigned` says that a sign in front has been dealt with already.
    #[inline]
    pub fn of(&self, scope: &Scope<'_>, at: Option<usize>, unsigned: bool) -> Result<i64, Fault> {
        let Some(node) = at.map(|at| scope.message.node(at)) else {
            return Err(fault(scope, at, "is missing"));
        };
        if !matches!(node.kind, Kind::Text | Kind::Integer | Kind::Float) {
            return Err(fault(scope, at, "must be a number, or the text of one"));
        }
        let data = scope.message.source(node);
        let start = node.start as usize + usize::from(unsigned && data[node.start as usize] == b'-');
        self.read(node.kind, data, start, node.end as usize)
            .ok_or_else(|| fault(scope, at, "is no whole number of steps"))
    }

    /// The step, if a value is no scaled integer.
    #[inline]
    pub fn exact_step(&self) -> Option<&Step> {
        self.scale.is_none().then_some(&self.step)
    }

    /// The whole steps of the text or the number that stands from `start` to `end`.
    #[inline]
    pub fn read(&self, kind: Kind, data: &[u8], start: usize, end: usize) -> Option<i64> {
        if let Some(step) = self.exact_step() {
            let read = if kind == Kind::Text { decimal(data, start, step) } else { number_units(data, start, step) };
            if let Some((units, behind)) = read
                && behind == end
            {
                return Some(units);
            }
        }
        let text = &data[start..end];
        self.longer(kind, text).or_else(|| self.rounds?.nearest(kind, text))
    }

    #[cold]
    fn longer(&self, kind: Kind, text: &[u8]) -> Option<i64> {
        if let Some(scale) = self.scale {
            let whole = matches!(kind, Kind::Integer | Kind::Text) && text.len() <= MAX_TEXT / 2;
            if !whole || text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let scale = scale as usize;
            let mut digits = vec![b'0'; (scale + 1).saturating_sub(text.len())];
            digits.extend_from_slice(text);
            if scale > 0 {
                digits.insert(digits.len() - scale, b'.');
            }
            return self.step.units_from_text(&digits).ok();
        }
        match kind {
            Kind::Integer | Kind::Float => match number_value(text, kind == Kind::Integer)? {
                Is::Integer(value) => self.step.units_from_integer(value).ok(),
                Is::Float(value) => self.step.units_from_float(value).ok(),
                _ => None,
            },
            Kind::Text if text.iter().any(|byte| matches!(byte, b'e' | b'E')) => {
                self.step.units_from_text(&without_exponent(text)?).ok()
            }
            Kind::Text => self.step.units_from_text(text).ok(),
            _ => None,
        }
    }
}

/// The plain decimal text of one with an exponent.
fn without_exponent(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let at = text.iter().position(|byte| matches!(byte, b'e' | b'E'))?;
    let (mantissa, exponent) = (&text[..at], &text[at + 1..]);
    let point = mantissa.iter().position(|&byte| byte == b'.');
    let mut digits: Vec<u8> = mantissa.to_vec();
    let mut places = 0;
    if let Some(point) = point {
        digits.remove(point);
        places = (mantissa.len() - point - 1) as i64;
    }
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    if !ends(mantissa.first()) || !ends(mantissa.last()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
    if number.is_empty() || number.len() > 2 || !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let power = digits_of(number)? * if exponent.first() == Some(&b'-') { -1 } else { 1 };
    places -= power;
    while places < 0 {
        digits.push(b'0');
        places += 1;
    }
    // No zeros before the digits that count, as Python writes it.
    let zeros = digits.iter().take_while(|&&byte| byte == b'0').count();
    digits.drain(..zeros);
    let places = places as usize;
    while digits.len() < places + 1 {
        digits.insert(0, b'0');
    }
    if places > 0 {
        digits.insert(digits.len() - places, b'.');
    }
    Some(digits)
}

/// A price or a size of a message.
#[derive(Clone, Debug)]
pub struct UnitsAt {
    path: Path,
    unit: Unit,
    /// The same on a billionth of the step.
    fine: Option<Box<Unit>>,
}

impl UnitsAt {
    /// Compiles the field for an instrument with that step. The error says that no scale is declared for it.
    pub fn new(
        field: &Decimal,
        (step, digits): (Step, Digits),
        venue_symbol: &str,
        paths: &Paths,
    ) -> Result<UnitsAt, String> {
        let unit = Unit::new(step, &field.scale, venue_symbol)?;
        let unit = if field.decimals.is_some() { unit.rounded(digits) } else { unit };
        let fine = step.nanotick().map(|fine| Box::new(Unit { step: fine, rounds: None, ..unit }));
        Ok(UnitsAt { path: paths.of(&field.key), unit, fine })
    }

    /// Prices at a path, in a row.
    pub fn in_row(path: Path, unit: Unit, step: Step) -> UnitsAt {
        let fine = step.nanotick().map(|fine| Box::new(Unit { step: fine, rounds: None, ..unit }));
        UnitsAt { path, unit, fine }
    }

    /// The whole steps; null gives 0.
    pub fn read(&self, scope: &Scope<'_>) -> Result<i64, Fault> {
        let found = self.path.find(scope);
        if found.is_some_and(|at| scope.message.node(at).kind == Kind::Null) {
            return Ok(0);
        }
        self.unit.of(scope, found, false)
    }

    /// The price of a print: whole ticks, and the rest in billionths of one; null gives none of either.
    pub fn print_price(&self, scope: &Scope<'_>) -> Result<(i64, i64), Fault> {
        let found = self.path.find(scope);
        if found.is_some_and(|at| scope.message.node(at).kind == Kind::Null) {
            return Ok((0, 0));
        }
        self.unit.of(scope, found, false).map(|ticks| (ticks, 0)).or_else(|fault| {
            let nanoticks = self.fine.as_ref().and_then(|fine| fine.of(scope, found, false).ok()).ok_or(fault)?;
            Ok((nanoticks / NANOTICKS, nanoticks % NANOTICKS))
        })
    }

    /// The side that the sign says, and the whole steps without it.
    pub fn signed(&self, scope: &Scope<'_>) -> Result<(i64, i64), Fault> {
        let found = self.path.find(scope);
        if found.is_some_and(|at| scope.message.node(at).kind == Kind::Null) {
            return Ok((1, 0));
        }
        Ok((sign(scope, found), self.unit.of(scope, found, true)?))
    }
}

/// -1 for a value with a minus sign, but for a number that is zero; else 1.
pub fn sign(scope: &Scope<'_>, at: Option<usize>) -> i64 {
    let Some(node) = at.map(|at| scope.message.node(at)) else { return 1 };
    let text = scope.message.text(node);
    let negative = match node.kind {
        Kind::Text => text.first() == Some(&b'-'),
        Kind::Integer | Kind::Float => {
            let digits = text.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or_default();
            text.first() == Some(&b'-') && digits.iter().any(|byte| (b'1'..=b'9').contains(byte))
        }
        _ => false,
    };
    if negative { -1 } else { 1 }
}
