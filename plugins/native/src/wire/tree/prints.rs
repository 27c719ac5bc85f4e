//! Prints within a message, and what they count for. The twin is `mainspring.wire._tree_events`.

#![forbid(unsafe_code)]

use crate::wire::declared::{Conditions, Print};
use crate::wire::event::{PRINT_ALL, Trade};
use crate::wire::tree::node::Kind;
use crate::wire::tree::path::{Path, Paths, Scope};
use crate::wire::tree::readers::Steps;
use crate::wire::tree::units::UnitsAt;
use crate::wire::tree::values::{IntegerAt, fault, id};
use crate::wire::value::Fault;

/// A print within a message about prints.
#[derive(Clone, Debug)]
pub struct PrintAt {
    id: Option<IntegerAt>,
    price: UnitsAt,
    size: UnitsAt,
    /// Where its codes stand, and what they mean.
    pub conditions: Option<(Path, Conditions)>,
}

impl PrintAt {
    /// Compiles the field for an instrument with that tick and lot size.
    pub fn new(field: &Print, (tick, lot): Steps, symbol: &str, paths: &Paths) -> Result<PrintAt, String> {
        Ok(PrintAt {
            id: field.trade_id.as_ref().map(|id| IntegerAt::new(id, paths)),
            price: UnitsAt::new(&field.price, tick, symbol, paths)?,
            size: UnitsAt::new(&field.size, lot, symbol, paths)?,
            conditions: conditions_at(field.conditions.as_ref(), paths),
        })
    }

    /// The print; `at` has its instrument and times.
    pub fn read(&self, scope: &Scope<'_>, at: Trade) -> Result<Trade, Fault> {
        let trade_id = id(self.id.as_ref(), scope)?;
        let (price_ticks, fraction_nanoticks) = self.price.print_price(scope)?;
        let size_lots = self.size.read(scope)?;
        let counts = counts(self.conditions.as_ref(), scope)?;
        Ok(Trade { trade_id, price_ticks, size_lots, counts, fraction_nanoticks, ..at })
    }
}

/// Where the codes of a print stand, and what they mean.
pub fn conditions_at(field: Option<&Conditions>, paths: &Paths) -> Option<(Path, Conditions)> {
    field.map(|codes| (paths.of(&codes.key), codes.clone()))
}

/// What a print counts for.
pub fn counts(field: Option<&(Path, Conditions)>, scope: &Scope<'_>) -> Result<i64, Fault> {
    let Some((path, codes)) = field else { return Ok(PRINT_ALL) };
    let Some(at) = path.find(scope) else { return Ok(PRINT_ALL) };
    let (message, node) = (scope.message, scope.message.node(at));
    match node.kind {
        Kind::Text => Ok(codes.of(message.text(node))),
        Kind::Array => message.items(at).try_fold(PRINT_ALL, |counts, item| {
            let node = message.node(item);
            match node.kind {
                Kind::Text => Ok(counts & codes.of(message.text(node))),
                _ => Err(fault(scope, Some(at), "must be condition codes")),
            }
        }),
        _ => Err(fault(scope, Some(at), "must be condition codes")),
    }
}
