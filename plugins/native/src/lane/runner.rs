//! Runs messages through decoder, books and markets, up to the first one with a callback.

#![forbid(unsafe_code)]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::book::Book;
use crate::book::any::AnyBook;
use crate::frames::{self, FrameDecoder, ProtocolError};
use crate::lane::histogram::Histogram;
use crate::lane::instant::Instant;
use crate::lane::market::Market;
use crate::venue::levels::Changed;
use crate::venue::market::PaperMarket;
use crate::venue::outbox::Outbox;
use crate::venue::{NEVER_NS, PaperVenue};
use crate::wire::decoder::Decoder;
use crate::wire::event::{Event, Mark, Sink};
use crate::wire::value::Fault;

/// An instrument's book and market, shared with their readers.
#[derive(Clone, Debug)]
pub struct Place {
    /// The book.
    pub book: Arc<Mutex<AnyBook>>,
    /// The market.
    pub market: Arc<Mutex<Market>>,
}

/// Places that messages may have changed.
#[derive(Debug)]
struct Touched {
    is: Vec<bool>,
    places: Vec<usize>,
}

impl Touched {
    #[inline]
    fn add(&mut self, place: usize) {
        if !std::mem::replace(&mut self.is[place], true) {
            self.places.push(place);
        }
    }
}

/// Where a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At a message that came at or after the time given, or behind the last one.
    Due,
    /// Behind a message that changed best prices, or had a mark price.
    Changed,
    /// At a message that was refused.
    Refused(Fault),
}

/// The times of what a run calls.
#[derive(Debug, Default)]
pub struct Times {
    /// Of each call of a strategy.
    pub strategy: Histogram,
    /// Of each estimate.
    pub slippage: Histogram,
    /// Of each order's checks.
    pub risk: Histogram,
    /// Of each request's way to the venue.
    pub route: Histogram,
}

/// What runs for a lane.
#[derive(Debug)]
pub struct Runner {
    places: Vec<Place>,
    top_of_book: bool,
    changed: Vec<usize>,
    marks: Vec<Mark>,
    /// The places that a message may have changed since `take_touched`.
    touched: Touched,
    /// The simulated venue that is shown every event, if there is one.
    pub venue: Option<Arc<Mutex<PaperVenue>>>,
    /// The time that feed and book took for each message.
    pub fused: Histogram,
    /// The time of the whole path for each message without a callback.
    pub whole_path: Histogram,
    /// The times of what was called.
    pub times: Times,
    /// What the last message took, if it was one that changed best prices.
    pub last_ns: u64,
    /// When the last message that changed best prices came.
    changed_ns: i64,
}

/// What runs one message after another.
struct Step<'a> {
    held: Held<'a>,
    venue: Option<MutexGuard<'a, PaperVenue>>,
    top_of_book: bool,
    changed: &'a mut Vec<usize>,
    marks: &'a mut Vec<Mark>,
}

impl Step<'_> {
    /// Runs one message, and returns whether it changed best prices that have a callback.
    #[inline]
    fn run(&mut self, decoder: &mut Decoder, raw: &[u8], now_ns: i64, callbacks: bool) -> Result<bool, Fault> {
        self.changed.clear();
        let (held, top_of_book) = (&mut self.held, self.top_of_book);
        let venue = self.venue.as_deref_mut();
        let marks = &mut *self.marks;
        let mut sink = Markets { held, venue, top_of_book, changed: self.changed, marks, sample_due: false };
        decoder.on_message(raw, now_ns, &mut sink)?;
        if sink.sample_due {
            for &instrument in &*self.changed {
                let (_, market) = self.held.place(instrument);
                let now_ns = market.now_ns;
                market.sample_mid(now_ns);
            }
        }
        let stop = callbacks && !self.changed.is_empty();
        if !stop {
            self.changed.clear();
        }
        Ok(stop)
    }

    /// When the venue has something for us.
    #[inline]
    fn due_ns(&self) -> i64 {
        self.venue.as_ref().map_or(NEVER_NS, |venue| venue.due_ns)
    }
}

/// Records the times of messages.
struct Notes<'a> {
    fused: &'a mut Histogram,
    whole_path: &'a mut Histogram,
    last_ns: &'a mut u64,
    changed_ns: &'a mut i64,
}

impl Notes<'_> {
    /// Records the time of a message since the end of the one before it.
    #[inline]
    fn note(&mut self, started: &mut Option<Instant>, stop: bool) {
        let Some(before) = started else { return };
        let now = Instant::now();
        let took = now.ns_since(*before);
        *before = now;
        self.fused.record(took);
        if stop {
            *self.last_ns = took;
        } else {
            self.whole_path.record(took);
        }
    }
}

