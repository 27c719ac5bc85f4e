//! What Python can't reach, or not in reasonable time; tests/native/test_tracker_twins.py compares the rest with the twin.

use crate::trading::discrepancy::{DUPLICATE_FILL, NEVER_SENT, OVERFILL};
use crate::trading::lifecycle::OrderState;
use crate::trading::manager::{Approved, Asked, Change, Desk, Refused, decide};
use crate::trading::order::{Event, NewOrder, RequestKind, Told};
use crate::trading::tracker::{ENDED_KEPT, Tracker};
use crate::venue::NEVER_NS;
use crate::venue::orders::TimeInForce;

fn order(order_id: i64, instrument: usize, strategy: u32, size_lots: i64) -> NewOrder {
    NewOrder {
        order_id,
        instrument,
        buy: true,
        limit: true,
        price_ticks: 10,
        size_lots,
        created_ns: 0,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        strategy,
        expires_ns: 0,
        reduce_only: false,
    }
}

fn sent(order_id: i64, size_lots: i64, answer_timeout_ns: i64) -> Tracker {
    let mut tracker = Tracker::new(1, answer_timeout_ns);
    tracker.add(order(order_id, 0, 0, size_lots)).unwrap();
    tracker.send(order_id, 0).unwrap();
    tracker
}

fn report(order_id: i64, what: Told) -> Event {
    Event { order_id, instrument: 0, time_ns: 0, what }
}

fn fill(order_id: i64, fill_id: i64, size_lots: i64) -> Event {
    report(order_id, Told::Fill { fill_id, buy: true, price_ticks: 1, size_lots, maker: true, fee_ppb: 0 })
}

fn found(tracker: &mut Tracker) -> Vec<&'static str> {
    tracker.take_discrepancies().into_iter().map(|found| found.what).collect()
}

#[test]
fn sums_exceed_64_bits() {
    let mut tracker = sent(1, i64::MAX, 0);
    tracker.add(order(2, 0, 0, i64::MAX)).unwrap();
    assert_eq!(tracker.open_lots(0), (2 * i128::from(i64::MAX), 0));
    tracker.apply(&report(1, Told::Accepted), 0);
    tracker.apply(&fill(1, 0, i64::MAX - 1), 0);
    for fill_id in 1..=10 {
        tracker.apply(&fill(1, fill_id, i64::MAX), 0);
    }
    assert_eq!(tracker.find(1).unwrap().filled_lots, 11 * i128::from(i64::MAX) - 1);
    assert_eq!(found(&mut tracker)[0], OVERFILL);
    tracker.apply(&report(1, Told::Cancelled { remaining_lots: i64::MIN, reason: "".into() }), i64::MIN);
    assert_eq!(tracker.open_lots(0), (i128::from(i64::MAX), 0));
}

#[test]
fn an_answer_due_beyond_64_bits_never_is() {
    let mut tracker = sent(1, 1, i64::MAX);
    assert_eq!(tracker.due_ns, i64::MAX);
    tracker.apply(&report(1, Told::Accepted), i64::MAX);
    tracker.request_cancel(1, i64::MAX).unwrap();
    assert_eq!(tracker.due_ns, NEVER_NS);
    assert!(tracker.take_overdue(i64::MAX).is_empty());
    let mut tracker = sent(1, 1, -1);
    assert!(tracker.take_overdue(i64::MAX).is_empty());
}

#[test]
fn every_fill_id_is_remembered() {
    let mut tracker = sent(1, 1_000, 0);
    tracker.apply(&report(1, Told::Accepted), 0);
    for _ in 0..2 {
        for fill_id in 0..100 {
            tracker.apply(&fill(1, fill_id, 1), 0);
        }
    }
    assert_eq!(tracker.find(1).unwrap().filled_lots, 100);
    assert_eq!(found(&mut tracker), vec![DUPLICATE_FILL; 100]);
    assert_eq!(tracker.take_fills().len(), 100);
    assert_eq!(tracker.take_fills().len(), 0);
}

