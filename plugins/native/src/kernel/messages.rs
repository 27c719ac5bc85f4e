//! One message: its rows into books, markets and venue.

#![forbid(unsafe_code)]

use crate::book::{Book, Level, Side};
use crate::exact::NANOTICKS;
use crate::kernel::event::{CLEAR, FRACTION, HALT, ID, LEVEL, QUOTE, RESUME, ROW, Row, TRADE};
use crate::kernel::runner::{Ended, Kernel, Raised};
use crate::kernel::strategy::Strategy;
use crate::kernel::view::Woken;
use crate::venue::levels::Changed;
use crate::wire::event::{Depth, NO_ID, PRINT_ALL, Quote, Status, Trade};

impl Kernel {
    /// Brings one message into books, markets and venue; returns the row after it.
    #[inline]
    pub(super) fn message(
        &mut self,
        rows: &[[u8; ROW]],
        start: usize,
        strategy: &mut impl Strategy,
    ) -> Result<usize, Ended> {
        let mut at = start;
        let time_ns = Row::read(&rows[at]).time_ns;
        loop {
            // A message is received at one time.
            let row = Row { time_ns, ..Row::read(&rows[at]) };
            let refused = |what| Ended::Refused(self.events + (at - start) as u64, what);
            let market = usize::from(row.market);
            let Some(place) = self.places.get_mut(market) else { return Err(refused("is of no market that there is")) };
            if row.price_ticks < 0 || row.size_lots < 0 {
                return Err(refused("has a price or a size below 0"));
            }
            let mut last = row.last;
            match row.kind {
                LEVEL => {
                    last = self.levels(rows, start, &mut at, false, strategy)?;
                }
                CLEAR => {
                    place.book.clear();
                    let next = rows.get(at + 1).map(Row::read);
                    if !last && next.is_some_and(|next| next.kind == LEVEL && next.market == row.market) {
                        self.row(&row, strategy, start, at)?;
                        at += 1;
                        last = self.levels(rows, start, &mut at, true, strategy)?;
                    } else {
                        self.id = NO_ID;
                        place.market.on_invalid(row.time_ns);
                        self.manager.venue.on_market(market, |market, _| market.on_invalid());
                        self.changed(market);
                        self.row(&row, strategy, start, at)?;
                    }
                }
                TRADE => {
                    let trade = Trade {
                        instrument: market,
                        receive_time_ns: row.time_ns,
                        event_time_ns: row.time_ns,
                        trade_id: NO_ID,
                        price_ticks: row.price_ticks,
                        size_lots: row.size_lots,
                        aggressor: row.side.into(),
                        counts: PRINT_ALL,
                        fraction_nanoticks: std::mem::take(&mut self.fraction_nanoticks),
                    };
                    place.market.on_print(&trade);
                    let book = &place.book;
                    self.manager.venue.on_market(market, |market, outbox| market.on_trade(&trade, book, outbox));
                    if self.subscription.trades {
                        self.prints.push((row, trade.fraction_nanoticks));
                    }
                    self.row(&row, strategy, start, at)?;
                }
                FRACTION => {
                    if row.price_ticks >= NANOTICKS {
                        return Err(refused("is a fraction of a tick that is a tick or more"));
                    }
                    self.fraction_nanoticks = row.price_ticks;
                    self.row(&row, strategy, start, at)?;
                }
                ID => {
                    self.id = row.price_ticks;
                    self.row(&row, strategy, start, at)?;
                }
                QUOTE => {
                    let next = rows.get(at + 1).map(Row::read).filter(|next| next.kind == QUOTE && !row.last);
                    let Some(ask) = next.filter(|ask| ask.side == -1 && row.side == 1 && ask.market == row.market)
                    else {
                        return Err(refused("is the best bid or ask of a quote without the other"));
                    };
                    if ask.price_ticks < 0 || ask.size_lots < 0 {
                        return Err(refused("has a price or a size below 0"));
                    }
                    let quote = Quote {
                        instrument: market,
                        receive_time_ns: row.time_ns,
                        event_time_ns: row.time_ns,
                        update_id: std::mem::replace(&mut self.id, NO_ID),
                        bid: Level { price: row.price_ticks, lots: row.size_lots },
                        ask: Level { price: ask.price_ticks, lots: ask.size_lots },
                    };
                    let changed = place.market.on_quote(&quote, false);
                    if changed.is_some() {
                        let book = &place.book;
                        self.manager.venue.on_market(market, |market, outbox| market.on_quote(&quote, book, outbox));
                    }
                    if changed == Some(true) {
                        self.changed(market);
                    }
                    self.row(&row, strategy, start, at)?;
                    at += 1;
                    last = ask.last;
                    self.row(&ask, strategy, start, at)?;
                }
                HALT | RESUME => {
                    let trading = Some(row.kind == RESUME);
                    let status =
                        Status { instrument: market, receive_time_ns: row.time_ns, trading, ..Status::default() };
                    let changed = place.market.on_status(&status);
                    self.manager.venue.on_market(market, |market, _| market.on_status(trading));
                    if changed {
                        self.changed(market);
                    }
                    self.row(&row, strategy, start, at)?;
                }
                _ => return Err(refused("is of no kind that there is")),
            }
            at += 1;
            if last || at == rows.len() {
                return Ok(at);
            }
        }
    }

