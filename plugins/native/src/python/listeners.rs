//! The risk checks of an instrument in a fused run: those that figures describe, and those that have counted what is sent and
//! reported, or look at several instruments. What they count the checks in Python read too, so that nothing is handed over.

use std::cell::Cell;

use ethnum::I256;
use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::python::call::call;
use crate::python::ears::{Ear, Report, ToldSent};
use crate::python::heard::Near;
use crate::python::holdings::Holdings;
use crate::python::loss_marks::{LossMarks, near};
use crate::python::wide_checks::{Reads, Wide, Worths};
use crate::trading::gate::{Account, Check, FIGURES, Seen};
use crate::trading::heard::{Heard, quanta};
use crate::trading::order::NewOrder;
use crate::trading::tracker::Tracker;

/// Whose answer counts for a check.
enum Decider {
    /// That of its figures, or of Python.
    Figures,
    Ear(Ear),
    Wide(Wide),
}

/// One check.
struct Listener {
    decider: Decider,
    on_sent: Option<Py<PyAny>>,
    on_event: Option<Py<PyAny>>,
}

/// The checks of an instrument. Where every check there is native, `checks` are the twins.
pub struct Listeners {
    listeners: Vec<Listener>,
    checks: Option<Vec<Check>>,
    /// The instruments whose profits the order's currency consists of, each with its ratio of quanta to billionths of value units;
    /// none if no check reads a profit.
    shares: Vec<(usize, (I256, I256))>,
    alone: bool,
}

/// What was made by a lane: in its only instrument, in billionths of value units, or in an order's currency, in quanta.
pub type Profit = Option<I256>;

/// What an order is judged by.
pub struct Judged<'a> {
    pub tracker: &'a Tracker,
    pub holdings: &'a Holdings,
    pub seen: &'a Seen,
    pub strategy: &'a str,
    /// The total size, if it is a change.
    pub total: Option<i64>,
    pub profit: Profit,
    /// Whether what checks save has changed.
    pub saves: &'a Cell<bool>,
}

/// A check of Python's, and what it is called with about what is sent and reported.
type Row<'py> = (Bound<'py, PyAny>, Option<Py<PyAny>>, Option<Py<PyAny>>);
/// Several figures of a share.
type Share<'py> = (usize, Bound<'py, PyAny>, Bound<'py, PyAny>);

