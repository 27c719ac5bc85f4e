//! Levels of a message, in any of the shapes that are declared. The twin is `mainspring.wire._tree_levels`.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::mantissa::{Mantissas, Work, with_mantissas};
use crate::wire::declared::Levels;
use crate::wire::json::space;
use crate::wire::json_value::number_value;
use crate::wire::tree::ledger::{LevelId, Row};
use crate::wire::tree::node::{Kind, Message, Node, Span};
use crate::wire::tree::orders::OrderChange;
use crate::wire::tree::path::{From, Path, Paths, Scope};
use crate::wire::tree::readers::Steps;
use crate::wire::tree::rows::{Cells, Grid, RowShapes, Says};
use crate::wire::tree::units::{Unit, sign};
use crate::wire::tree::values::{ChoiceAt, fault};
use crate::wire::value::{Fault, Is};

/// The levels of a message.
#[derive(Clone, Debug)]
pub enum Rows {
    /// The arena holds them.
    Arena,
    /// The arena holds them, and they go through the instrument's ledger first.
    Ledger,
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
    /// How the rows are written, where their bytes are read.
    shapes: RowShapes,
}

impl LevelsAt {
    /// Compiles levels for an instrument with that tick and lot size.
    pub fn new(
        field: &Levels,
        fixed: i64,
        (tick, lot): Steps,
        venue_symbol: &str,
        paths: &Paths,
    ) -> Result<Self, String> {
        let lots = Unit::new(lot.0, &field.size_scale, venue_symbol)?;
        Ok(LevelsAt {
            path: paths.of(&field.key),
            fixed,
            optional: field.optional,
            single: field.single,
            signed: field.signed,
            placeholder: field.placeholder,
            price: paths.of_place(&field.price),
            size: paths.of_place(&field.size),
            ticks: Unit::new(tick.0, &field.scale, venue_symbol)?,
            lots: if field.size_decimals.is_some() { lots.rounded(lot.1) } else { lots },
            side: field.side.as_ref().map(|choice| ChoiceAt::in_row(choice, paths)),
            deletes: field.deletes.as_ref().map(|choice| ChoiceAt::in_row(choice, paths)),
            id: field.id.as_ref().map(|place| paths.of_place(place)),
            shapes: RowShapes::default(),
        })
    }

    /// Where the levels stand, if their rows may be left as bytes: see `Kind::Rows`.
    pub fn as_bytes(&self) -> Option<&Path> {
        let choices = [&self.side, &self.deletes].into_iter().flatten().map(|choice| &choice.path);
        let in_rows = [&self.price, &self.size].into_iter().chain(choices).all(|path| path.from == From::Row);
        (in_rows && !self.single && self.id.is_none()).then_some(&self.path)
    }

    /// Visits each level: whether it is a bid, price and size, and what a ledger needs; with `texts`, where these stand too.
    /// The price is 0 where only the id says which level it is.
    #[inline]
    pub fn each(
        &mut self,
        scope: &Scope<'_>,
        texts: bool,
        mut visit: impl FnMut(bool, Level, Row),
    ) -> Result<(), Fault> {
        let found = self.path.find(scope).map(|at| scope.message.node(at));
        if let Some(node) = found.filter(|node| node.kind == Kind::Rows) {
            let (start, end) = (node.start as usize, node.end as usize);
            let read = self.read_bytes(scope.message.raw, start, end, visit);
            return read.ok_or(Fault { at: start, what: "has a row that has to be taken down" });
        }
        let levels = &*self;
        for_each_row(scope, &levels.path, levels.optional, levels.single, |row| {
            if let Some((bid, level, row)) = levels.row(scope, row, texts)? {
                visit(bid, level, row);
            }
            Ok(())
        })
    }

