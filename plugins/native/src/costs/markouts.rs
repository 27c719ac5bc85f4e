//! Where the mid price stood some time after each fill. The twin is `mainspring.lane.markouts`, which explains what counts.

#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::costs::tally::{FillRecord, HORIZONS_NS};
use crate::venue::NEVER_NS;

/// What is measured of a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the fields are those of the fill's record")]
pub struct Measured {
    pub number: u64,
    pub horizon: usize,
    pub instrument: usize,
    pub buy: bool,
    pub size_lots: i64,
    pub maker: bool,
    pub mid_half_ticks: i128,
}

/// The readings that are due, and those that don't count yet.
#[derive(Debug)]
pub struct Markouts {
    /// When the next reading is due.
    pub due_ns: i64,
    waiting: BinaryHeap<Reverse<(i64, Measured)>>,
    read: Vec<VecDeque<(i64, Measured, i128)>>,
}

impl Markouts {
    /// The markouts of fills in so many instruments.
    pub fn new(instruments: usize) -> Self {
        let read = (0..instruments).map(|_| VecDeque::new()).collect();
        Markouts { due_ns: NEVER_NS, waiting: BinaryHeap::new(), read }
    }

    /// Takes a fill. One without a mid has nothing to measure from.
    pub fn add(&mut self, record: &FillRecord) {
        let Some(mid_half_ticks) = record.mid_half_ticks else { return };
        let fill = &record.fill;
        for (horizon, after_ns) in HORIZONS_NS.into_iter().enumerate() {
            let measured = Measured {
                number: record.number,
                horizon,
                instrument: fill.instrument,
                buy: fill.buy,
                size_lots: fill.size_lots,
                maker: fill.maker,
                mid_half_ticks,
            };
            self.waiting.push(Reverse((fill.time_ns.saturating_add(after_ns), measured)));
        }
        self.due_ns = self.next_due_ns();
    }

    /// Takes the readings that are due by now; `mid` tells that of an instrument.
    pub fn measure(&mut self, now_ns: i64, mid: impl Fn(usize) -> Option<i128>) {
        while self.due_ns <= now_ns {
            let Some(Reverse((due_ns, measured))) = self.waiting.pop() else { break };
            if let Some(mid) = mid(measured.instrument) {
                self.read[measured.instrument].push_back((due_ns, measured, mid));
            }
            self.due_ns = self.next_due_ns();
        }
    }

    /// The next reading of an instrument that counts, if its best prices were last shown at this time.
    pub fn take_counted(&mut self, instrument: usize, bbo_time_ns: i64) -> Option<(Measured, i128)> {
        let read = &mut self.read[instrument];
        let counts = read.front().is_some_and(|(due_ns, ..)| *due_ns <= bbo_time_ns);
        if counts { read.pop_front().map(|(_, measured, mid)| (measured, mid)) } else { None }
    }

    fn next_due_ns(&self) -> i64 {
        self.waiting.peek().map_or(NEVER_NS, |Reverse((due_ns, _))| *due_ns)
    }
}
