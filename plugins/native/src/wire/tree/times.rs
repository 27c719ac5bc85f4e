//! Times of a message. The twin is `mainspring.wire._tree_values`.

#![forbid(unsafe_code)]

use crate::wire::declared::Time;
use crate::wire::json_value::number_value;
use crate::wire::reading::millis_to_ns;
use crate::wire::times::rfc3339_to_ns;
use crate::wire::tree::node::{Kind, Node, UNREAD};
use crate::wire::tree::path::{Path, Paths, Scope};
use crate::wire::tree::values::{MAX_TEXT, digits_of, fault, whole_number};
use crate::wire::value::{Fault, Is};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    Seconds,
    Millis,
    Micros,
    Nanos,
    Rfc3339,
}

/// A time.
#[derive(Clone, Debug)]
pub struct TimeAt {
    path: Path,
    clock: Clock,
    free: bool,
}

impl TimeAt {
    /// Compiles the field.
    pub fn new(field: &Time, paths: &Paths) -> TimeAt {
        let (key, clock, free) = match field {
            Time::Seconds { key } => (key, Clock::Seconds, true),
            Time::Millis { key, text } => (key, Clock::Millis, *text),
            Time::Micros { key } => (key, Clock::Micros, true),
            Time::Nanos { key, text } => (key, Clock::Nanos, *text),
            Time::Rfc3339 { key } => (key, Clock::Rfc3339, false),
        };
        TimeAt { path: paths.of(key), clock, free }
    }

    /// The time in nanoseconds.
    #[inline]
    pub fn read(&self, scope: &Scope<'_>) -> Result<i64, Fault> {
        // Most times are milliseconds that were read when they were found.
        if self.clock == Clock::Millis
            && let Some(node) = self.path.find(scope).map(|at| scope.message.node(at))
            && node.value != UNREAD
        {
            return Ok(millis_to_ns(node.value));
        }
        self.read_any(scope)
    }

    #[inline(never)]
    fn read_any(&self, scope: &Scope<'_>) -> Result<i64, Fault> {
        let found = self.path.find(scope);
        found
            .and_then(|at| self.time(scope, scope.message.node(at)))
            .ok_or_else(|| fault(scope, found, "must be a time"))
    }

    fn time(&self, scope: &Scope<'_>, node: &Node) -> Option<i64> {
        let text = scope.message.text(node);
        let places = match self.clock {
            Clock::Seconds => 9,
            Clock::Millis => 6,
            Clock::Micros => 3,
            Clock::Nanos | Clock::Rfc3339 => 0,
        };
        match node.kind {
            Kind::Integer => {
                let value = if node.value != UNREAD { node.value } else { whole_number(&scope.message, node)? };
                match self.clock {
                    Clock::Millis => Some(millis_to_ns(value)),
                    _ => value.checked_mul(10i64.pow(places)),
                }
            }
            Kind::Text if self.clock == Clock::Rfc3339 => rfc3339_to_ns(text),
            Kind::Text if self.free => match whole_number(&scope.message, node) {
                Some(value) => value.checked_mul(10i64.pow(places)),
                None => fraction(text, places as usize),
            },
            Kind::Float if self.free => {
                let Is::Float(value) = number_value(std::str::from_utf8(text).ok()?.as_bytes(), false)? else {
                    return None;
                };
                fraction(format!("{value}").as_bytes(), places as usize)
            }
            _ => None,
        }
    }
}

/// A time, or the receive time where none is declared.
pub fn time(field: Option<&TimeAt>, scope: &Scope<'_>, receive_time_ns: i64) -> Result<i64, Fault> {
    field.map_or(Ok(receive_time_ns), |field| field.read(scope))
}

/// The nanoseconds of decimal text whose unit has so many decimals down to them; cut to whole ones.
fn fraction(text: &[u8], places: usize) -> Option<i64> {
    let (whole, rest) = match text.iter().position(|&byte| byte == b'.') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = rest.unwrap_or_default();
    if whole.is_empty() || rest == Some(b"") || text.len() > MAX_TEXT || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let significant = whole.iter().position(|&byte| byte != b'0').map_or(&whole[..0], |at| &whole[at..]);
    if !whole.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut value = if significant.is_empty() { 0 } else { digits_of(significant)? };
    for place in 0..places {
        let digit = digits.get(place).map_or(0, |byte| i64::from(byte - b'0'));
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    Some(value)
}