/// A lock is only held over what can't panic half-way.
pub fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One place held at a time: a message is mostly of the instrument of the one before it, and a lock costs as much as the rest
/// of a quote.
struct Held<'a> {
    places: &'a [Place],
    touched: &'a mut Touched,
    at: usize,
    locks: Option<(MutexGuard<'a, AnyBook>, MutexGuard<'a, Market>)>,
}

impl<'a> Held<'a> {
    fn new(places: &'a [Place], touched: &'a mut Touched) -> Self {
        Held { places, touched, at: 0, locks: None }
    }

    /// The book and the market of an instrument.
    #[inline]
    fn place(&mut self, instrument: usize) -> (&mut AnyBook, &mut Market) {
        if self.at != instrument || self.locks.is_none() {
            // What was held is let go first.
            self.locks = None;
            self.at = instrument;
            self.touched.add(instrument);
        }
        let place = &self.places[instrument];
        let (book, market) = self.locks.get_or_insert_with(|| (lock(&place.book), lock(&place.market)));
        (book, market)
    }
}

struct Markets<'r, 'a> {
    held: &'r mut Held<'a>,
    venue: Option<&'r mut PaperVenue>,
    top_of_book: bool,
    changed: &'r mut Vec<usize>,
    marks: &'r mut Vec<Mark>,
    /// Whether an event came at a time at which a sample of its market's mid is due.
    sample_due: bool,
}

impl Markets<'_, '_> {
    /// Shows the venue an event of an instrument.
    #[inline]
    fn show(&mut self, instrument: usize, see: impl FnOnce(&mut PaperMarket, &mut Outbox, &AnyBook)) {
        if let Some(venue) = &mut self.venue {
            let (book, _) = self.held.place(instrument);
            venue.on_market(instrument, |market, outbox| see(market, outbox, book));
        }
    }

    fn changed(&mut self, instrument: usize) {
        if !self.changed.contains(&instrument) {
            self.changed.push(instrument);
        }
    }
}

impl Sink for Markets<'_, '_> {
    #[inline]
    fn event(&mut self, event: Event<'_>) {
        let (instrument, changed, due) = match event {
            Event::Quote(quote) => {
                let (_, market) = self.held.place(quote.instrument);
                let changed = market.on_quote(quote, self.top_of_book);
                let due = market.is_sample_due();
                if changed.is_some() {
                    self.show(quote.instrument, |market, outbox, book| market.on_quote(quote, book, outbox));
                }
                (quote.instrument, changed.unwrap_or(false), due)
            }
            Event::Delta(depth, bids, asks) | Event::Snapshot(depth, bids, asks) => {
                let (book, market) = self.held.place(depth.instrument);
                let snapshot = matches!(event, Event::Snapshot(..));
                if snapshot {
                    book.apply_snapshot(bids, asks);
                } else {
                    book.apply_delta(bids, asks);
                }
                let changed = market.on_levels(depth, &book.bbo(), snapshot);
                let due = market.is_sample_due();
                let (last_id, now_ns) = (depth.last_id, depth.receive_time_ns);
                self.show(depth.instrument, |market, outbox, book| {
                    if snapshot {
                        market.on_snapshot(last_id, now_ns, book, outbox);
                    } else {
                        market.on_delta(last_id, &Changed::by(bids, asks), now_ns, book, outbox);
                    }
                });
                (depth.instrument, changed, due)
            }
            Event::Invalid { instrument, receive_time_ns, .. } => {
                let (book, market) = self.held.place(instrument);
                book.clear();
                market.on_invalid(receive_time_ns);
                let due = market.is_sample_due();
                self.show(instrument, |market, _, _| market.on_invalid());
                (instrument, true, due)
            }
            Event::Trade(trade) => {
                let (_, market) = self.held.place(trade.instrument);
                market.on_print(trade);
                let due = market.is_sample_due();
                self.show(trade.instrument, |market, outbox, book| market.on_trade(trade, book, outbox));
                (trade.instrument, false, due)
            }
            Event::Status(status) => {
                let (_, market) = self.held.place(status.instrument);
                let changed = market.on_status(status);
                let due = market.is_sample_due();
                self.show(status.instrument, |market, _, _| market.on_status(status.trading));
                (status.instrument, changed, due)
            }
            Event::Correction(correction) => {
                let (_, market) = self.held.place(correction.instrument);
                market.on_correction(correction);
                let due = market.is_sample_due();
                (correction.instrument, false, due)
            }
            Event::Mark(mark) => {
                self.marks.push(mark.clone());
                return;
            }
            Event::Orders(depth, orders) => {
                self.held.place(depth.instrument).0.apply_orders(orders);
                return;
            }
            Event::Bar(_) | Event::Control(_) | Event::Changes(_) => return,
        };
        self.sample_due |= due;
        if changed {
            self.changed(instrument);
        }
    }
}

