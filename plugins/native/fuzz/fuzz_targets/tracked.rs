//! What must hold of an order tracker after whatever command.

use mainspring_native::trading::tracker::Tracker;

/// Open lots are the sum over open orders, which come in the order of their ids, and are the same by strategy.
pub fn check(tracker: &Tracker, instruments: usize, strategies: u32) {
    let mut lots = vec![(0_i128, 0_i128); instruments];
    let mut unknown = vec![false; instruments];
    let mut last_id = None;
    for order in tracker.all_open() {
        assert!(!order.ended() && order.exposure_lots >= 0 && order.filled_lots >= 0);
        assert!(last_id.replace(order.order.order_id) < Some(order.order.order_id));
        let lots = &mut lots[order.order.instrument];
        *(if order.order.buy { &mut lots.0 } else { &mut lots.1 }) += order.exposure_lots;
        unknown[order.order.instrument] |= order.state.name() == "unknown";
    }
    let listed = |(place, strategy)| tracker.open_orders(place, strategy).count();
    let every = (0..instruments).flat_map(|place| (0..strategies).map(move |strategy| (place, strategy)));
    assert_eq!(every.map(listed).sum::<usize>(), tracker.all_open().count());
    for place in 0..instruments {
        assert_eq!(tracker.open_lots(place), lots[place]);
        match tracker.stop(place) {
            Some((code, _)) => assert!(code == "discrepancy" || unknown[place]),
            None => assert!(!unknown[place]),
        }
    }
}
