//! One instrument's book, seen through its numbers: when is it whole, and when can't it be trusted?
//!
//! The twin is `mainspring.wire._sync`; the rules of numbering are in `mainspring.wire.formats`.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

use crate::book::Level;
use crate::wire::declared::Sequencing;
use crate::wire::event::{Cause, CauseCounts, Depth, Event, NO_ID, Sink, Trade};
use crate::wire::reach::{Covered, Reach};
use crate::wire::tree::orders::OrderChange;

/// How many deltas are kept for an instrument while it waits for a snapshot.
pub const MAX_BUFFERED_DELTAS: usize = 1024;

/// How many deltas behind the book, each following the last, mean that the venue has begun to number again; as many
/// trades behind the last one, whose ids rise and whose times don't lie before its own, mean the same.
pub const RENUMBERED_DELTAS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Continuity {
    Continues,
    Late,
    Gap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Viewed,
    Live,
    Quarantined,
}

/// What a delta or a snapshot holds: levels, or changes of orders of which the ledger makes them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Body<'a> {
    /// The bids.
    pub bids: &'a [Level],
    /// The offers.
    pub asks: &'a [Level],
    /// The orders; `None` where the venue sends levels.
    pub orders: Option<&'a [OrderChange]>,
}

impl<'a> Body<'a> {
    /// Levels.
    #[inline]
    pub fn levels(bids: &'a [Level], asks: &'a [Level]) -> Self {
        Body { bids, asks, orders: None }
    }
}

#[derive(Clone, Debug)]
struct Buffered {
    depth: Depth,
    bids: Vec<Level>,
    asks: Vec<Level>,
    orders: Option<Vec<OrderChange>>,
}

impl Buffered {
    fn body(&self) -> Body<'_> {
        Body { bids: &self.bids, asks: &self.asks, orders: self.orders.as_deref() }
    }
}

/// Decides which deltas and snapshots of one instrument reach its book, and counts those that don't.
#[derive(Clone, Debug)]
pub struct BookSync {
    instrument: usize,
    rule: Sequencing,
    state: State,
    book_id: i64,
    from_snapshot: bool,
    buffered: VecDeque<Buffered>,
    /// How far the book is known; `None` if its snapshot was whole.
    reach: Option<Box<Reach>>,
    behind: Vec<Buffered>,
    asked: bool,
    /// Whether deltas came, so that a view of a few levels isn't the book.
    updated: bool,
    trade_id: i64,
    trade_time_ns: i64,
    /// How many trades in a row lie behind the last one, and the id of the latest.
    trades_behind: (usize, i64),
    /// How many gaps there were.
    pub gaps: u64,
    /// How many snapshots ended a quarantine.
    pub resyncs: u64,
    /// Whether a snapshot is to be asked for.
    pub wants_snapshot: bool,
}

impl BookSync {
    /// A book that waits for its first snapshot.
    pub fn new(instrument: usize, rule: Sequencing) -> Self {
        BookSync {
            instrument,
            rule,
            state: State::Waiting,
            book_id: NO_ID,
            from_snapshot: true,
            buffered: VecDeque::new(),
            reach: None,
            behind: Vec::new(),
            asked: false,
            updated: false,
            trade_id: NO_ID,
            trade_time_ns: 0,
            trades_behind: (0, NO_ID),
            gaps: 0,
            resyncs: 0,
            wants_snapshot: false,
        }
    }

    /// The events that come of a delta.
    #[inline]
    pub fn on_delta(&mut self, depth: &Depth, body: Body<'_>, causes: &mut CauseCounts, sink: &mut impl Sink) {
        if self.state != State::Live {
            self.keep(depth, body, causes, sink);
            return;
        }
        match continuity(self.rule, depth, self.book_id, self.from_snapshot) {
            Continuity::Continues => {
                self.book_id = depth.last_id;
                self.from_snapshot = false;
                self.updated = true;
                self.behind.clear();
                self.emit(depth, body, causes, sink);
            }
            Continuity::Late => self.late(depth, body, causes, sink),
            Continuity::Gap => self.quarantine(buffered(depth, body), causes, sink),
        }
    }

