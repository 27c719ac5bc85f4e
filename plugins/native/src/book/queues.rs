//! The orders of one book: by their ids, and in the order in which each price's queue is filled.
//!
//! The twin is `mainspring.wire.OrderQueues`. Orders stand in one vector and are linked by their places in it, so that
//! one in the middle of a queue goes without moving the others.

#![forbid(unsafe_code)]

use rustc_hash::FxHashMap;

use crate::book::Side;

/// A venue's name for an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OrderId {
    /// A number.
    Integer(i64),
    /// A GUID in its usual form: 32 small hexadecimal digits in groups of 8, 4, 4, 4 and 12.
    Guid(u128),
    /// Any other text.
    Text(Box<[u8]>),
}

/// Where the dashes of a GUID stand.
const DASHES: [usize; 4] = [8, 13, 18, 23];

impl OrderId {
    /// The id that a text is.
    pub fn of_text(text: &[u8]) -> OrderId {
        guid(text).map_or_else(|| OrderId::Text(text.into()), OrderId::Guid)
    }

    /// The text of an id that is none but a number's.
    pub fn text(&self) -> Option<String> {
        match self {
            OrderId::Integer(_) => None,
            OrderId::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            OrderId::Guid(guid) => {
                let mut text = format!("{guid:032x}");
                DASHES.iter().for_each(|&at| text.insert(at, '-'));
                Some(text)
            }
        }
    }
}

/// The value of each small hexadecimal digit; `NO_DIGIT` for any other byte.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        digits[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    digits
};

const NO_DIGIT: u8 = 0xff;

fn guid(text: &[u8]) -> Option<u128> {
    let text: &[u8; 36] = text.try_into().ok()?;
    if DASHES.iter().any(|&at| text[at] != b'-') {
        return None;
    }
    let (mut value, mut wrong) = (0u128, 0u8);
    // By group, so that no byte is asked whether it is a dash.
    for group in [0..8, 9..13, 14..18, 19..23, 24..36] {
        let mut part = 0u64;
        let bits = 4 * group.len();
        for &byte in &text[group] {
            let digit = DIGITS[byte as usize];
            wrong |= digit;
            part = part << 4 | u64::from(digit & 15);
        }
        value = value << bits | u128::from(part);
    }
    (wrong < 16).then_some(value)
}

/// An order as it stands. 0 lots: it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestingOrder {
    /// Its id.
    pub id: OrderId,
    /// Its side.
    pub side: Side,
    /// Its price in ticks.
    pub price: i64,
    /// Its size in lots.
    pub lots: i64,
}

/// Where an order waits: see `mainspring.model.QueuePlace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the Python struct, and documented there")]
pub struct QueuePlace {
    pub price_ticks: i64,
    pub size_lots: i64,
    pub orders_ahead: i64,
    pub lots_ahead: i128,
}

/// Stands for no place in the vector.
const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Node {
    order: RestingOrder,
    before: u32,
    after: u32,
}

/// The queue of one price.
#[derive(Clone, Copy, Debug)]
struct Line {
    first: u32,
    last: u32,
    lots: i128,
}

/// The orders of one book.
#[derive(Clone, Debug, Default)]
pub struct Queues {
    places: FxHashMap<OrderId, u32>,
    nodes: Vec<Node>,
    free: Vec<u32>,
    /// By side, bids first: the queues by price.
    lines: [FxHashMap<i64, Line>; 2],
}

impl Queues {
    /// An order; `None` if it isn't there.
    pub fn find(&self, id: &OrderId) -> Option<&RestingOrder> {
        self.places.get(id).map(|&at| &self.nodes[at as usize].order)
    }

    /// Sets an order; 0 lots removes it. One that keeps its price and doesn't grow keeps its place, any other goes to the
    /// end of its price's queue.
    pub fn set(&mut self, order: RestingOrder) {
        if let Some(&at) = self.places.get(&order.id) {
            let known = &mut self.nodes[at as usize].order;
            let stays = known.side == order.side && known.price == order.price;
            if stays && 0 < order.lots && order.lots <= known.lots {
                let less = known.lots - order.lots;
                known.lots = order.lots;
                if let Some(line) = self.lines[order.side as usize].get_mut(&order.price) {
                    line.lots -= i128::from(less);
                }
                return;
            }
            self.places.remove(&order.id);
            self.unlink(at);
        }
        if order.lots != 0 {
            self.append(order);
        }
    }

