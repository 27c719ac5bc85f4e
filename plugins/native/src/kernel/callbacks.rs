//! The strategy's side: when it is called, what it sees, and what it asks for.

#![forbid(unsafe_code)]

use crate::kernel::event::{Row, TRADE};
use crate::kernel::record::{reason_number, side};
use crate::kernel::runner::{Kernel, Raised};
use crate::kernel::strategy::Strategy;
use crate::kernel::view::{
    ACCEPTED, BBO, BUFFER, CANCEL, CANCELLED, FILLED, OWNER, REJECTED, REPLACE, REPLACED, Request, Woken, narrow,
};
use crate::trading::manager::{Asked, Change};
use crate::trading::order::RequestKind;
use crate::venue::outbox::{Told, What};

impl Kernel {
    /// Tells the strategy what became of an order.
    pub(super) fn answer(&mut self, told: &Told, strategy: &mut impl Strategy) -> Result<(), Raised> {
        self.places[told.instrument].handles.update(told.order_id, &told.what);
        if !self.subscription.orders {
            return Ok(());
        }
        let event = Woken { order_id: told.order_id, ..Woken::default() };
        let event = match told.what {
            What::Accepted => Woken { kind: ACCEPTED.into(), ..event },
            What::Rejected { reason, .. } => {
                Woken { kind: REJECTED.into(), reason: reason_number(reason).into(), ..event }
            }
            What::Filled { buy, price, lots, maker, .. } => {
                Woken { kind: FILLED.into(), side: side(buy).into(), ticks: price, lots, maker: maker.into(), ..event }
            }
            // Compiled strategies have no orders with an end.
            What::Cancelled { lots, reason } | What::Expired { lots, reason } => {
                Woken { kind: CANCELLED.into(), lots, reason: reason_number(reason).into(), ..event }
            }
            What::Replaced { price, lots } => Woken { kind: REPLACED.into(), ticks: price, lots, ..event },
            What::Funded { .. } => return Ok(()),
        };
        self.answering = true;
        let done = self.call(told.instrument, event, strategy);
        self.answering = false;
        done
    }

    /// Calls the strategy about the trades of the last message, then about changed markets.
    #[inline]
    pub(super) fn callbacks(&mut self, strategy: &mut impl Strategy) -> Result<(), Raised> {
        if self.changed.is_empty() && self.prints.is_empty() {
            // A message may have filled an order.
            self.due_ns = self.due_ns.min(self.manager.venue.due_ns);
            return Ok(());
        }
        for at in 0..self.prints.len() {
            let (Row { market, side, price_ticks, size_lots, .. }, fraction_nanoticks) = self.prints[at];
            let event = Woken {
                kind: TRADE.into(),
                side: side.into(),
                ticks: price_ticks,
                lots: size_lots,
                fraction_nanoticks,
                ..Woken::default()
            };
            self.call(market.into(), event, strategy)?;
        }
        for at in 0..self.changed.len() {
            self.call(self.changed[at], Woken { kind: BBO, ..Woken::default() }, strategy)?;
        }
        self.prints.clear();
        self.changed.clear();
        self.due();
        Ok(())
    }

    /// Calls the strategy about a market, unless it isn't called any more.
    #[inline]
    pub(super) fn call(&mut self, market: usize, event: Woken, strategy: &mut impl Strategy) -> Result<(), Raised> {
        if self.silent {
            return Ok(());
        }
        for other in 0..self.views.len() {
            if other != market {
                self.fill(other, Woken::default());
            }
        }
        self.fill(market, event);
        self.enter(market, strategy)
    }

    /// Enters the strategy, whose views are filled, and works off what it asks for.
    #[inline]
    pub(super) fn enter(&mut self, market: usize, strategy: &mut impl Strategy) -> Result<(), Raised> {
        let mut requests = [const { Request::EMPTY }; BUFFER];
        requests[0].order_id = self.next_order_id;
        requests[0].market = market as i64;
        requests[0].side = self.views.len() as i64;
        let goes_on = strategy.call(&mut self.views, market, &mut requests);
        if requests[0].action > 0 {
            self.work(&requests);
        }
        if goes_on { Ok(()) } else { Err(Raised) }
    }

    /// Shows the strategy a market as it stands.
    #[inline]
    pub(super) fn fill(&mut self, market: usize, event: Woken) {
        let (place, view) = (&self.places[market], &mut self.views[market]);
        view.time_ns = self.now_ns;
        view.set_market(&place.market);
        if view.fills != place.position.fills as i64 {
            view.set_money(&place.position);
            view.position_lots = narrow(place.position.lots);
        }
        view.open_orders = place.handles.views.len() as i64;
        view.orders = place.handles.views.as_ptr();
        let (buy, sell) = self.manager.tracker.open_lots(market);
        (view.open_buy_lots, view.open_sell_lots) = (narrow(buy), narrow(sell));
        view.set_event(event);
        view.book = &raw const place.book;
    }

    /// Works off what the strategy asked for. What can't be is passed over, as `mainspring_native.replay.actions` says.
    #[inline(never)]
    fn work(&mut self, requests: &[Request; BUFFER]) {
        let (count, now_ns) = (requests[0].action.clamp(0, BUFFER as i64 - 1) as usize, self.now_ns);
        for request in &requests[1..=count] {
            match request.action {
                CANCEL | REPLACE => {
                    let found = (0..self.places.len())
                        .find_map(|market| self.places[market].handles.find(request.order_id).map(|at| (market, at)));
                    let Some((market, at)) = found else { continue };
                    let Request { order_id, price_ticks, size_lots, .. } = *request;
                    let handles = &mut self.places[market].handles;
                    let (change, takes) = if request.action == CANCEL {
                        (Change::Cancel, handles.cancel(at))
                    } else {
                        let takes = price_ticks > 0 && size_lots > 0 && handles.replace(at, (price_ticks, size_lots));
                        (Change::Replace(price_ticks, size_lots), takes)
                    };
                    if takes {
                        self.ask(&Asked::Change { order_id, instrument: market, strategy: OWNER, change });
                    }
                }
                _ => {
                    let market = if request.market < 0 { requests[0].market } else { request.market };
                    let place = usize::try_from(market).ok().and_then(|market| self.places.get_mut(market));
                    let Some((place, order)) = place.zip(request.order(market, self.next_order_id, now_ns)) else {
                        continue;
                    };
                    self.next_order_id += 1;
                    place.handles.add(&order);
                    self.ask(&Asked::New(order));
                }
            }
        }
    }

    /// Has the order manager work off a request.
    #[inline]
    fn ask(&mut self, asked: &Asked) {
        let cancels = (asked.kind() == RequestKind::Cancel).then(|| asked.order_id());
        let surplus = self.answering && self.answers.surplus(0, self.now_ns, cancels);
        self.manager.work(asked, &mut self.places[asked.instrument()], self.now_ns, surplus);
    }
}