    /// The events that come of a snapshot: itself and buffered deltas; nothing if it is too old. One that was `cut` covers no
    /// more than its own prices.
    pub fn on_snapshot(
        &mut self,
        depth: &Depth,
        body: Body<'_>,
        cut: bool,
        causes: &mut CauseCounts,
        sink: &mut impl Sink,
    ) {
        let known = matches!(self.state, State::Live | State::Viewed);
        if known && depth.last_id < self.book_id {
            causes[Cause::Stale as usize] += 1;
            if self.asked {
                self.asked = false;
                self.ask();
            }
            return;
        }
        if !known && !self.bridges(depth.last_id) {
            causes[Cause::Stale as usize] += 1;
            self.asked = false;
            self.ask();
            return;
        }
        if self.state == State::Quarantined {
            self.resyncs += 1;
        }
        self.asked = false;
        self.wants_snapshot = false;
        self.state = State::Live;
        self.book_id = depth.last_id;
        self.from_snapshot = true;
        self.reach = cut.then(|| Box::new(Reach::new(body.bids, body.asks)));
        pass_snapshot(depth, body, sink);
        for mut one in std::mem::take(&mut self.buffered) {
            if self.state != State::Live {
                self.buffered.push_back(one);
            } else if continuity(self.rule, &one.depth, self.book_id, self.from_snapshot) == Continuity::Continues {
                self.book_id = one.depth.last_id;
                self.from_snapshot = false;
                // It happens now: what is emitted for one message has one receive time.
                one.depth.receive_time_ns = depth.receive_time_ns;
                self.emit(&one.depth, one.body(), causes, sink);
            }
        }
        self.behind.clear();
    }

    /// Emits a delta, or what of it the book may take that is known as far as its snapshot reached.
    #[inline]
    fn emit(&mut self, depth: &Depth, body: Body<'_>, causes: &mut CauseCounts, sink: &mut impl Sink) {
        let Body { bids, asks, orders } = body;
        let Some(reach) = &mut self.reach else {
            sink.event(Event::Delta(depth, bids, asks));
            if let Some(orders) = orders {
                sink.event(Event::Changes(orders));
            }
            return;
        };
        let covered = reach.take(bids, asks);
        if reach.near {
            self.ask();
        }
        match covered {
            Covered::Within => sink.event(Event::Delta(depth, bids, asks)),
            Covered::Part(bids, asks) => sink.event(Event::Delta(depth, &bids, &asks)),
            Covered::Joined(bids, asks) => {
                self.reach = None;
                sink.event(Event::Delta(depth, &bids, &asks));
            }
            Covered::Left => {
                self.state = State::Quarantined;
                causes[Cause::Reach as usize] += 1;
                self.buffered.push_back(buffered(depth, body));
                let (instrument, receive_time_ns) = (self.instrument, depth.receive_time_ns);
                sink.event(Event::Invalid { instrument, receive_time_ns, cause: Cause::Reach });
            }
        }
    }

    /// The events that come of a snapshot which the venue sent unasked: the numbering of deltas begins with it.
    pub fn on_restart(&mut self, depth: &Depth, body: Body<'_>, sink: &mut impl Sink) {
        if self.state == State::Quarantined {
            self.resyncs += 1;
        }
        self.asked = false;
        self.wants_snapshot = false;
        self.state = State::Live;
        self.book_id = depth.last_id;
        self.from_snapshot = true;
        self.reach = None;
        self.buffered.clear();
        self.behind.clear();
        pass_snapshot(depth, body, sink);
    }

    /// The events that come of a view of the best few levels: it is the book until deltas come.
    pub fn on_view(&mut self, depth: &Depth, body: Body<'_>, causes: &mut CauseCounts, sink: &mut impl Sink) {
        if self.updated {
            causes[Cause::View as usize] += 1;
            return;
        }
        if depth.last_id < self.book_id {
            causes[Cause::Stale as usize] += 1;
            return;
        }
        self.state = State::Viewed;
        self.reach = None;
        self.book_id = depth.last_id;
        pass_snapshot(depth, body, sink);
    }

    /// The events that come of a delta about a level that the book should have and hasn't: something was lost.
    pub fn on_unknown_level(&mut self, receive_time_ns: i64, causes: &mut CauseCounts, sink: &mut impl Sink) {
        if self.state == State::Live {
            self.gaps += 1;
            self.stop(receive_time_ns, Cause::Gap, causes, sink);
            return;
        }
        let cause = if self.state == State::Waiting { Cause::PreSnapshot } else { Cause::Quarantined };
        causes[cause as usize] += 1;
        self.ask();
    }

