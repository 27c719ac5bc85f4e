//! Rows of a message that are single orders. The twin is `mainspring.wire._tree_orders`.

#![forbid(unsafe_code)]

use crate::book::queues::OrderId;
use crate::wire::declared::{Levels, OrderAction};
use crate::wire::event::NO_ID;
use crate::wire::tree::node::Kind;
use crate::wire::tree::path::{Path, Paths, Scope};
use crate::wire::tree::readers::Steps;
use crate::wire::tree::units::{Unit, UnitsAt, sign};
use crate::wire::tree::values::{ChoiceAt, digits_of, fault};
use crate::wire::value::Fault;

/// What a row does to an order: see the constants of `mainspring.wire`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is put there, or changed.
    Sets,
    /// It is changed if it is there.
    Changes,
    /// The size is taken off it.
    Reduces,
    /// The size is taken off it by a trade.
    Executes,
    /// It is gone.
    Deletes,
    /// Nothing.
    Passes,
}

impl Action {
    /// The action of a number.
    pub fn of(number: i64) -> Option<Action> {
        use Action::{Changes, Deletes, Executes, Passes, Reduces, Sets};
        let place = usize::try_from(number).ok()?;
        [Sets, Changes, Reduces, Executes, Deletes, Passes].get(place).copied()
    }
}

/// What a row says.
#[derive(Clone, Debug)]
pub struct OrderChange {
    /// What it does.
    pub action: Action,
    /// The order's id.
    pub id: OrderId,
    /// 1 for a bid, -1 for an offer, 0 where it isn't said.
    pub side: i64,
    /// The price in ticks; `None` where it isn't said.
    pub ticks: Option<i64>,
    /// How many billionths of a tick an execution lies above it.
    pub fraction_nanoticks: i64,
    /// The size in lots.
    pub lots: i64,
    /// The order whose place it takes.
    pub replaces: Option<OrderId>,
    /// The id of its trade.
    pub trade_id: i64,
    /// Whether an order that isn't there may be passed over.
    pub passes: bool,
}

#[derive(Clone, Debug)]
enum ActionAt {
    Fixed(Action),
    Said(ChoiceAt),
}

/// Where the orders of one declaration stand, and how they are written.
#[derive(Clone, Debug)]
pub struct OrdersAt {
    path: Path,
    fixed: i64,
    optional: bool,
    single: bool,
    signed: bool,
    /// Whether every order must have a price.
    whole: bool,
    id: Path,
    price: Path,
    size: Path,
    ticks: Unit,
    /// The price of an execution, which may lie between two ticks.
    executed: UnitsAt,
    lots: Unit,
    side: Option<ChoiceAt>,
    action: ActionAt,
    replaces: Option<Path>,
    trade: Option<Path>,
    passes: bool,
}

impl OrdersAt {
    /// Compiles rows of orders for an instrument with that tick and lot size. `None` if the rows are levels.
    pub fn new(
        field: &Levels,
        fixed: i64,
        whole: bool,
        (tick, lot): Steps,
        venue_symbol: &str,
        paths: &Paths,
    ) -> Result<Option<Self>, String> {
        let Some(order) = &field.order else { return Ok(None) };
        let lots = Unit::new(lot.0, &field.size_scale, venue_symbol)?;
        let unknown = |number: i64| format!("{number} is no action of orders");
        let action = match &field.action {
            OrderAction::Fixed(number) => ActionAt::Fixed(Action::of(*number).ok_or_else(|| unknown(*number))?),
            OrderAction::Said(choice) => {
                let numbers = choice.values.iter().map(|(_, number)| *number).chain(choice.otherwise);
                if let Some(number) = numbers.into_iter().find(|&number| Action::of(number).is_none()) {
                    return Err(unknown(number));
                }
                ActionAt::Said(ChoiceAt::in_row(choice, paths))
            }
        };
        Ok(Some(OrdersAt {
            path: paths.of(&field.key),
            fixed,
            optional: field.optional,
            single: field.single,
            signed: field.signed,
            whole,
            id: paths.of_place(order),
            price: paths.of_place(&field.price),
            size: paths.of_place(&field.size),
            ticks: Unit::new(tick.0, &field.scale, venue_symbol)?,
            executed: UnitsAt::in_row(
                paths.of_place(&field.price),
                Unit::new(tick.0, &field.scale, venue_symbol)?,
                tick.0,
            ),
            lots: if field.size_decimals.is_some() { lots.rounded(lot.1) } else { lots },
            side: field.side.as_ref().map(|choice| ChoiceAt::in_row(choice, paths)),
            action,
            replaces: field.replaces.as_ref().map(|place| paths.of_place(place)),
            trade: field.trade_id.as_ref().map(|place| paths.of_place(place)),
            passes: field.passes_unknown,
        }))
    }

