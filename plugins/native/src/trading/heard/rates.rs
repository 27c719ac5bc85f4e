//! What was sent to venues. The twin is `mainspring_plugins.risk.max_message_rate.RateCounts`.

use std::collections::VecDeque;

/// What was sent to one venue within a window, oldest first, and the most that may be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counted {
    limit: i64,
    window_ns: i64,
    sent: VecDeque<(i64, i64)>,
    total: i128,
}

impl Counted {
    /// What was sent within the window; forgets the rest.
    fn within(&mut self, now_ns: i64) -> i128 {
        while let Some((sent_ns, weight)) = self.sent.front()
            && now_ns.saturating_sub(*sent_ns) >= self.window_ns
        {
            self.total -= i128::from(*weight);
            self.sent.pop_front();
        }
        self.total
    }
}

/// What was sent, by venue, and what may be. A lane has few venues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateCounts {
    /// The limits, each with its window in nanoseconds.
    pub rules: Vec<(i64, i64)>,
    venues: Vec<(i64, Vec<Counted>)>,
}

impl RateCounts {
    /// Nothing was sent yet.
    pub fn new(rules: Vec<(i64, i64)>) -> Self {
        RateCounts { rules, venues: Vec::new() }
    }

    /// What a venue takes at least, without a look at what is too old to count.
    pub fn room(&self, venue: i64) -> i128 {
        let room = |counted: &Counted| i128::from(counted.limit) - counted.total;
        match self.venues.iter().find(|(known, _)| *known == venue) {
            Some((_, counts)) => counts.iter().map(room).min().unwrap_or_default(),
            None => self.rules.iter().map(|(limit, _)| i128::from(*limit)).min().unwrap_or_default(),
        }
    }

    /// The first rule that a request of that weight would break, if it breaks one: what would be sent within the window, the window,
    /// and the limit.
    pub fn above(&mut self, venue: i64, now_ns: i64, weight: i64) -> Option<(i128, i64, i64)> {
        let weight = i128::from(weight);
        self.counts(venue).iter_mut().find_map(|counted| {
            // What is too old may still be among it: it is never less than what is within the window.
            if counted.total + weight <= i128::from(counted.limit) {
                return None;
            }
            let total = counted.within(now_ns) + weight;
            (total > i128::from(counted.limit)).then_some((total, counted.window_ns, counted.limit))
        })
    }

    /// Counts a request of that weight.
    pub fn add(&mut self, venue: i64, now_ns: i64, weight: i64) {
        for counted in self.counts(venue) {
            counted.within(now_ns);
            counted.sent.push_back((now_ns, weight));
            counted.total += i128::from(weight);
        }
    }

    /// What the longest window has kept, by venue, oldest first.
    pub fn kept(&self) -> impl Iterator<Item = (i64, &VecDeque<(i64, i64)>)> {
        // The first of the longest, as in the twin.
        let longest = self.rules.iter().map(|(_, window_ns)| *window_ns).max();
        let longest = self.rules.iter().position(|(_, window_ns)| Some(*window_ns) == longest).unwrap_or_default();
        self.venues.iter().map(move |(venue, counts)| (*venue, &counts[longest].sent))
    }

    /// Takes over what others have counted.
    pub fn restore(&mut self, venue: i64, sent: &[(i64, i64)]) {
        for counted in self.counts(venue) {
            counted.sent = sent.iter().copied().collect();
            counted.total = sent.iter().map(|(_, weight)| i128::from(*weight)).sum();
        }
    }

    fn counts(&mut self, venue: i64) -> &mut [Counted] {
        let at = self.venues.iter().position(|(known, _)| *known == venue).unwrap_or_else(|| {
            let counted = |&(limit, window_ns)| Counted { limit, window_ns, sent: VecDeque::new(), total: 0 };
            self.venues.push((venue, self.rules.iter().map(counted).collect()));
            self.venues.len() - 1
        });
        &mut self.venues[at].1
    }
}
