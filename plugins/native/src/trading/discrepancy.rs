//! Reports of a venue on our orders that contradict what we know. The twin is `mainspring.orders.discrepancy`, which says what
//! each code means.

#![forbid(unsafe_code)]

use crate::trading::order::{Event, Told};

#[allow(missing_docs, reason = "the codes are those of `mainspring.orders.discrepancy`")]
mod codes {
    pub const UNKNOWN_ORDER: &str = "unknown-order";
    pub const NEVER_SENT: &str = "never-sent";
    pub const UNACKNOWLEDGED: &str = "unacknowledged";
    pub const ACKNOWLEDGED_TWICE: &str = "acknowledged-twice";
    pub const AFTER_END: &str = "after-end";
    pub const UNREQUESTED: &str = "unrequested";
    pub const DUPLICATE_FILL: &str = "duplicate-fill";
    pub const OVERFILL: &str = "overfill";
    pub const REMAINING_MISMATCH: &str = "remaining-mismatch";
    pub const WRONG_SIDE: &str = "wrong-side";
    pub const WRONG_INSTRUMENT: &str = "wrong-instrument";
    pub const MALFORMED: &str = "malformed";
}

pub use codes::*;

/// What a venue reported of an order against what we know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discrepancy {
    /// The lane's time.
    pub time_ns: i64,
    /// The order that was named.
    pub order_id: i64,
    /// The instrument that was named; there may be none of that index.
    pub instrument: i64,
    /// One of the codes of this module.
    pub what: &'static str,
    /// The figures, for a person.
    pub detail: String,
}

/// Says in a few words what the venue reported.
pub fn describe_event(event: &Event) -> String {
    match &event.what {
        Told::Accepted => "an acceptance".to_owned(),
        Told::Rejected { reason, request } => format!("a rejected {} request ({reason})", request.name()),
        Told::Fill { fill_id, price_ticks, size_lots, .. } => {
            format!("a fill of {size_lots} lots at {price_ticks} ticks (fill {fill_id})")
        }
        Told::Cancelled { remaining_lots, reason } => format!("a cancellation of {remaining_lots} lots ({reason})"),
        Told::Expired { remaining_lots, reason } => format!("an expiry of {remaining_lots} lots ({reason})"),
        Told::Replaced { price_ticks, size_lots } => {
            format!("a replacement by {size_lots} lots at {price_ticks} ticks")
        }
    }
}