    /// Visits the levels whose rows stand in these bytes; `None` where one is unusual, or the bytes are no array of rows.
    #[inline]
    fn read_bytes(&mut self, raw: &[u8], start: usize, end: usize, visit: impl FnMut(bool, Level, Row)) -> Option<()> {
        with_mantissas(Bytes { levels: self, raw, start, end, visit })
    }

    fn row(&self, item: &Scope<'_>, row: usize, texts: bool) -> Result<Option<(bool, Level, Row)>, Fault> {
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
        let text = |at: Option<usize>| {
            let node = at.filter(|_| texts).map(|at| message.node(at));
            node.filter(|node| node.kind == Kind::Text).map_or(Span::default(), Node::span)
        };
        let known = ticks.is_some();
        let row = Row { known, id, price: text(price), size: text(size), signed: self.signed };
        Ok(Some((side > 0, Level { price: ticks.unwrap_or_default(), lots }, row)))
    }
}

/// Rows as bytes, to be read.
struct Bytes<'a, V> {
    levels: &'a mut LevelsAt,
    raw: &'a [u8],
    start: usize,
    end: usize,
    visit: V,
}

impl<V: FnMut(bool, Level, Row)> Work for Bytes<'_, V> {
    type Outcome = Option<()>;

    #[inline(always)]
    fn run(self, mantissas: impl Mantissas) -> Option<()> {
        let Bytes { levels, raw, start, end, mut visit } = self;
        let LevelsAt { shapes, ticks, lots, signed, fixed, placeholder, price, size, side, deletes, .. } = levels;
        let (grid, side, deletes) = (Grid { ticks, lots, signed: *signed }, &*side, &*deletes);
        let says = |row: &Message<'_>| {
            let scope = Scope { message: *row, item: 0, row: 0 };
            let wanted = [
                Some((&*price, Says::Price)),
                Some((&*size, Says::Size)),
                side.as_ref().map(|side| (&side.path, Says::Side)),
                deletes.as_ref().map(|deletes| (&deletes.path, Says::Deletes)),
            ];
            wanted.into_iter().flatten().map(|(path, says)| Some((path.find(&scope)?, says))).collect()
        };
        let (mut at, mut cells) = (space(raw, start + 1), Cells::default());
        if *raw.get(at)? == b']' {
            return (at + 1 == end).then_some(());
        }
        loop {
            let behind = shapes.read(mantissas, raw, at, grid, &mut cells, says)?;
            let Cells { ticks, lots, minus, price, size, side: side_at, deletes: deletes_at } = cells;
            let text = |span: Span| &raw[span.start as usize..span.end as usize];
            let side = match side {
                Some(side) => side.of_text(text(side_at))?,
                None if *signed => 1 - 2 * i64::from(minus),
                None => *fixed,
            };
            let deleted = match deletes {
                Some(deletes) => deletes.of_text(text(deletes_at))? == 1,
                None => false,
            };
            if ticks != 0 || !*placeholder {
                let lots = if deleted { 0 } else { lots };
                let row = Row { known: true, id: None, price, size, signed: *signed };
                visit(side > 0, Level { price: ticks, lots }, row);
            }
            at = match *raw.get(behind)? {
                b',' => space(raw, behind + 1),
                _ => {
                    let at = space(raw, behind);
                    return (*raw.get(at)? == b']' && at + 1 == end).then_some(());
                }
            };
        }
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

fn id(scope: &Scope<'_>, at: Option<usize>) -> Result<Box<LevelId>, Fault> {
    let node = at.map(|at| scope.message.node(at));
    match node.map(|node| (node.kind, scope.message.text(node))) {
        Some((Kind::Text, text)) => Ok(Box::new(LevelId::Text(text.into()))),
        Some((Kind::Integer, text)) => match number_value(text, true) {
            Some(Is::Integer(value)) => Ok(Box::new(LevelId::Integer(value))),
            _ => Err(fault(scope, at, "must be the id of a level")),
        },
        _ => Err(fault(scope, at, "must be the id of a level")),
    }
}
