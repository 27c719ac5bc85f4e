//! Our orders among everybody else's at one price. The twin is `mainspring.venue.paper_level`, which explains the rules.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

use crate::venue::queue::Queue;

const OTHERS: i64 = -1;

#[derive(Clone, Copy, Debug)]
struct Block {
    order_id: i64,
    lots: i128,
}

/// A price at which orders of ours wait, in a queue with blocks of what others have there.
#[derive(Clone, Debug)]
pub struct PaperLevel {
    /// The update id as of which the size here was seen.
    pub observed_id: i64,
    blocks: VecDeque<Block>,
    others: i128,
    own: i128,
    known: bool,
    displayed: i128,
    falls: VecDeque<(i64, i128)>,
    fall_lots: i128,
    prints: VecDeque<(i64, i128)>,
    print_lots: i128,
    model: Queue,
    settle_ns: i64,
}

/// What was filled of an order of ours.
pub type Filled = (i64, i64);

impl PaperLevel {
    /// A level where nobody of ours waits yet; `displayed` is `None` if its size isn't known.
    pub fn new(displayed: Option<i64>, model: Queue, settle_ns: i64) -> Self {
        PaperLevel {
            observed_id: -1,
            blocks: VecDeque::new(),
            others: 0,
            own: 0,
            known: displayed.is_some(),
            displayed: displayed.unwrap_or(0).into(),
            falls: VecDeque::new(),
            fall_lots: 0,
            prints: VecDeque::new(),
            print_lots: 0,
            model,
            settle_ns,
        }
    }

    /// What waits here of our orders.
    pub fn own_lots(&self) -> i128 {
        self.own
    }

    /// Whether an update that shows the same size changes nothing.
    pub fn rests(&self) -> bool {
        self.known && self.falls.is_empty() && self.prints.is_empty()
    }

    /// When the oldest fall of the displayed size stops waiting for the trades that explain it, if there is one.
    pub fn prints_due_ns(&self) -> Option<i64> {
        self.falls.front().map(|(time_ns, _)| time_ns + self.settle_ns)
    }

    /// How many lots go before an order of ours.
    pub fn lots_ahead(&self, order_id: i64) -> i128 {
        self.blocks.iter().take_while(|block| block.order_id != order_id).map(|block| block.lots).sum()
    }

    /// Puts an order of ours behind everything that is displayed.
    pub fn join(&mut self, order_id: i64, lots: i64, now_ns: i64) {
        self.settle(now_ns);
        let missing = self.displayed + self.fall_lots - self.others;
        if missing > 0 {
            self.blocks.push_back(Block { order_id: OTHERS, lots: missing });
            self.others += missing;
        }
        self.blocks.push_back(Block { order_id, lots: lots.into() });
        self.own += i128::from(lots);
    }

    /// Takes out an order of ours.
    pub fn leave(&mut self, order_id: i64) {
        if let Some(place) = self.place(order_id)
            && let Some(block) = self.blocks.remove(place)
        {
            self.own -= block.lots;
        }
    }

    /// Makes an order of ours smaller; it keeps its place.
    pub fn reduce(&mut self, order_id: i64, lots: i64) {
        if let Some(place) = self.place(order_id) {
            self.blocks[place].lots -= i128::from(lots);
            self.own -= i128::from(lots);
        }
    }

    /// The market shows this size at the price now.
    pub fn observe(&mut self, displayed: i64, now_ns: i64) {
        let displayed = i128::from(displayed);
        if !self.known {
            self.learn(displayed);
            return;
        }
        if displayed == self.displayed && self.rests() {
            return;
        }
        self.settle(now_ns);
        let fall = self.displayed - displayed;
        self.displayed = displayed;
        if fall > 0 {
            let explained = take_from(&mut self.prints, fall.min(self.print_lots));
            self.print_lots -= explained;
            if fall > explained {
                self.falls.push_back((now_ns, fall - explained));
                self.fall_lots += fall - explained;
            }
        }
        // A trade that this update still doesn't show was made up for by new orders.
        while let Some(&(time_ns, lots)) = self.prints.front()
            && now_ns - time_ns >= self.settle_ns
        {
            self.prints.pop_front();
            self.print_lots -= lots;
        }
        self.keep(self.displayed + self.fall_lots);
    }

