//! Sizes in round lots, made units. The twin is `mainspring.wire._round_lots`.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::wire::declared::{Message, RoundLots};
use crate::wire::reading::Reading;
use crate::wire::times::rfc3339_to_ns;

/// How many units the sizes of a message stand for that happened before a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    before_ns: i64,
    units: i64,
}

impl Units {
    /// Those of a declaration for an instrument; `None` where its sizes are units. The error says what can't be.
    pub fn new(message: &Message, venue_symbol: &str) -> Result<Option<Units>, String> {
        let Some(RoundLots { units, before }) = message.round_lots() else { return Ok(None) };
        let Some((_, units)) = units.iter().find(|(start, _)| venue_symbol.starts_with(start.as_str())) else {
            return Err(format!("no scale is declared for {venue_symbol:?}"));
        };
        let before_ns = rfc3339_to_ns(before.as_bytes()).ok_or_else(|| format!("{before} is no time"))?;
        Ok((*units != 1).then_some(Units { before_ns, units: *units }))
    }

    /// Whether they count at a time.
    pub fn count_at(&self, event_time_ns: i64) -> bool {
        event_time_ns < self.before_ns
    }

    /// Makes units of a size; `None` where it doesn't fit in 64 bits.
    pub fn apply(&self, lots: &mut i64) -> Option<()> {
        *lots = lots.checked_mul(self.units)?;
        Some(())
    }

    /// Makes units of the sizes of a message, whose levels are in `arena`; `None` where one doesn't fit in 64 bits.
    pub fn apply_all(&self, reading: &mut Reading, arena: &mut [Level]) -> Option<()> {
        match reading {
            Reading::Quote(quote) if self.count_at(quote.event_time_ns) => {
                self.apply(&mut quote.bid.lots)?;
                self.apply(&mut quote.ask.lots)
            }
            Reading::Trade { trade, .. } if self.count_at(trade.event_time_ns) => self.apply(&mut trade.size_lots),
            Reading::Bar(bar) if self.count_at(bar.event_time_ns) => self.apply(&mut bar.volume_lots),
            Reading::Depth { depth, bids, asks, .. } if self.count_at(depth.event_time_ns) => {
                for (start, end) in [*bids, *asks] {
                    for level in arena.get_mut(start as usize..end as usize).unwrap_or_default() {
                        self.apply(&mut level.lots)?;
                    }
                }
                Some(())
            }
            _ => Some(()),
        }
    }
}
