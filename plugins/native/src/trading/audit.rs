//! Compares what goes to a venue with what was requested. The twin is `mainspring.lane.send_audit`, which says why.

#![forbid(unsafe_code)]

use crate::book::Side;
use crate::venue::Sent;

/// A new order or a replace as a strategy asked for it. Cancels aren't compared: they add no risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// A new order.
    New {
        /// Its id.
        order_id: i64,
        /// Whether it buys.
        buy: bool,
        /// Whether it has a limit.
        limit: bool,
        /// The limit.
        price_ticks: i64,
        /// The size.
        size_lots: i64,
    },
    /// A replace of an order.
    Replace {
        /// The order's id.
        order_id: i64,
        /// The new limit.
        price_ticks: i64,
        /// The new total size.
        size_lots: i64,
    },
}

impl Requested {
    /// What of a sent request is compared; `None` for a cancel.
    fn of(sent: &Sent) -> Option<Requested> {
        match *sent {
            Sent::New(order) => Some(Requested::New {
                order_id: order.order_id,
                buy: order.side == Side::Buy,
                limit: order.limit,
                price_ticks: order.price,
                size_lots: order.size,
            }),
            Sent::Replace(order_id, _, price_ticks, size_lots) => {
                Some(Requested::Replace { order_id, price_ticks, size_lots })
            }
            Sent::Cancel(..) => None,
        }
    }
}

/// Knows the request at hand, until it is sent.
#[derive(Debug, Default)]
pub struct SendAudit {
    due: Option<Requested>,
}

impl SendAudit {
    /// Takes the request that is worked off next; `None` if it is a cancel, or for others.
    pub fn requested(&mut self, request: Option<Requested>) {
        self.due = request;
    }

    /// Whether this may be sent: it is the request at hand, and wasn't sent before.
    pub fn lets(&mut self, sent: &Sent) -> bool {
        Requested::of(sent).is_none_or(|one| self.due.take() == Some(one))
    }
}

#[cfg(test)]
mod tests {
    use super::{Requested, SendAudit};
    use crate::venue::Sent;

    #[test]
    fn a_request_is_sent_once_and_as_it_was_asked_for() {
        let mut audit = SendAudit::default();
        let sent = Sent::Replace(7, 0, 100, 5);
        assert!(!audit.lets(&sent), "nobody asked for it");
        audit.requested(Some(Requested::Replace { order_id: 7, price_ticks: 100, size_lots: 5 }));
        assert!(audit.lets(&sent));
        assert!(!audit.lets(&sent), "it was sent before");
        for other in [Sent::Replace(8, 0, 100, 5), Sent::Replace(7, 0, 101, 5), Sent::Replace(7, 0, 100, 6)] {
            audit.requested(Some(Requested::Replace { order_id: 7, price_ticks: 100, size_lots: 5 }));
            assert!(!audit.lets(&other));
        }
        assert!(audit.lets(&Sent::Cancel(7, 0)), "a cancel adds no risk");
    }
}