    /// The event that comes of a message before which others of its connection are missing, of this book perhaps; whether
    /// there is one.
    pub fn on_lost_messages(&mut self, receive_time_ns: i64, cause: Cause, sink: &mut impl Sink) -> bool {
        self.buffered.clear();
        self.behind.clear();
        if matches!(self.state, State::Waiting | State::Quarantined) {
            return false;
        }
        self.state = State::Quarantined;
        self.gaps += u64::from(cause == Cause::Gap);
        self.ask();
        sink.event(Event::Invalid { instrument: self.instrument, receive_time_ns, cause });
        true
    }

    /// The events that come of a message after which the book isn't what the venue's checksum says.
    pub fn on_wrong_checksum(&mut self, receive_time_ns: i64, causes: &mut CauseCounts, sink: &mut impl Sink) {
        self.stop(receive_time_ns, Cause::Checksum, causes, sink);
    }

    fn stop(&mut self, receive_time_ns: i64, cause: Cause, causes: &mut CauseCounts, sink: &mut impl Sink) {
        self.state = State::Quarantined;
        self.buffered.clear();
        self.behind.clear();
        self.ask();
        causes[cause as usize] += 1;
        sink.event(Event::Invalid { instrument: self.instrument, receive_time_ns, cause });
    }

    /// Whether a trade is to be emitted: something was traded and, with `rising`, its id says that it is new.
    #[inline]
    pub fn takes_trade(&mut self, trade: &Trade, rising: bool, causes: &mut CauseCounts) -> bool {
        if rising {
            if trade.trade_id <= self.trade_id && !self.renumbers(trade) {
                let cause = if trade.trade_id == self.trade_id { Cause::Duplicate } else { Cause::OutOfOrder };
                causes[cause as usize] += 1;
                return false;
            }
            self.trade_id = trade.trade_id;
            self.trade_time_ns = trade.event_time_ns;
            self.trades_behind = (0, NO_ID);
        }
        if trade.size_lots != 0 && (trade.price_ticks != 0 || trade.fraction_nanoticks != 0) {
            return true;
        }
        causes[Cause::NoTrade as usize] += 1;
        false
    }

    /// Whether a trade behind the last one is the latest of many, so that the venue has begun to number again.
    #[cold]
    fn renumbers(&mut self, trade: &Trade) -> bool {
        if self.trades_behind.0 > 0 && trade.trade_id <= self.trades_behind.1 {
            self.trades_behind.0 = 0;
        }
        // What is sent a second time has times from before.
        if trade.trade_id == self.trade_id || trade.event_time_ns < self.trade_time_ns {
            self.trades_behind.0 = 0;
            return false;
        }
        self.trades_behind = (self.trades_behind.0 + 1, trade.trade_id);
        self.trades_behind.0 >= RENUMBERED_DELTAS
    }

    /// Counts a late delta; many that follow one another, and none that continues the book, are a new numbering.
    fn late(&mut self, depth: &Depth, body: Body<'_>, causes: &mut CauseCounts, sink: &mut impl Sink) {
        count_late(depth, self.book_id, self.from_snapshot, causes);
        if let Some(last) = self.behind.last()
            && continuity(self.rule, depth, last.depth.last_id, false) != Continuity::Continues
        {
            self.behind.clear();
        }
        if depth.last_id < self.book_id && !self.from_snapshot {
            self.behind.push(buffered(depth, body));
        }
        if self.behind.len() < RENUMBERED_DELTAS {
            return;
        }
        let last = self.behind.pop();
        self.buffered.extend(self.behind.drain(..));
        if let Some(last) = last {
            self.quarantine(last, causes, sink);
        }
    }

    fn quarantine(&mut self, one: Buffered, causes: &mut CauseCounts, sink: &mut impl Sink) {
        self.state = State::Quarantined;
        self.gaps += 1;
        self.ask();
        causes[Cause::Gap as usize] += 1;
        let receive_time_ns = one.depth.receive_time_ns;
        self.buffered.push_back(one);
        sink.event(Event::Invalid { instrument: self.instrument, receive_time_ns, cause: Cause::Gap });
    }

