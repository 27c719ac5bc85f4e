#![no_main]
//! Commands to the order tracker: nothing panics, and what is counted on the way agrees with what the orders say.

mod tracked;

use libfuzzer_sys::fuzz_target;
use mainspring_native::trading::order::{Event, NOBODY, NewOrder, RequestKind, Told};
use mainspring_native::trading::tracker::Tracker;
use mainspring_native::venue::NEVER_NS;
use mainspring_native::venue::orders::TimeInForce;

const INSTRUMENTS: usize = 3;
const STRATEGIES: u32 = 2;

/// A number that a byte stands for: small ones, and the limits of 64 bits.
fn number(byte: u8) -> i64 {
    match byte {
        255 => i64::MAX,
        254 => i64::MIN,
        253 => i64::MAX - 1,
        252 => i64::MIN + 1,
        _ => i64::from(byte % 16) - 2,
    }
}

fn told(command: u8, flags: u8, [a, b, c]: [i64; 3]) -> Told {
    match command {
        0 => Told::Accepted,
        1 => {
            let request = [RequestKind::New, RequestKind::Cancel, RequestKind::Replace][usize::from(flags % 3)];
            Told::Rejected { reason: "no".into(), request }
        }
        2 | 3 => {
            let buy = flags & 1 == 0;
            Told::Fill { fill_id: a, buy, price_ticks: b, size_lots: c, maker: flags & 2 == 0, fee_ppb: 0 }
        }
        4 => Told::Cancelled { remaining_lots: a, reason: "gone".into() },
        5 => Told::Expired { remaining_lots: a, reason: "gone".into() },
        _ => Told::Replaced { price_ticks: b, size_lots: c },
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&timeout, commands)) = data.split_first() else { return };
    let mut tracker = Tracker::new(INSTRUMENTS, number(timeout));
    let (mut now_ns, mut last_id) = (0_i64, -2_i64);
    for command in commands.chunks_exact(7) {
        let [kind, flags, id, place, a, b, c] = *command else { return };
        let numbers = [a, b, c].map(number);
        now_ns = if flags > 250 { numbers[0] } else { now_ns.saturating_add(i64::from(flags % 8)) };
        let order_id = if id < 240 { last_id.saturating_sub(i64::from(id % 16)) } else { number(id) };
        let before = tracker.all_open().count();
        let done = match kind % 16 {
            kind @ 0..=6 => {
                let event =
                    Event { order_id, instrument: number(place), time_ns: now_ns, what: told(kind, flags, numbers) };
                let applied = tracker.apply(&event, now_ns);
                assert!(
                    applied.is_none_or(|applied| tracker
                        .find(order_id)
                        .is_none_or(|order| order.ended() == applied.ended))
                );
                Ok(())
            }
            7 | 8 => {
                let new_id = if flags & 16 == 0 { last_id.saturating_add(1) } else { order_id };
                let order = NewOrder {
                    order_id: new_id,
                    instrument: usize::from(place) % (INSTRUMENTS + 1),
                    buy: flags & 1 == 0,
                    limit: true,
                    price_ticks: numbers[1],
                    size_lots: numbers[2],
                    created_ns: now_ns,
                    time_in_force: TimeInForce::Gtc,
                    post_only: false,
                    strategy: u32::from(flags >> 1) % STRATEGIES,
                    expires_ns: 0,
                    reduce_only: false,
                };
                let added = tracker.add(order);
                last_id = if added.is_ok() { new_id } else { last_id };
                assert_eq!(tracker.all_open().count(), before + usize::from(added.is_ok()));
                added
            }
            9 => tracker.send(order_id, now_ns),
            10 => tracker.request_cancel(order_id, now_ns),
            11 => tracker.request_replace(order_id, numbers[1], numbers[2], now_ns),
            12 => tracker.mark_unknown(order_id),
            13 => {
                let overdue = tracker.take_overdue(now_ns);
                assert!(tracker.due_ns > now_ns || tracker.due_ns == NEVER_NS);
                assert!(overdue.iter().all(|order_id| tracker.get(*order_id).is_ok_and(|order| !order.ended())));
                Ok(())
            }
            14 => {
                tracker.lose_connection(&[usize::from(place) % 4, usize::from(a) % 4]);
                Ok(())
            }
            _ => {
                tracker.clear_discrepancy(usize::from(place) % 4);
                Ok(())
            }
        };
        assert!(done.is_ok() || done.is_err_and(|text| text.starts_with("order ")));
        for found in tracker.take_discrepancies() {
            let named = usize::try_from(found.instrument).is_ok_and(|place| place < INSTRUMENTS);
            let places = if named { found.instrument as usize..found.instrument as usize + 1 } else { 0..INSTRUMENTS };
            assert!(places.into_iter().all(|place| tracker.stop(place).is_some_and(|(code, _)| code == "discrepancy")));
        }
        assert!(tracker.take_fills().all(|strategy| strategy == NOBODY || strategy < STRATEGIES));
        tracked::check(&tracker, INSTRUMENTS, STRATEGIES);
    }
});