impl Decider {
    /// What `mainspring_native.session_checks.decider` says of a check; the shares that it reads are added.
    fn new(said: Option<Bound<'_, PyTuple>>, shares: &mut Vec<(usize, (I256, I256))>) -> PyResult<Decider> {
        let Some(said) = said else { return Ok(Decider::Figures) };
        let kind: String = said.get_item(0)?.extract()?;
        let rest = said.get_slice(1, said.len());
        let mut read = |found: Vec<Share<'_>>| {
            let ratio = |(at, one, other): &Share<'_>| Ok((*at, (near(one)?, near(other)?)));
            *shares = found.iter().map(ratio).collect::<PyResult<_>>()?;
            PyResult::Ok(())
        };
        Ok(match kind.as_str() {
            "rate" => {
                let (counts, venue, new, replace, cancel): (_, _, Near, Near, Near) = rest.extract()?;
                Decider::Ear(Ear::Rate { counts, venue, new: new.0, replace: replace.0, cancel: cancel.0 })
            }
            "loss" => {
                let (marks, currency, found): (_, _, Vec<Share<'_>>) = rest.extract()?;
                read(found)?;
                Decider::Ear(Ear::Loss { marks, currency, alone: false })
            }
            "executions" => {
                let (counts, window_ns, limit): (_, Near, Near) = rest.extract()?;
                Decider::Ear(Ear::Executions { counts, window_ns: window_ns.0, limit: limit.0 })
            }
            "duplicate" => {
                let (sent, window_ns): (_, Near) = rest.extract()?;
                Decider::Ear(Ear::Duplicate { sent, window_ns: window_ns.0 })
            }
            "cancels" => {
                let (counts, after, cancels_for, fills_for): (_, Near, i64, i64) = rest.extract()?;
                Decider::Ear(Ear::Cancels { counts, after: after.0, cancels_for, fills_for })
            }
            "self-trade" => Decider::Ear(Ear::SelfTrade { changes: rest.extract::<(_,)>()?.0 }),
            "exposure" => {
                let (gross, factors, limits): (_, _, Vec<(Bound<'_, PyAny>, Vec<usize>)>) = rest.extract()?;
                let limits = limits.into_iter().map(|(limit, others)| Ok((near(&limit)?, others)));
                let limits = limits.collect::<PyResult<_>>()?;
                Decider::Wide(Wide::Exposure { gross, worths: Worths::new(factors)?, limits })
            }
            "buying-power" => {
                let (factors, others, figures, found): (_, _, [Bound<'_, PyAny>; 3], Vec<Share<'_>>) =
                    rest.extract()?;
                read(found)?;
                let [capital, margin, margin_of] = [near(&figures[0])?, near(&figures[1])?, near(&figures[2])?];
                let worths = Worths::new(factors)?;
                Decider::Wide(Wide::BuyingPower { worths, others, capital, margin, margin_of })
            }
            "open-orders" => {
                let (limit, strategy, account): (Near, Option<Near>, Option<Near>) = rest.extract()?;
                let count = |near: Near| usize::try_from(near.0).unwrap_or_default();
                let (strategy, account) = (strategy.map(count), account.map(count));
                Decider::Wide(Wide::OpenOrders { limit: count(limit), strategy, account })
            }
            _ => return Err(PyValueError::new_err(format!("no check is decided as {kind:?}"))),
        })
    }
}

impl Listeners {
    /// Reads the checks of an instrument, in a lane of `instruments`.
    pub fn new(gate: &Bound<'_, PyAny>, instrument: usize, instruments: usize) -> PyResult<Self> {
        let py = gate.py();
        let described = py.import("mainspring_native.checks")?.getattr("described")?;
        let decider = py.import("mainspring_native.session_checks")?.getattr("decider")?;
        let rows: Vec<Row<'_>> = gate.call_method1("listeners", (instrument,))?.extract()?;
        let (mut listeners, mut checks, mut shares) = (Vec::new(), Some(Vec::new()), Vec::new());
        let alone = instruments == 1;
        for (at, (check, on_sent, on_event)) in rows.into_iter().enumerate() {
            let mut decider = Decider::new(decider.call1((&check, instrument))?.extract()?, &mut shares)?;
            let twin = if let Decider::Figures = decider {
                let known: Option<(String, [i64; FIGURES])> = call(&described, [&check])?.extract()?;
                let known = known.and_then(|(name, figures)| Check::described(&name, figures));
                if let Some(Check::BuyingPower { .. }) = known {
                    // Its figures are those of a lane of one instrument.
                    shares.push((instrument, (I256::ONE, I256::ONE)));
                }
                known
            } else {
                Some(Check::Outside { at })
            };
            if let Decider::Ear(Ear::Loss { alone: only, .. }) = &mut decider {
                *only = alone;
            }
            checks = checks.zip(twin).map(|(mut checks, twin)| {
                checks.push(twin);
                checks
            });
            listeners.push(Listener { decider, on_sent, on_event });
        }
        let checks = checks.filter(|checks| !checks.is_empty());
        Ok(Listeners { listeners, checks, shares, alone })
    }

    /// Shows the garbage collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for one in &self.listeners {
            visit.call(&one.on_sent)?;
            visit.call(&one.on_event)?;
        }
        Ok(())
    }

    /// The twins of all checks of the instrument, unless one has none.
    pub fn checks(&self) -> Option<&[Check]> {
        self.checks.as_deref()
    }

    /// What was made so far, as far as a check asks for it. It may call Python.
    pub fn profit(&self, py: Python<'_>, holdings: &Holdings) -> Profit {
        if self.alone {
            return holdings.profit_ppb(py, self.shares.first()?.0);
        }
        if self.shares.is_empty() {
            return None;
        }
        self.shares.iter().try_fold(I256::ZERO, |total, (instrument, ratio)| {
            total.checked_add(quanta(holdings.profit_ppb(py, *instrument)?, *ratio)?)
        })
    }

    /// Whether the check at a place lets an order pass.
    pub fn pass(&self, py: Python<'_>, at: usize, order: &NewOrder, account: &Account, judged: &Judged<'_>) -> bool {
        let Judged { tracker, holdings, seen, total, profit, saves, .. } = *judged;
        let changed = total.is_some();
        match &self.listeners[at].decider {
            Decider::Figures => false,
            Decider::Wide(wide) => wide.passes(py, &Reads { tracker, holdings, order, seen, account, changed, profit }),
            Decider::Ear(Ear::Loss { marks, currency, alone }) => {
                let heard = hear(py, marks, currency, *alone, profit, seen.now_ns);
                saves.set(saves.get() || heard == Heard::Best);
                heard != Heard::Unclear
            }
            Decider::Ear(ear) => ear.passes(py, order, account, judged),
        }
    }

    /// Tells the checks of a request that is sent.
    pub fn sent<'py>(
        &self,
        py: Python<'py>,
        sent: &ToldSent<'_>,
        make: impl Fn() -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let mut made = None;
        for one in &self.listeners {
            if let Decider::Ear(ear) = &one.decider {
                ear.sent(py, sent);
            } else if let Some(on_sent) = &one.on_sent {
                call(on_sent.bind(py), [once(&mut made, &make)?])?;
            }
        }
        Ok(())
    }

    /// Tells the checks of a report. Returns whether what they save may have changed.
    pub fn reported<'py>(
        &self,
        py: Python<'py>,
        report: &Report<'_>,
        holdings: &Holdings,
        make: impl Fn() -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<bool> {
        let (mut profit, mut made, mut moved) = (None, None, false);
        for one in &self.listeners {
            if let Decider::Ear(ear) = &one.decider {
                let Ear::Loss { marks, currency, alone } = ear else {
                    ear.reported(py, report);
                    continue;
                };
                let profit = *profit.get_or_insert_with(|| self.profit(py, holdings));
                let heard = hear(py, marks, currency, *alone, profit, report.now_ns);
                moved |= heard != Heard::Unmoved;
                if heard != Heard::Unclear {
                    continue;
                }
            } else {
                moved |= one.on_event.is_some();
            }
            if let Some(on_event) = &one.on_event {
                call(on_event.bind(py), [once(&mut made, &make)?])?;
            }
        }
        Ok(moved)
    }
}

/// What is made the first time.
fn once<'a, 'py>(
    made: &'a mut Option<Bound<'py, PyAny>>,
    make: &impl Fn() -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<&'a Bound<'py, PyAny>> {
    match made {
        Some(made) => Ok(made),
        None => Ok(made.insert(make()?)),
    }
}

fn hear(py: Python<'_>, marks: &Py<LossMarks>, currency: &str, alone: bool, profit: Profit, now_ns: i64) -> Heard {
    let Some(profit) = profit else { return Heard::Unclear };
    marks.get().marks.with(py, |marks| {
        if alone { marks.hear_ppb(currency, profit, now_ns) } else { marks.hear(currency, profit, now_ns) }
    })
}