impl Runner {
    /// A runner over these instruments. `top_of_book` says that the feed has no books.
    pub fn new(places: Vec<Place>, top_of_book: bool) -> Self {
        // The counter's rate is measured at the first reading, which takes two milliseconds: now, not at the first message.
        Instant::now();
        Runner {
            touched: Touched { is: vec![false; places.len()], places: Vec::new() },
            places,
            top_of_book,
            changed: Vec::new(),
            marks: Vec::new(),
            venue: None,
            fused: Histogram::default(),
            whole_path: Histogram::default(),
            times: Times::default(),
            last_ns: 0,
            changed_ns: 0,
        }
    }

    /// Calls `show` with each place that a message may have changed since the last call.
    pub fn take_touched(&mut self, mut show: impl FnMut(usize)) {
        for place in self.touched.places.drain(..) {
            self.touched.is[place] = false;
            show(place);
        }
    }

    /// The instruments whose best prices the last message changed, in the order in which they did.
    pub fn changed(&self) -> &[usize] {
        &self.changed
    }

    /// When the last message came that changed best prices, the instruments that it changed, and where the times of calls about
    /// them go.
    pub fn change(&mut self) -> (i64, &[usize], &mut Times) {
        (self.changed_ns, &self.changed, &mut self.times)
    }

    /// When the venue has something for us.
    pub fn venue_due_ns(&self) -> i64 {
        self.venue.as_ref().map_or(NEVER_NS, |venue| lock(venue).due_ns)
    }

    /// The mark prices of the message that ended the last run.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The instruments.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Borrows the parts of a run separately.
    fn parts(&mut self) -> (Step<'_>, Notes<'_>) {
        let Runner {
            places, touched, top_of_book, changed, marks, venue, fused, whole_path, last_ns, changed_ns, ..
        } = self;
        changed.clear();
        marks.clear();
        let venue = venue.as_deref().map(lock);
        let step = Step { held: Held::new(places, touched), venue, top_of_book: *top_of_book, changed, marks };
        (step, Notes { fused, whole_path, last_ns, changed_ns })
    }

    /// Runs messages until one comes at or after `until_ns`, is refused, had a mark price or, with `callbacks`, has changed
    /// best prices.
    ///
    /// Returns how many were run, and why it ended there. It notes what each took since `started`, if that is said, which
    /// moves on.
    #[inline]
    pub fn run<'m>(
        &mut self,
        decoder: &mut Decoder,
        messages: impl Iterator<Item = (i64, &'m [u8])>,
        until_ns: i64,
        callbacks: bool,
        started: &mut Option<Instant>,
    ) -> (usize, Stop) {
        let (mut step, mut notes) = self.parts();
        let mut count = 0;
        for (now_ns, raw) in messages {
            if now_ns >= until_ns || now_ns >= step.due_ns() {
                return (count, Stop::Due);
            }
            let stop = match step.run(decoder, raw, now_ns, callbacks) {
                Ok(stop) => stop,
                Err(fault) => return (count, Stop::Refused(fault)),
            };
            count += 1;
            notes.note(started, stop);
            if stop || !step.marks.is_empty() {
                *notes.changed_ns = now_ns;
                return (count, Stop::Changed);
            }
        }
        (count, Stop::Due)
    }

    /// Runs the messages in a chunk of WebSocket frames, as it was received, from `at` on, which moves on.
    ///
    /// `others` is handed what isn't a message. It ends where `run` does, `refused` with the message that was.
    #[allow(clippy::too_many_arguments, reason = "they are those of `run`, with a frame_decoder and two who listen")]
    pub fn run_frames(
        &mut self,
        decoder: &mut Decoder,
        frames: (&mut FrameDecoder, &[u8], &mut usize),
        now_ns: i64,
        callbacks: bool,
        timed: bool,
        mut others: impl FnMut(frames::Event<'_>),
        mut refused: impl FnMut(&[u8]),
    ) -> Result<Stop, ProtocolError> {
        let (frame_decoder, chunk, at) = frames;
        let (mut step, mut notes) = self.parts();
        let mut started = timed.then(Instant::now);
        while let Some(event) = frame_decoder.next(chunk, at)? {
            match event {
                frames::Event::Text(raw) | frames::Event::Binary(raw) => {
                    let stop = match step.run(decoder, raw, now_ns, callbacks) {
                        Ok(stop) => stop,
                        Err(fault) => {
                            refused(raw);
                            return Ok(Stop::Refused(fault));
                        }
                    };
                    notes.note(&mut started, stop);
                    if stop || !step.marks.is_empty() {
                        return Ok(Stop::Changed);
                    }
                }
                other => others(other),
            }
        }
        Ok(Stop::Due)
    }
}
