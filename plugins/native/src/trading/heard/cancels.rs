//! The cancels and fills of a UTC day. The twin is `mainspring_plugins.risk.max_cancel_to_fill.CancelCounts`.

const DAY_NS: i128 = 24 * 3_600 * 1_000_000_000;

/// What was cancelled and filled on the last day in which anything was counted or asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the twin")]
pub struct CancelCounts {
    pub day_begins_ns: i128,
    pub day_ends_ns: i128,
    pub cancels: i64,
    pub fills: i64,
}

impl CancelCounts {
    /// Counts from nothing if that is another day.
    pub fn begin_day(&mut self, now_ns: i64) {
        let now_ns = i128::from(now_ns);
        if !(self.day_begins_ns..self.day_ends_ns).contains(&now_ns) {
            let day_begins_ns = now_ns.div_euclid(DAY_NS) * DAY_NS;
            *self = CancelCounts { day_begins_ns, day_ends_ns: day_begins_ns + DAY_NS, cancels: 0, fills: 0 };
        }
    }

    /// Counts a cancel.
    pub fn add_cancel(&mut self, now_ns: i64) {
        self.begin_day(now_ns);
        self.cancels += 1;
    }

    /// Counts a fill.
    pub fn add_fill(&mut self, now_ns: i64) {
        self.begin_day(now_ns);
        self.fills += 1;
    }

    /// Whether a new order passes: at most `after` cancels, or so many for so many fills.
    pub fn lets_pass(&mut self, now_ns: i64, after: i64, cancels_for: i64, fills_for: i64) -> bool {
        self.begin_day(now_ns);
        let (cancels, fills) = (i128::from(self.cancels), i128::from(self.fills));
        cancels <= i128::from(after) || cancels * i128::from(cancels_for) <= fills * i128::from(fills_for)
    }
}