    /// Takes the levels of one delta or snapshot, from the row `at` on, which becomes the last of them. Returns whether the
    /// message ends there.
    #[inline]
    fn levels(
        &mut self,
        rows: &[[u8; ROW]],
        start: usize,
        at: &mut usize,
        snapshot: bool,
        strategy: &mut impl Strategy,
    ) -> Result<bool, Ended> {
        let first = Row::read(&rows[*at]);
        let market = usize::from(first.market);
        let (mut row, mut changes) = (first, Changed::NOTHING);
        loop {
            let refused = |what| Ended::Refused(self.events + (*at - start) as u64, what);
            let of = match row.side {
                1 => Side::Buy,
                -1 => Side::Sell,
                _ => return Err(refused("has a side that is neither 1 nor -1")),
            };
            if row.price_ticks < 0 || row.size_lots < 0 {
                return Err(refused("has a price or a size below 0"));
            }
            self.places[market].book.set(of, row.price_ticks, row.size_lots);
            changes.add(of, row.price_ticks);
            if self.subscription.rows {
                self.row(&row, strategy, start, *at)?;
            }
            let Some(next) = rows.get(*at + 1).filter(|_| !row.last).map(Row::read) else { break };
            if next.kind != LEVEL || next.market != first.market {
                break;
            }
            *at += 1;
            row = next;
        }
        let place = &mut self.places[market];
        let now_ns = Row::read(&rows[start]).time_ns;
        let last_id = std::mem::replace(&mut self.id, NO_ID);
        let depth = Depth {
            instrument: market,
            receive_time_ns: now_ns,
            event_time_ns: now_ns,
            first_id: NO_ID,
            last_id,
            previous_id: NO_ID,
        };
        let changed = place.market.on_levels(&depth, &place.book.bbo(), snapshot);
        let book = &place.book;
        self.manager.venue.on_market(market, |market, outbox| {
            if snapshot {
                market.on_snapshot(last_id, now_ns, book, outbox);
            } else {
                market.on_delta(last_id, &changes, now_ns, book, outbox);
            }
        });
        if changed {
            self.changed(market);
        }
        Ok(row.last)
    }

    fn changed(&mut self, market: usize) {
        if self.subscription.bbo && !self.changed.contains(&market) {
            self.changed.push(market);
        }
    }

    /// Calls a strategy that wants each row, with the best prices of the book as it stands.
    #[inline]
    fn row(&mut self, row: &Row, strategy: &mut impl Strategy, start: usize, at: usize) -> Result<(), Ended> {
        if !self.subscription.rows {
            return Ok(());
        }
        let (market, view) = (
            usize::from(row.market),
            Woken {
                kind: row.kind.into(),
                side: row.side.into(),
                ticks: row.price_ticks,
                lots: row.size_lots,
                ..Woken::default()
            },
        );
        let best = self.places[market].book.bbo();
        self.fill(market, view);
        let shown = &mut self.views[market];
        (shown.bid_ticks, shown.bid_lots) = (best.bid.price, best.bid.lots);
        (shown.ask_ticks, shown.ask_lots) = (best.ask.price, best.ask.lots);
        self.enter(market, strategy).map_err(|Raised| Ended::Raised(self.events + (at - start) as u64))
    }
}
