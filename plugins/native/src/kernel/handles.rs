//! A strategy's own orders in one market, as it knows them. The twins are `mainspring.lane.LaneOrderHandle` and
//! `mainspring.lane.OwnOrders`.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

use crate::kernel::view::OrderView;
use crate::trading::order::{NewOrder, RequestKind, Told};
use crate::venue::outbox::What;

/// Asked for, not yet accepted.
pub const CREATED: i64 = 0;
/// It rests, nothing of it is filled.
pub const ACCEPTED: i64 = 1;
/// It rests, and some of it is filled.
pub const PARTIALLY_FILLED: i64 = 2;
/// Its cancel is under way.
pub const CANCEL_PENDING: i64 = 3;
/// A replace of it is under way.
pub const REPLACE_PENDING: i64 = 4;
/// It isn't known what became of it.
pub const UNKNOWN: i64 = -1;
/// From here on it has ended: all of it was filled.
pub const FILLED: i64 = 5;
/// The rest was cancelled.
pub const CANCELLED: i64 = 6;
/// The venue, or our own gate, wouldn't have it.
pub const REJECTED: i64 = 7;
/// The venue ended the rest by its terms.
pub const EXPIRED: i64 = 8;

/// What an event changes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It rests.
    Accepted,
    /// Lots were filled.
    Filled(i64),
    /// A request was rejected.
    Rejected(RequestKind),
    /// It has another price and total size.
    Replaced(i64, i64),
    /// It has ended in this state.
    Ended(i64),
}

impl News {
    /// Of what a venue told; `None` if it isn't about an order.
    pub fn of(what: &What) -> Option<News> {
        Some(match *what {
            What::Accepted => News::Accepted,
            What::Filled { lots, .. } => News::Filled(lots),
            What::Rejected { request, .. } => News::Rejected(request),
            What::Replaced { price, lots } => News::Replaced(price, lots),
            What::Cancelled { .. } => News::Ended(CANCELLED),
            What::Expired { .. } => News::Ended(EXPIRED),
            What::Funded { .. } => return None,
        })
    }

    /// Of an order event.
    pub fn of_event(what: &Told) -> News {
        match *what {
            Told::Accepted => News::Accepted,
            Told::Fill { size_lots, .. } => News::Filled(size_lots),
            Told::Rejected { request, .. } => News::Rejected(request),
            Told::Replaced { price_ticks, size_lots } => News::Replaced(price_ticks, size_lots),
            Told::Cancelled { .. } => News::Ended(CANCELLED),
            Told::Expired { .. } => News::Ended(EXPIRED),
        }
    }
}

/// Price and size of the replaces that haven't been answered, oldest first. One needs no allocation, and no room for more.
#[derive(Clone, Debug, Default)]
struct Replaces {
    first: Option<(i64, i64)>,
    #[allow(clippy::box_collection, reason = "hardly an order has any, and each one pays for the room")]
    others: Option<Box<VecDeque<(i64, i64)>>>,
}

impl Replaces {
    fn push(&mut self, to: (i64, i64)) {
        match self.first {
            None => self.first = Some(to),
            Some(_) => self.others.get_or_insert_default().push_back(to),
        }
    }

    fn pop(&mut self) {
        self.first = self.others.as_mut().and_then(|others| others.pop_front());
    }

    fn last(&self) -> Option<(i64, i64)> {
        self.others.as_ref().and_then(|others| others.back().copied()).or(self.first)
    }
}

/// What is known of an order besides what strategies read in it.
#[derive(Clone, Debug, Default)]
pub struct Handle {
    accepted: bool,
    cancels: bool,
    replaces: Replaces,
}

/// An order that was asked for, as strategies read it.
pub fn created(order: &NewOrder) -> OrderView {
    OrderView {
        order_id: order.order_id,
        side: if order.buy { 1 } else { -1 },
        price_ticks: order.price_ticks,
        size_lots: order.size_lots,
        filled_lots: 0,
        state: CREATED,
    }
}