#[test]
fn replaces_are_answered_in_turn() {
    let mut tracker = sent(1, 10, 0);
    tracker.apply(&report(1, Told::Accepted), 0);
    let no = || report(1, Told::Rejected { reason: "no".into(), request: RequestKind::Replace });
    for size_lots in [30, 20, 15] {
        tracker.request_replace(1, 10, size_lots, 0).unwrap();
    }
    let mut open = vec![tracker.open_lots(0).0];
    for _ in 0..3 {
        tracker.apply(&no(), 0);
        open.push(tracker.open_lots(0).0);
    }
    assert_eq!(open, [30, 20, 15, 10]);
    assert_eq!(tracker.find(1).unwrap().state, OrderState::Accepted);
}

#[test]
fn an_order_filled_before_it_was_sent_exposes_nothing_less() {
    let mut tracker = Tracker::new(1, 7);
    tracker.add(order(1, 0, 0, 2)).unwrap();
    tracker.apply(&fill(1, 1, 5), 0);
    assert_eq!((found(&mut tracker), tracker.due_ns), (vec![NEVER_SENT], NEVER_NS));
    tracker.send(1, 3).unwrap();
    assert_eq!(tracker.due_ns, 10);
    tracker.apply(&report(1, Told::Accepted), 0);
    assert_eq!(tracker.open_lots(0), (0, 0));
}

#[test]
fn orders_leave_their_lists_from_anywhere() {
    let mut tracker = Tracker::new(2, 5);
    for order_id in 0..9 {
        tracker.add(order(order_id, order_id as usize % 2, order_id as u32 % 3, 1)).unwrap();
        tracker.send(order_id, order_id).unwrap();
    }
    let ids = |tracker: &Tracker| tracker.all_open().map(|order| order.order.order_id).collect::<Vec<_>>();
    let end = |tracker: &mut Tracker, order_id: i64| {
        let what = Told::Rejected { reason: "no".into(), request: RequestKind::New };
        tracker.apply(&Event { order_id, instrument: order_id % 2, time_ns: 0, what }, 0)
    };
    for order_id in [4, 0, 8, 0] {
        end(&mut tracker, order_id);
    }
    assert_eq!(ids(&tracker), [1, 2, 3, 5, 6, 7]);
    assert_eq!(tracker.open_orders(0, 0).map(|order| order.order.order_id).collect::<Vec<_>>(), [6]);
    assert_eq!(tracker.open_orders(1, 1).map(|order| order.order.order_id).collect::<Vec<_>>(), [1, 7]);
    assert_eq!(tracker.open_orders(1, 9).count(), 0);
    assert_eq!(tracker.due_ns, 6);
    assert_eq!(tracker.take_overdue(10), [1, 2, 3, 5]);
    assert_eq!(tracker.lose_connection(&[1, 7]), [1, 3, 5, 7]);
    assert_eq!(tracker.take_overdue(NEVER_NS), [6]);
    for order_id in 0..9 {
        end(&mut tracker, order_id);
    }
    assert_eq!((ids(&tracker), tracker.due_ns), (vec![], NEVER_NS));
    tracker.add(order(9, 0, 0, 1)).unwrap();
    assert_eq!(ids(&tracker), [9]);
}

#[test]
fn slots_are_used_again() {
    let mut tracker = Tracker::new(1, 5);
    for order_id in 0..3 * ENDED_KEPT as i64 {
        tracker.add(order(order_id, 0, 0, 1)).unwrap();
        tracker.send(order_id, 0).unwrap();
        tracker.apply(&report(order_id, Told::Accepted), 0);
        tracker.apply(&fill(order_id, 1, 1), 0);
        assert_eq!(tracker.take_fills().collect::<Vec<_>>(), [0]);
    }
    assert_eq!(tracker.slots.len(), ENDED_KEPT + 1);
    assert_eq!((0..).find(|order_id| tracker.find(*order_id).is_some()), Some(2 * ENDED_KEPT as i64));
    assert!(found(&mut tracker).is_empty());
}

/// Prices orders below 100 ticks, and lets orders below 50 lots pass; notes what each check saw.
#[derive(Default)]
struct Counter {
    checked: Vec<(i64, i128)>,
}

impl Desk for Counter {
    type Estimate = i64;