    /// Keeps an unbroken run of deltas, as only such a one is of use to a snapshot. A view was the book only until they
    /// came.
    fn keep(&mut self, depth: &Depth, body: Body<'_>, causes: &mut CauseCounts, sink: &mut impl Sink) {
        self.updated = true;
        if self.state == State::Viewed {
            self.state = State::Waiting;
            self.book_id = NO_ID;
            let (instrument, receive_time_ns) = (self.instrument, depth.receive_time_ns);
            sink.event(Event::Invalid { instrument, receive_time_ns, cause: Cause::PreSnapshot });
        }
        let last = self.buffered.back().map(|one| one.depth.last_id);
        let verdict = last.map_or(Continuity::Continues, |last| continuity(self.rule, depth, last, false));
        if let (Continuity::Late, Some(last)) = (verdict, last) {
            count_late(depth, last, false, causes);
            return;
        }
        let cause = if self.state == State::Waiting { Cause::PreSnapshot } else { Cause::Quarantined };
        causes[cause as usize] += 1;
        self.ask();
        if depth.last_id == NO_ID {
            return;
        }
        if verdict == Continuity::Gap {
            self.buffered.clear();
        }
        self.buffered.push_back(buffered(depth, body));
        if self.buffered.len() > MAX_BUFFERED_DELTAS {
            self.buffered.pop_front();
            causes[Cause::Overflow as usize] += 1;
        }
    }

    /// Asks for a snapshot, unless one was asked for already and hasn't come.
    fn ask(&mut self) {
        if !self.asked {
            self.asked = true;
            self.wants_snapshot = true;
        }
    }

    /// Whether the first buffered delta that isn't in the snapshot continues it.
    fn bridges(&self, snapshot_id: i64) -> bool {
        self.buffered
            .iter()
            .map(|one| continuity(self.rule, &one.depth, snapshot_id, true))
            .find(|&verdict| verdict != Continuity::Late)
            .is_none_or(|verdict| verdict == Continuity::Continues)
    }
}

fn buffered(depth: &Depth, body: Body<'_>) -> Buffered {
    let Body { bids, asks, orders } = body;
    Buffered { depth: *depth, bids: bids.to_vec(), asks: asks.to_vec(), orders: orders.map(<[_]>::to_vec) }
}

/// Emits a snapshot, and the orders that it has.
fn pass_snapshot(depth: &Depth, body: Body<'_>, sink: &mut impl Sink) {
    sink.event(Event::Snapshot(depth, body.bids, body.asks));
    if let Some(orders) = body.orders {
        sink.event(Event::Changes(orders));
    }
}

fn count_late(depth: &Depth, book_id: i64, from_snapshot: bool, causes: &mut CauseCounts) {
    let cause = if from_snapshot {
        Cause::Stale
    } else if depth.last_id == book_id {
        Cause::Duplicate
    } else {
        Cause::OutOfOrder
    };
    causes[cause as usize] += 1;
}

#[inline]
fn continuity(rule: Sequencing, depth: &Depth, book_id: i64, from_snapshot: bool) -> Continuity {
    match rule {
        Sequencing::Unsequenced => Continuity::Continues,
        Sequencing::Rising => {
            if depth.last_id <= book_id {
                Continuity::Late
            } else {
                Continuity::Continues
            }
        }
        Sequencing::Contiguous => {
            if depth.last_id <= book_id {
                Continuity::Late
            } else if depth.first_id <= book_id.saturating_add(1) || (from_snapshot && book_id == NO_ID) {
                Continuity::Continues
            } else {
                Continuity::Gap
            }
        }
        Sequencing::Chained => {
            if from_snapshot && book_id == NO_ID {
                Continuity::Continues
            } else if depth.previous_id == book_id {
                if depth.last_id >= book_id { Continuity::Continues } else { Continuity::Late }
            } else if !from_snapshot {
                if depth.last_id <= book_id { Continuity::Late } else { Continuity::Gap }
            } else if depth.last_id < book_id {
                Continuity::Late
            } else if depth.first_id <= book_id {
                Continuity::Continues
            } else {
                Continuity::Gap
            }
        }
    }
}
