//! A strategy's own orders in one market, as it knows them. The twins are `mainspring.lane.LaneOrderHandle` and the orders of
//! `mainspring.lane.LaneStrategyMarket`.

#![forbid(unsafe_code)]

use crate::kernel::view::OrderView;
use crate::trading::order::{NewOrder, RequestKind};
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

#[derive(Clone, Debug, Default)]
struct Handle {
    accepted: bool,
    cancels: bool,
    replaces: u32,
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
        self.views.push(OrderView {
            order_id: order.order_id,
            side: if order.buy { 1 } else { -1 },
            price_ticks: order.price_ticks,
            size_lots: order.size_lots,
            filled_lots: 0,
            state: CREATED,
        });
        self.handles.push(Handle::default());
    }

    /// Notes that a cancel is asked for; false if one is under way.
    pub fn cancel(&mut self, at: usize) -> bool {
        let asked = !std::mem::replace(&mut self.handles[at].cancels, true);
        self.settle(at);
        asked
    }

    /// Notes that a replace is asked for; false if the order is a market order.
    pub fn replace(&mut self, at: usize) -> bool {
        if self.views[at].price_ticks == 0 {
            return false;
        }
        self.handles[at].replaces += 1;
        self.settle(at);
        true
    }

    /// Takes an event of an order.
    #[inline]
    pub fn update(&mut self, order_id: i64, what: &What) {
        let Some(at) = self.find(order_id) else { return };
        let (view, handle) = (&mut self.views[at], &mut self.handles[at]);
        let ended = match *what {
            What::Accepted => {
                handle.accepted = true;
                false
            }
            What::Filled { lots, .. } => {
                handle.accepted = true;
                view.filled_lots += lots;
                view.filled_lots >= view.size_lots
            }
            What::Rejected { request, .. } => match request {
                RequestKind::New => true,
                RequestKind::Cancel => {
                    handle.cancels = false;
                    false
                }
                RequestKind::Replace => {
                    handle.replaces = handle.replaces.saturating_sub(1);
                    false
                }
            },
            What::Replaced { price, lots } => {
                handle.accepted = true;
                handle.replaces = handle.replaces.saturating_sub(1);
                (view.price_ticks, view.size_lots) = (price, lots);
                false
            }
            What::Cancelled { .. } => true,
            What::Funded { .. } => return,
        };
        if ended {
            self.views.remove(at);
            self.handles.remove(at);
        } else {
            self.settle(at);
        }
    }

    fn settle(&mut self, at: usize) {
        let (view, handle) = (&mut self.views[at], &self.handles[at]);
        view.state = if !handle.accepted {
            CREATED
        } else if handle.cancels {
            CANCEL_PENDING
        } else if handle.replaces != 0 {
            REPLACE_PENDING
        } else if view.filled_lots != 0 {
            PARTIALLY_FILLED
        } else {
            ACCEPTED
        };
    }
}
