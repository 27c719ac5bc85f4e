//! Levels of a message, in any of the shapes that are declared. The twin is `mainspring.wire._tree_levels`.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::mantissa::{Mantissas, Work, with_mantissas};
use crate::wire::declared::Levels;
use crate::wire::json::space;
use crate::wire::json_value::number_value;
use crate::wire::tree::arena::Arena;
use crate::wire::tree::ledger::{LevelId, Row};
use crate::wire::tree::node::{Kind, Message, Node, Span};
use crate::wire::tree::orders::OrderChange;
use crate::wire::tree::path::{From, Path, Paths, Scope};
use crate::wire::tree::readers::Steps;
use crate::wire::tree::rows::{Cells, DELETES, Grid, RowShapes, SIDE, Says, Told};
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

/// A level: whether it is a bid, price and size, and what a ledger has to know of it.
type Taken = (bool, Level, Row, Option<LevelId>);

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

    /// Adds each level to `arena`; with `TEXTS`, with what a ledger needs. The price is 0 where only the id says which level it
    /// is.
    #[inline]
    pub fn read<const TEXTS: bool>(&mut self, scope: &Scope<'_>, arena: &mut Arena) -> Result<(), Fault> {
        let found = self.path.find(scope).map(|at| scope.message.node(at));
        if let Some(node) = found.filter(|node| node.kind == Kind::Rows) {
            let (raw, start, end) = (scope.message.raw, node.start as usize, node.end as usize);
            // Many messages have levels of one side: an array of two bytes has none.
            if end - start == 2 {
                return Ok(());
            }
            let read = with_mantissas(Bytes::<TEXTS> { levels: self, raw, start, end, arena });
            return read.ok_or(Fault { at: start, what: "has a row that has to be taken down" });
        }
        self.read_nodes::<TEXTS>(scope, arena)
    }

    /// The same, of rows that were taken down.
    #[inline(never)]
    fn read_nodes<const TEXTS: bool>(&self, scope: &Scope<'_>, arena: &mut Arena) -> Result<(), Fault> {
        let levels = self;
        for_each_row(scope, &levels.path, levels.optional, levels.single, |row| {
            let Some((bid, level, row, id)) = levels.row(scope, row, TEXTS)? else { return Ok(()) };
            arena.push::<TEXTS>(bid, level, row);
            if let Some(id) = id.filter(|_| TEXTS) {
                arena.push_id(bid, id);
            }
            Ok(())
        })
    }

    fn row(&self, item: &Scope<'_>, row: usize, texts: bool) -> Result<Option<Taken>, Fault> {
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
        let row = Row { known, price: text(price), size: text(size), signed: self.signed };
        Ok(Some((side > 0, Level { price: ticks.unwrap_or_default(), lots }, row, id)))
    }
}

/// Rows as bytes, to be read.
struct Bytes<'a, const TEXTS: bool> {
    levels: &'a mut LevelsAt,
    raw: &'a [u8],
    start: usize,
    end: usize,
    arena: &'a mut Arena,
}

impl<const TEXTS: bool> Work for Bytes<'_, TEXTS> {
    /// `None` where a row is unusual, or the bytes are no array of rows.
    type Outcome = Option<()>;

    #[inline(always)]
    fn run(self, mantissas: impl Mantissas) -> Option<()> {
        let Bytes { levels, raw, start, end, arena } = self;
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
        let mut at = space(raw, start + 1);
        if *raw.get(at)? == b']' {
            return (at + 1 == end).then_some(());
        }
        let (mut told, mut unknown) = ([Told::default(); 2], 0);
        loop {
            let Some(shape) = shapes.last() else {
                shapes.find(raw, at, grid, says)?;
                continue;
            };
            let (swapped, texts) = (shape.is_swapped(), shape.has_texts());
            // As long as rows are written alike.
            while let Some((cells, behind)) = shape.read(mantissas, raw, at, grid, &mut told) {
                let side = match side {
                    Some(side) => side.of_told(raw, told[SIDE])?,
                    None if *signed => 1 - 2 * i64::from(cells.minus),
                    None => *fixed,
                };
                let deleted = match deletes {
                    Some(deletes) => deletes.of_told(raw, told[DELETES])? == 1,
                    None => false,
                };
                let Cells { units: [mut price, mut lots], at: places, .. } = cells;
                if swapped {
                    (price, lots) = (lots, price);
                }
                if price != 0 || !*placeholder {
                    let text = |at: usize| {
                        let (start, end) = if texts[at] { places[at] } else { (0, 0) };
                        Span { own: false, start, end }
                    };
                    let (price_at, size_at) = if swapped { (text(1), text(0)) } else { (text(0), text(1)) };
                    let row = Row { known: true, price: price_at, size: size_at, signed: *signed };
                    let level = Level { price, lots: if deleted { 0 } else { lots } };
                    arena.push::<TEXTS>(side > 0, level, row);
                }
                if raw.get(behind) != Some(&b',') {
                    let at = space(raw, behind);
                    return (*raw.get(at)? == b']' && at + 1 == end).then_some(());
                }
                at = space(raw, behind + 1);
            }
            if unknown == at {
                return None;
            }
            unknown = at;
            shapes.find(raw, at, grid, says)?;
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
