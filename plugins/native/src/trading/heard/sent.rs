//! When what was last sent. The twin is `mainspring_plugins.risk.duplicate_order_ms.SentOrders`.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

/// What was sent: a strategy's new order, or a change of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are those of the twin's keys")]
pub enum Key {
    Order { strategy: u32, buys: bool, price_ticks: i64, size_lots: i64 },
    Change { order_id: i64, price_ticks: i64, size_lots: i64 },
}

/// When what was last sent, within a window.
#[derive(Clone, Debug, Default)]
pub struct SentOrders {
    /// The names of strategies, of which a key has the number: a lane has few.
    strategies: Vec<String>,
    /// When each was last sent, and the how manieth note that was.
    sent: FxHashMap<Key, (i64, u64)>,
    /// All notes, oldest first; one that isn't the last of its key doesn't count any more.
    notes: VecDeque<(Key, u64)>,
    noted: u64,
}

impl SentOrders {
    /// The number of a strategy.
    pub fn strategy(&mut self, name: &str) -> u32 {
        let known = self.strategies.iter().position(|one| one == name);
        known.unwrap_or_else(|| {
            self.strategies.push(name.to_owned());
            self.strategies.len() - 1
        }) as u32
    }

    /// The name of a strategy, by its number.
    pub fn name(&self, strategy: u32) -> &str {
        &self.strategies[strategy as usize]
    }

    /// When it was last sent, if that is known.
    pub fn last_ns(&self, key: &Key) -> Option<i64> {
        self.sent.get(key).map(|(sent_ns, _)| *sent_ns)
    }

    /// Notes what is sent, and forgets what is older than the window.
    pub fn add(&mut self, key: Key, now_ns: i64, window_ns: i64) {
        self.restore(key, now_ns);
        while let Some((oldest, note)) = self.notes.front() {
            match self.sent.get(oldest) {
                Some((sent_ns, last)) if last == note => {
                    if now_ns.saturating_sub(*sent_ns) < window_ns || self.sent.len() == 1 {
                        return;
                    }
                    self.sent.remove(oldest);
                }
                _ => {}
            }
            self.notes.pop_front();
        }
    }

    /// Takes over what others know, oldest first.
    pub fn restore(&mut self, key: Key, sent_ns: i64) {
        self.noted += 1;
        self.sent.insert(key, (sent_ns, self.noted));
        self.notes.push_back((key, self.noted));
    }

    /// What is known, oldest first.
    pub fn all(&self) -> impl Iterator<Item = (&Key, i64)> {
        self.notes.iter().filter_map(|(key, note)| {
            let (sent_ns, last) = self.sent.get(key)?;
            (last == note).then_some((key, *sent_ns))
        })
    }
}
