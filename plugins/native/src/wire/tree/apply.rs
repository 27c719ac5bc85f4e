//! Applies what a message said: to its instrument's numbering, its ledger and the sink.

#![forbid(unsafe_code)]

use crate::wire::event::{CauseCounts, Depth, Event, Sink};
use crate::wire::fields::RowRange;
use crate::wire::reading::{BookKind, Reading};
use crate::wire::sync::{Body, BookSync};
use crate::wire::tree::arena::Arena;
use crate::wire::tree::checked::Checked;
use crate::wire::tree::ledger::Ledger;
use crate::wire::tree::levels::Rows;
use crate::wire::tree::node::Message;
use crate::wire::tree::readers::Read;

/// Applies what a message said of one instrument. `proved` counts the checksums that are compared, and those that are right.
#[allow(clippy::too_many_arguments, reason = "the parts of a tree, borrowed one by one")]
pub(super) fn apply(
    read: &Read,
    message: Message<'_>,
    arena: &mut Arena,
    ledgers: &mut [Ledger],
    syncs: &mut [BookSync],
    causes: &mut CauseCounts,
    proved: &mut (u64, u64),
    sink: &mut impl Sink,
) {
    match &read.reading {
        Reading::Quote(quote) => sink.event(Event::Quote(quote)),
        Reading::Trade { rising, trade } => {
            if syncs[trade.instrument].takes_trade(trade, *rising, causes) {
                sink.event(Event::Trade(trade));
            }
        }
        Reading::Correction(correction) => sink.event(Event::Correction(correction)),
        Reading::Bar(bar) => sink.event(Event::Bar(bar)),
        Reading::Status(status) => sink.event(Event::Status(status)),
        Reading::Mark(mark) => sink.event(Event::Mark(mark)),
        Reading::Control(control) => sink.event(Event::Control(control)),
        &Reading::Depth { kind, ref depth, bids, asks } => {
            let sync = &mut syncs[depth.instrument];
            let ledger = match &read.rows {
                Rows::Arena => {
                    let body = Body::levels(arena.side(0, bids), arena.side(1, asks));
                    return numbered(kind, read.restarts, depth, body, sync, causes, sink);
                }
                Rows::Orders(_) => &mut ledgers[depth.instrument],
                Rows::Ledger => {
                    let ledger = &mut ledgers[depth.instrument];
                    let known = resolve(ledger, [bids, asks], arena);
                    if known != [bids, asks] {
                        ledger.keep_sent(arena.sent(known, message));
                        return sync.on_unknown_level(depth.receive_time_ns, causes, sink);
                    }
                    if read.restarts && kind == BookKind::Snapshot {
                        // Nothing that was kept is applied after it.
                        ledger.clear();
                    }
                    ledger
                }
            };
            if let Some(reach) = read.reach {
                ledger.reach(reach);
            }
            let resyncs = sync.resyncs;
            let (orders, sent) = match &read.rows {
                Rows::Orders(changes) => (Some(changes.as_slice()), None),
                _ => (None, Some(arena.sent([bids, asks], message))),
            };
            let (bids, asks) = (arena.side(0, bids), arena.side(1, asks));
            let mut checked = Checked::new(ledger, sink, read.checksum, sent, kind == BookKind::Delta);
            numbered(kind, read.restarts, depth, Body { bids, asks, orders }, sync, causes, &mut checked);
            checked.keep_rest();
            proved.0 += u64::from(checked.compared);
            proved.1 += u64::from(checked.compared && !checked.wrong);
            if checked.wrong {
                // A snapshot that is wrong itself has ended no quarantine.
                sync.resyncs = resyncs;
                sync.on_wrong_checksum(depth.receive_time_ns, causes, sink);
            } else if checked.lost {
                sync.on_unknown_level(depth.receive_time_ns, causes, sink);
            }
        }
        Reading::UnknownSymbol | Reading::Ignored => {}
    }
}

/// Finds the prices of levels that have only ids, and returns the levels up to the first one whose id no level with a price came
/// with.
#[inline]
fn resolve(ledger: &mut Ledger, sides: [RowRange; 2], arena: &mut Arena) -> [RowRange; 2] {
    if arena.ids.iter().all(Vec::is_empty) {
        return sides;
    }
    let mut known = sides.map(|(start, _)| (start, start));
    for (side, (start, end)) in sides.into_iter().enumerate() {
        let range = start as usize..end as usize;
        let mut ids = arena.ids[side].get(range.start..).unwrap_or_default();
        ids = &ids[..ids.len().min(range.len())];
        let found = ledger.resolve(&mut arena.levels[side][range.clone()], &arena.rows[side][range], ids);
        known[side].1 = start + found as u32;
        if known[side].1 < end {
            break;
        }
    }
    known
}

fn numbered(
    kind: BookKind,
    restarts: bool,
    depth: &Depth,
    body: Body<'_>,
    sync: &mut BookSync,
    causes: &mut CauseCounts,
    sink: &mut impl Sink,
) {
    match kind {
        BookKind::Delta => sync.on_delta(depth, body, causes, sink),
        BookKind::View => sync.on_view(depth, body, causes, sink),
        BookKind::Snapshot if restarts => sync.on_restart(depth, body, sink),
        BookKind::Snapshot => sync.on_snapshot(depth, body, false, causes, sink),
        BookKind::Cut => sync.on_snapshot(depth, body, true, causes, sink),
    }
}
