//! The prices to which changes of orders are on their way. The twin is `mainspring_plugins.risk.self_trade.ChangesUnderWay`.

use rustc_hash::FxHashMap;

/// The prices, by order, in the order in which they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangesUnderWay {
    prices: FxHashMap<i64, Vec<i64>>,
}

impl ChangesUnderWay {
    /// The prices to which an order is on its way.
    pub fn of(&self, order_id: i64) -> &[i64] {
        // Most of the time no change is under way.
        if self.prices.is_empty() { &[] } else { self.prices.get(&order_id).map_or(&[], Vec::as_slice) }
    }

    /// Notes a change that is sent.
    pub fn add(&mut self, order_id: i64, price_ticks: i64) {
        self.prices.entry(order_id).or_default().push(price_ticks);
    }

    /// Takes a report of an order: whether it has `answered` the oldest change, and whether the order has ended.
    pub fn hear(&mut self, order_id: i64, answered: bool, ended: bool) {
        let Some(prices) = self.prices.get_mut(&order_id) else { return };
        if answered {
            prices.remove(0);
        }
        if ended || prices.is_empty() {
            self.prices.remove(&order_id);
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (i64, &[i64])> {
        self.prices.iter().map(|(order_id, prices)| (*order_id, prices.as_slice()))
    }
}