    fn append(&mut self, order: RestingOrder) {
        let (side, price, lots) = (order.side as usize, order.price, i128::from(order.lots));
        let id = order.id.clone();
        let last = self.lines[side].get(&price).map_or(NONE, |line| line.last);
        let node = Node { order, before: last, after: NONE };
        let at = if let Some(at) = self.free.pop() {
            self.nodes[at as usize] = node;
            at
        } else {
            self.nodes.push(node);
            (self.nodes.len() - 1) as u32
        };
        if last != NONE {
            self.nodes[last as usize].after = at;
        }
        let line = self.lines[side].entry(price).or_insert(Line { first: at, last: at, lots: 0 });
        line.last = at;
        line.lots += lots;
        self.places.insert(id, at);
    }

    /// Takes an order out of its queue.
    fn unlink(&mut self, at: u32) {
        let node = &self.nodes[at as usize];
        let (before, after, side, price) = (node.before, node.after, node.order.side as usize, node.order.price);
        let lots = i128::from(node.order.lots);
        if before != NONE {
            self.nodes[before as usize].after = after;
        }
        if after != NONE {
            self.nodes[after as usize].before = before;
        }
        self.free.push(at);
        if before == NONE && after == NONE {
            self.lines[side].remove(&price);
        } else if let Some(line) = self.lines[side].get_mut(&price) {
            line.lots -= lots;
            if before == NONE {
                line.first = after;
            }
            if after == NONE {
                line.last = before;
            }
        }
    }

    /// Removes all orders at a price.
    pub fn drop_level(&mut self, side: Side, price: i64) {
        let Some(line) = self.lines[side as usize].remove(&price) else { return };
        let mut at = line.first;
        while at != NONE {
            let node = &self.nodes[at as usize];
            self.places.remove(&node.order.id);
            self.free.push(at);
            at = node.after;
        }
    }

    /// Removes all orders.
    pub fn clear(&mut self) {
        self.places.clear();
        self.nodes.clear();
        self.free.clear();
        self.lines.iter_mut().for_each(FxHashMap::clear);
    }

    /// The lots of all orders at a price.
    pub fn lots_at(&self, side: Side, price: i64) -> i128 {
        self.lines[side as usize].get(&price).map_or(0, |line| line.lots)
    }

    /// The orders at a price, the first in the queue first.
    pub fn orders_at(&self, side: Side, price: i64) -> impl Iterator<Item = &RestingOrder> {
        let mut at = self.lines[side as usize].get(&price).map_or(NONE, |line| line.first);
        std::iter::from_fn(move || {
            let node = self.nodes.get(at as usize)?;
            at = node.after;
            Some(&node.order)
        })
    }

    /// Where an order waits; `None` if it isn't there.
    pub fn queue_place(&self, id: &OrderId) -> Option<QueuePlace> {
        let order = self.find(id)?;
        let mut place = QueuePlace { price_ticks: order.price, size_lots: order.lots, orders_ahead: 0, lots_ahead: 0 };
        for ahead in self.orders_at(order.side, order.price).take_while(|one| one.id != *id) {
            place.orders_ahead += 1;
            place.lots_ahead += i128::from(ahead.lots);
        }
        Some(place)
    }

    /// The bytes held, without those of long ids.
    pub fn memory_bytes(&self) -> usize {
        let lines: usize = self.lines.iter().map(|lines| lines.capacity() * size_of::<(i64, Line)>()).sum();
        size_of::<Self>()
            + self.places.capacity() * size_of::<(OrderId, u32)>()
            + self.nodes.capacity() * size_of::<Node>()
            + self.free.capacity() * size_of::<u32>()
            + lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_a_number_in_its_usual_form_only() {
        let text = "be3c69b7-1c5e-446f-b80d-8398aae065c5";
        let id = OrderId::of_text(text.as_bytes());
        assert!(matches!(id, OrderId::Guid(_)));
        assert_eq!(id.text().as_deref(), Some(text));
        for other in [
            "be3c69b7-1c5e-446f-b80d-8398aae065cg",
            "BE3c69b7-1c5e-446f-b80d-8398aae065c5",
            "be3c69b711c5e-446f-b80d-8398aae065c5",
            "-",
            "",
        ] {
            assert!(matches!(OrderId::of_text(other.as_bytes()), OrderId::Text(_)), "{other}");
        }
    }
}
