//! Levels of a message, in any of the shapes that are declared. The twin is `mainspring.wire._tree_levels`.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::wire::declared::Levels;
use crate::wire::fields::RowRange;
use crate::wire::json_value::number_value;
use crate::wire::tree::ledger::{LevelId, Row};
use crate::wire::tree::orders::OrderChange;
use crate::wire::tree::path::{Path, Scope};
use crate::wire::tree::readers::Steps;
use crate::wire::tree::tape::Kind;
use crate::wire::tree::units::{Unit, sign};
use crate::wire::tree::values::{ChoiceAt, fault};
use crate::wire::value::{Fault, Is};

/// The levels of a message.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Ranges of the arena hold them.
    Arena,
    /// They go through the instrument's ledger first.
    Ledger(Vec<Row>),
    /// They are orders, of which the ledger makes levels.
    Orders(Vec<OrderChange>),
}

/// Where the levels of one declaration stand, and how they are written.
#[derive(Clone, Debug)]
pub struct LevelsAt {
    path: Path,
    /// The side of all rows; 0 where each says its own.
    fixed: i64,
    optional: bool,
    single: bool,
    signed: bool,
    placeholder: bool,
    price: Path,
    size: Path,
    ticks: Unit,
    lots: Unit,
    side: Option<ChoiceAt>,
    deletes: Option<ChoiceAt>,
    id: Option<Path>,
    /// The places of price and size in an array of an array, where nothing else is declared.
    plain: Option<(usize, usize)>,
}

impl LevelsAt {
    /// Compiles levels for an instrument with that tick and lot size.
    pub fn new(field: &Levels, fixed: i64, (tick, lot): Steps, venue_symbol: &str) -> Result<Self, String> {
        use crate::wire::declared::Place::Index;
        let usual = !field.single && !field.signed && field.side.is_none() && field.deletes.is_none();
        let plain = match (&field.price, &field.size) {
            (Index(price), Index(size)) if usual && field.id.is_none() && !field.placeholder => Some((*price, *size)),
            _ => None,
        };
        let lots = Unit::new(lot.0, &field.size_scale, venue_symbol)?;
        Ok(LevelsAt {
            path: Path::new(&field.key),
            fixed,
            optional: field.optional,
            single: field.single,
            signed: field.signed,
            placeholder: field.placeholder,
            price: Path::of_place(&field.price),
            size: Path::of_place(&field.size),
            ticks: Unit::new(tick.0, &field.scale, venue_symbol)?,
            lots: if field.size_decimals.is_some() { lots.rounded(lot.1) } else { lots },
            side: field.side.as_ref().map(ChoiceAt::in_row),
            deletes: field.deletes.as_ref().map(ChoiceAt::in_row),
            id: field.id.as_ref().map(Path::of_place),
            plain,
        })
    }

    /// The levels, all of one side, put into `arena`.
    pub fn one_side(&self, scope: &Scope<'_>, arena: &mut Vec<Level>) -> Result<RowRange, Fault> {
        let start = arena.len() as u32;
        let message = scope.message;
        if let Some((price, size)) = self.plain
            && let Some(at) = self.path.find(scope)
            && message.node(at).kind == Kind::Array
        {
            for row in message.items(at) {
                let cells = (message.node(row).kind == Kind::Array)
                    .then(|| (message.item(row, price as i64), message.item(row, size as i64)));
                let Some((price, size)) = cells else { return Err(fault(scope, Some(row), "must be an array")) };
                let level =
                    Level { price: self.ticks.of(scope, price, false)?, lots: self.lots.of(scope, size, false)? };
                arena.push(level);
            }
            return Ok((start, arena.len() as u32));
        }
        self.each(scope, false, |row| {
            let price = row.ticks.unwrap_or_default();
            arena.push(Level { price, lots: row.lots });
        })?;
        Ok((start, arena.len() as u32))
    }

    /// The levels, put into `bids` and `asks`.
    pub fn both_sides(&self, scope: &Scope<'_>, bids: &mut Vec<Level>, asks: &mut Vec<Level>) -> Result<(), Fault> {
        self.each(scope, false, |row| {
            let level = Level { price: row.ticks.unwrap_or_default(), lots: row.lots };
            if row.bid { bids.push(level) } else { asks.push(level) }
        })
    }

    /// Visits each level; with `texts`, with where it stands as text too.
    pub fn each(&self, scope: &Scope<'_>, texts: bool, mut visit: impl FnMut(Row)) -> Result<(), Fault> {
        for_each_row(scope, &self.path, self.optional, self.single, |row| {
            self.row(scope, row, texts)?.into_iter().for_each(&mut visit);
            Ok(())
        })
    }

    fn row(&self, item: &Scope<'_>, row: usize, texts: bool) -> Result<Option<Row>, Fault> {
        let scope = &Scope { row, ..*item };
        let message = scope.message;
        let (price, size) = (self.price.find(scope), self.size.find(scope));
        let side = match &self.side {
            Some(side) => side.read(scope)?,
            None if self.signed => sign(scope, size),
            None => self.fixed,
        };
        let id = match &self.id {
            Some(path) => Some(id(scope, path.find(scope))?),
            None => None,
        };
        let ticks = if id.is_some() && price.is_none() { None } else { Some(self.ticks.of(scope, price, false)?) };
        if ticks == Some(0) && self.placeholder {
            return Ok(None);
        }
        let deleted = match &self.deletes {
            Some(deletes) => deletes.read(scope)? == 1,
            None => false,
        };
        let lots = if deleted { 0 } else { self.lots.of(scope, size, self.signed)? };
        let text = |at: Option<usize>| at.filter(|&at| texts && message.node(at).kind == Kind::Text);
        Ok(Some(Row { bid: side > 0, ticks, lots, id, price: text(price), size: text(size), signed: self.signed }))
    }
}

/// Visits the rows under a path, each an array or an object. With `single` there is one instead of an array of them.
pub fn for_each_row(
    scope: &Scope<'_>,
    path: &Path,
    optional: bool,
    single: bool,
    mut visit: impl FnMut(usize) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let message = scope.message;
    let found = path.find(scope);
    match found.map(|at| message.node(at).kind) {
        None | Some(Kind::Null) if optional => return Ok(()),
        Some(Kind::Array) if !single => {}
        Some(Kind::Array | Kind::Object) if single => return visit(found.unwrap_or_default()),
        _ => return Err(fault(scope, found, "must be an array of levels")),
    }
    let rows = message.items(found.unwrap_or_default());
    if let Some(wrong) = rows.clone().find(|&row| !matches!(message.node(row).kind, Kind::Array | Kind::Object)) {
        return Err(fault(scope, Some(wrong), "must be an array or an object"));
    }
    for row in rows {
        visit(row)?;
    }
    Ok(())
}

fn id(scope: &Scope<'_>, at: Option<usize>) -> Result<LevelId, Fault> {
    let node = at.map(|at| scope.message.node(at));
    match node.map(|node| (node.kind, scope.message.text(node))) {
        Some((Kind::Text, text)) => Ok(LevelId::Text(text.into())),
        Some((Kind::Integer, text)) => match number_value(text, true) {
            Some(Is::Integer(value)) => Ok(LevelId::Integer(value)),
            _ => Err(fault(scope, at, "must be the id of a level")),
        },
        _ => Err(fault(scope, at, "must be the id of a level")),
    }
}