    /// A trade of `printed` lots at this price, of which `lots` may reach this queue: adds what it filled to `fills`.
    pub fn trade(&mut self, printed: i64, lots: i64, now_ns: i64, fills: &mut Vec<Filled>) {
        if !self.known {
            return;
        }
        self.settle(now_ns);
        let printed = i128::from(printed);
        let explained = take_from(&mut self.falls, printed.min(self.fall_lots));
        self.fall_lots -= explained;
        if printed > explained {
            self.prints.push_back((now_ns, printed - explained));
            self.print_lots += printed - explained;
        }
        let mut left = i128::from(lots);
        while left > 0 {
            let Some(block) = self.blocks.front_mut() else { return };
            let part = block.lots.min(left);
            let order_id = block.order_id;
            block.lots -= part;
            if block.lots == 0 {
                self.blocks.pop_front();
            }
            left -= part;
            if order_id == OTHERS {
                self.others -= part;
            } else {
                self.own -= part;
                fills.push((order_id, narrow(part)));
            }
        }
    }

    /// An offer at this price or through it, or a trade through it: `lots` reach our orders past all others.
    pub fn meet(&mut self, lots: i64, fills: &mut Vec<Filled>) {
        let mut left = i128::from(lots);
        let own = &mut self.own;
        self.blocks.retain_mut(|block| {
            if block.order_id == OTHERS || left == 0 {
                return true;
            }
            let part = block.lots.min(left);
            left -= part;
            block.lots -= part;
            *own -= part;
            fills.push((block.order_id, narrow(part)));
            block.lots != 0
        });
    }

    /// Counts falls as cancelled that no trade explained in time.
    pub fn settle(&mut self, now_ns: i64) {
        let base = self.displayed + self.fall_lots;
        let mut cancelled = 0;
        while let Some(&(time_ns, lots)) = self.falls.front()
            && now_ns - time_ns >= self.settle_ns
        {
            self.falls.pop_front();
            cancelled += lots;
        }
        if cancelled != 0 {
            self.fall_lots -= cancelled;
            self.thin(cancelled, base);
            self.keep(base - cancelled);
        }
    }

    /// The market was lost from sight and is back.
    pub fn resynchronise(&mut self, displayed: i64) {
        self.displayed = displayed.into();
        self.prints.clear();
        self.print_lots = 0;
        self.keep(self.displayed + self.fall_lots);
    }

    fn place(&self, order_id: i64) -> Option<usize> {
        self.blocks.iter().position(|block| block.order_id == order_id)
    }

    fn learn(&mut self, displayed: i128) {
        self.known = true;
        self.displayed = displayed;
        if displayed != 0 {
            self.blocks.push_front(Block { order_id: OTHERS, lots: displayed });
            self.others = displayed;
        }
    }

    /// Leaves of the others ahead of every place what the model says.
    fn thin(&mut self, cancelled: i128, whole: i128) {
        let (mut before, mut after, model) = (0, 0, self.model);
        let others = &mut self.others;
        self.blocks.retain_mut(|block| {
            if block.order_id != OTHERS {
                return true;
            }
            before += block.lots;
            let left = (model.lots_ahead(before, whole - before, cancelled) - after).max(0).min(block.lots);
            after += left;
            *others -= block.lots - left;
            block.lots = left;
            left != 0
        });
    }

    /// Leaves at most the first `lots` of the others.
    fn keep(&mut self, lots: i128) {
        if self.others <= lots {
            return;
        }
        let mut lots = lots;
        let others = &mut self.others;
        self.blocks.retain_mut(|block| {
            if block.order_id != OTHERS {
                return true;
            }
            let left = block.lots.min(lots);
            lots -= left;
            *others -= block.lots - left;
            block.lots = left;
            left != 0
        });
    }
}

/// Takes `lots` off the oldest entries, which hold that many, and returns them.
fn take_from(entries: &mut VecDeque<(i64, i128)>, lots: i128) -> i128 {
    let mut left = lots;
    while left > 0 {
        let Some((_, entry)) = entries.front_mut() else { break };
        if *entry > left {
            *entry -= left;
            left = 0;
        } else {
            left -= *entry;
            entries.pop_front();
        }
    }
    lots - left
}

/// A part of an order of ours, whose size fits 64 bits.
fn narrow(lots: i128) -> i64 {
    i64::try_from(lots).unwrap_or(i64::MAX)
}