impl Handle {
    /// Notes that a cancel is asked for; false if one is under way or the order has ended.
    pub fn cancel(&mut self, view: &mut OrderView) -> bool {
        if self.cancels || view.state >= FILLED {
            return false;
        }
        self.cancels = true;
        self.settle_unless_unknown(view);
        true
    }

    /// The price and the size that the order will have once what is under way has been answered.
    pub fn present(&self, view: &OrderView) -> (i64, i64) {
        self.replaces.last().unwrap_or((view.price_ticks, view.size_lots))
    }

    /// Notes that a replace is asked for; false if the order has ended.
    pub fn replace(&mut self, view: &mut OrderView, to: (i64, i64)) -> bool {
        if view.state >= FILLED {
            return false;
        }
        self.replaces.push(to);
        self.settle_unless_unknown(view);
        true
    }

    /// Takes an event; whether the order has ended.
    #[inline]
    pub fn update(&mut self, view: &mut OrderView, news: News) -> bool {
        match news {
            News::Accepted => self.accepted = true,
            News::Filled(lots) => {
                self.accepted = true;
                view.filled_lots = view.filled_lots.saturating_add(lots);
                if view.filled_lots >= view.size_lots {
                    view.state = FILLED;
                }
            }
            News::Rejected(RequestKind::New) => view.state = REJECTED,
            News::Rejected(RequestKind::Cancel) => self.cancels = false,
            News::Rejected(RequestKind::Replace) => self.replaces.pop(),
            News::Replaced(price_ticks, size_lots) => {
                self.accepted = true;
                self.replaces.pop();
                (view.price_ticks, view.size_lots) = (price_ticks, size_lots);
            }
            News::Ended(state) => view.state = state,
        }
        self.settle(view);
        view.state >= FILLED
    }

    fn settle_unless_unknown(&self, view: &mut OrderView) {
        if view.state != UNKNOWN {
            self.settle(view);
        }
    }

    fn settle(&self, view: &mut OrderView) {
        if view.state >= FILLED {
            return;
        }
        view.state = if !self.accepted {
            CREATED
        } else if self.cancels {
            CANCEL_PENDING
        } else if self.replaces.first.is_some() {
            REPLACE_PENDING
        } else if view.filled_lots != 0 {
            PARTIALLY_FILLED
        } else {
            ACCEPTED
        };
    }
}

/// The orders that haven't ended, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Handles {
    /// As strategies read them.
    pub views: Vec<OrderView>,
    handles: Vec<Handle>,
}

impl Handles {
    /// Whether an order of that id is among them, and where.
    #[inline]
    pub fn find(&self, order_id: i64) -> Option<usize> {
        // Ids rise.
        match self.views.len() {
            0 => None,
            1..8 => self.views.iter().position(|one| one.order_id == order_id),
            _ => self.views.binary_search_by_key(&order_id, |one| one.order_id).ok(),
        }
    }

    /// Adds an order that was asked for.
    pub fn add(&mut self, order: &NewOrder) {
        self.views.push(created(order));
        self.handles.push(Handle::default());
    }

    /// Notes that a cancel is asked for; false if one is under way.
    pub fn cancel(&mut self, at: usize) -> bool {
        self.handles[at].cancel(&mut self.views[at])
    }

    /// Notes that a replace is asked for; false if the order is a market order.
    pub fn replace(&mut self, at: usize, to: (i64, i64)) -> bool {
        self.views[at].price_ticks != 0 && self.handles[at].replace(&mut self.views[at], to)
    }

    /// Takes an event of an order.
    #[inline]
    pub fn update(&mut self, order_id: i64, what: &What) {
        let (Some(at), Some(news)) = (self.find(order_id), News::of(what)) else { return };
        if self.handles[at].update(&mut self.views[at], news) {
            self.views.remove(at);
            self.handles.remove(at);
        }
    }
}