    /// Puts what each row says into `changes`.
    pub fn read(&self, scope: &Scope<'_>, changes: &mut Vec<OrderChange>) -> Result<(), Fault> {
        crate::wire::tree::levels::for_each_row(scope, &self.path, self.optional, self.single, |row| {
            changes.extend(self.row(&Scope { row, ..*scope })?);
            Ok(())
        })
    }

    fn row(&self, scope: &Scope<'_>) -> Result<Option<OrderChange>, Fault> {
        let action = match &self.action {
            ActionAt::Fixed(action) => *action,
            // The numbers were checked when it was compiled.
            ActionAt::Said(choice) => Action::of(choice.read(scope)?).unwrap_or(Action::Passes),
        };
        if action == Action::Passes {
            return Ok(None);
        }
        let id = id(scope, self.id.find(scope))?;
        let mut change = OrderChange {
            action,
            id,
            side: 0,
            ticks: None,
            fraction_nanoticks: 0,
            lots: 0,
            replaces: None,
            trade_id: NO_ID,
            passes: self.passes,
        };
        if action == Action::Deletes {
            return Ok(Some(change));
        }
        let (price, size) = (self.price.find(scope), self.size.find(scope));
        if action == Action::Sets {
            change.side = match &self.side {
                Some(side) => side.read(scope)?,
                None if self.signed => sign(scope, size),
                None => self.fixed,
            };
        }
        let said = self.whole || price.is_some_and(|at| scope.message.node(at).kind != Kind::Null);
        if said && action == Action::Executes {
            let (ticks, fraction) = self.executed.print_price(scope)?;
            (change.ticks, change.fraction_nanoticks) = (Some(ticks), fraction);
        } else if said && action != Action::Reduces {
            change.ticks = Some(self.ticks.of(scope, price, false)?);
        }
        change.lots = self.lots.of(scope, size, self.signed)?;
        if let (Action::Sets, Some(replaces)) = (action, &self.replaces) {
            change.replaces = Some(self::id(scope, replaces.find(scope))?);
        }
        if let (Action::Executes, Some(trade)) = (action, &self.trade) {
            change.trade_id = whole(scope, trade.find(scope))?;
        }
        Ok(Some(change))
    }
}

fn id(scope: &Scope<'_>, at: Option<usize>) -> Result<OrderId, Fault> {
    let Some(found) = at else { return Err(fault(scope, at, "must be the id of an order")) };
    let node = scope.message.node(found);
    let text = scope.message.text(node);
    let id = match node.kind {
        Kind::Text if !text.is_empty() => Some(OrderId::of_text(text)),
        Kind::Integer => digits_of(if text == b"-0" { b"0" } else { text }).map(OrderId::Integer),
        _ => None,
    };
    id.ok_or_else(|| fault(scope, at, "must be the id of an order"))
}

fn whole(scope: &Scope<'_>, at: Option<usize>) -> Result<i64, Fault> {
    let Some(found) = at else { return Err(fault(scope, at, "must be an integer")) };
    let node = scope.message.node(found);
    let text = scope.message.text(node);
    let value = match node.kind {
        Kind::Text => digits_of(text),
        Kind::Integer => digits_of(if text == b"-0" { b"0" } else { text }),
        _ => None,
    };
    value.ok_or_else(|| fault(scope, at, "must be an integer"))
}
