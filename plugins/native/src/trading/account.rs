//! What is open in an instrument, and what stops new orders there. The twins are `mainspring.orders.OpenLots` and the stops of
//! `mainspring.orders.OrderTracker`.

#![forbid(unsafe_code)]

/// Why no new order may go out: a venue contradicted what we know, and no command has cleared it.
pub const DISCREPANCY: &str = "discrepancy";
/// Why no new order may go out: the state of an order isn't known.
pub const ORDER_UNKNOWN: &str = "order-state-unknown";

/// Open lots and stops of one instrument.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub buy_lots: i128,
    pub sell_lots: i128,
    /// How many orders are open.
    pub open: usize,
    unknown: usize,
    unknown_detail: String,
    disputed: Option<String>,
}

impl Account {
    /// Adds to what the venue may still fill on a side.
    #[inline]
    pub fn expose(&mut self, buy: bool, change_lots: i128) {
        if buy {
            self.buy_lots += change_lots;
        } else {
            self.sell_lots += change_lots;
        }
    }

    /// Counts an order more, or one less, whose state isn't known.
    pub fn count_unknown(&mut self, more: bool) {
        self.unknown = if more { self.unknown + 1 } else { self.unknown - 1 };
        self.unknown_detail = format!("the state of {} orders here isn't known", self.unknown);
    }

    /// Stops new orders for a discrepancy; the first one stands until it is cleared.
    pub fn dispute(&mut self, what: &str, detail: &str) {
        if self.disputed.is_none() {
            self.disputed = Some(format!("{what}: {detail}"));
        }
    }

    /// Forgets the discrepancy.
    pub fn clear(&mut self) {
        self.disputed = None;
    }

    /// Why no new order may go out, and the figures for a person; `None` if one may.
    pub fn stop(&self) -> Option<(&'static str, &str)> {
        match &self.disputed {
            Some(detail) => Some((DISCREPANCY, detail)),
            None => (self.unknown != 0).then_some((ORDER_UNKNOWN, &*self.unknown_detail)),
        }
    }
}