    fn estimate(&mut self, order: &NewOrder, now_ns: i64) -> Result<i64, &'static str> {
        if order.price_ticks < 100 { Ok(order.size_lots.saturating_add(now_ns)) } else { Err("unpriced") }
    }

    fn refusal(&mut self, tracker: &Tracker, order: &NewOrder, gives_up: i128) -> Option<&'static str> {
        self.checked.push((order.size_lots, tracker.open_lots(order.instrument).0 - gives_up));
        (order.size_lots >= 50).then_some("too-large")
    }
}

#[test]
fn an_order_manager_decides_in_the_order_of_its_rules() {
    let mut tracker = Tracker::new(2, 1_000);
    let mut desk = Counter::default();
    let mut ask = |tracker: &mut Tracker, asked| match decide(tracker, &asked, 7, &mut desk) {
        Ok(Approved::New(_, estimate) | Approved::Replace(_, estimate)) => Ok(estimate),
        Ok(Approved::Cancel) => Ok(0),
        Err(Refused::For(reason)) => Err(reason.to_owned()),
        Err(Refused::Untracked(text)) => Err(text),
    };
    let new =
        |order_id, price_ticks, size_lots| Asked::New(NewOrder { price_ticks, ..order(order_id, 0, 3, size_lots) });
    let change = |order_id, instrument, strategy, change| Asked::Change { order_id, instrument, strategy, change };
    let replace = |price_ticks, size_lots| change(1, 0, 3, Change::Replace(price_ticks, size_lots));
    let refused = |reason: &str| Err(reason.to_owned());

    // Priced first, then the order itself, then what stops its instrument, then the checks.
    assert_eq!(ask(&mut tracker, new(1, 100, 0)), refused("unpriced"));
    assert_eq!(ask(&mut tracker, new(1, 10, 0)), refused("invalid-order"));
    let contradicting = Asked::New(NewOrder { post_only: true, time_in_force: TimeInForce::Ioc, ..order(1, 0, 3, 5) });
    assert_eq!(ask(&mut tracker, contradicting), refused("invalid-order"));
    tracker.stop_for(0, "reconciled", "5 lots more");
    assert_eq!(ask(&mut tracker, new(1, 10, 5)), refused("discrepancy"));
    tracker.clear_discrepancy(0);
    assert_eq!(ask(&mut tracker, new(1, 10, 50)), refused("too-large"));
    assert_eq!((tracker.all_open().count(), tracker.due_ns), (0, NEVER_NS));

    // What is approved is tracked as sent; an order of the same id can't be.
    assert_eq!(ask(&mut tracker, new(1, 10, 5)), Ok(12));
    assert_eq!((tracker.open_lots(0), tracker.due_ns), ((5, 0), 1_007));
    assert!(ask(&mut tracker, new(1, 10, 5)).unwrap_err().contains("ids must increase"));

    // Only its owner changes an order, in its instrument, and only to what leaves something of it.
    assert_eq!(ask(&mut tracker, change(2, 0, 3, Change::Cancel)), refused("unknown-order"));
    assert_eq!(ask(&mut tracker, change(1, 0, 4, Change::Cancel)), refused("not-yours"));
    assert_eq!(ask(&mut tracker, change(1, 1, 3, Change::Cancel)), refused("not-yours"));
    tracker.apply(&report(1, Told::Accepted), 8);
    tracker.apply(&fill(1, 1, 2), 8);
    assert_eq!(ask(&mut tracker, replace(100, 2)), refused("unpriced"));
    assert_eq!(ask(&mut tracker, replace(10, 2)), refused("invalid-order"));
    assert_eq!(ask(&mut tracker, replace(11, i64::MAX)), refused("too-large"));
    // Less at the same price adds no risk: no check sees it, as they see the next, without what it gives up.
    assert_eq!(ask(&mut tracker, replace(10, 4)), Ok(9));
    tracker.apply(&report(1, Told::Replaced { price_ticks: 10, size_lots: 4 }), 9);
    assert_eq!(ask(&mut tracker, replace(11, 4)), Ok(9));
    assert_eq!(ask(&mut tracker, change(1, 0, 3, Change::Cancel)), Ok(0));
    tracker.apply(&report(1, Told::Cancelled { remaining_lots: 2, reason: "".into() }), 10);
    assert_eq!(ask(&mut tracker, replace(11, 4)), refused("order-ended"));
    assert_eq!(desk.checked, [(50, 0), (5, 0), (5, 5), (i64::MAX - 2, 0), (2, 0)]);
}
