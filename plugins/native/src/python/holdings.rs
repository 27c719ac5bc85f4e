//! What risk checks read of all instruments of a lane: what is held, at what prices, and what was made.

use std::sync::{Arc, Mutex};

use ethnum::I256;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;

use crate::lane::market::Market;
use crate::lane::runner::lock;
use crate::python::market::PyMarket;
use crate::python::position::PyPositionUnits;
use crate::trading::approval::seen;
use crate::trading::gate::{Account, Seen};
use crate::trading::tracker::Tracker;

/// One instrument; `None` for what is in Python alone.
struct Held {
    market: Option<Arc<Mutex<Market>>>,
    units: Option<Py<PyPositionUnits>>,
}

/// All instruments of a lane.
pub struct Holdings {
    instruments: Vec<Held>,
    /// Whether positions are valued at the mid, wherever there is one.
    at_mid: bool,
    /// `Portfolio.net_profit_ppb`.
    profit: Py<PyAny>,
}

impl Holdings {
    /// Those of an order manager.
    pub fn new(manager: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (portfolio, session) = (manager.getattr("portfolio")?, manager.getattr("risk")?.getattr("session")?);
        let mut instruments = Vec::new();
        for (index, account) in portfolio.getattr("accounts")?.try_iter()?.enumerate() {
            let units = account?.getattr("position")?.getattr("units")?.cast_into::<PyPositionUnits>();
            let market = session.call_method1("market", (index,))?.cast_into::<PyMarket>();
            let market = market.ok().map(|market| market.get().shared());
            instruments.push(Held { market, units: units.ok().map(Bound::unbind) });
        }
        Ok(Holdings {
            instruments,
            at_mid: portfolio.getattr("marks")?.getattr("at_mid")?.is_truthy()?,
            profit: portfolio.getattr(intern!(manager.py(), "net_profit_ppb"))?.unbind(),
        })
    }

    /// Shows the garbage collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.profit)?;
        self.instruments.iter().try_for_each(|held| visit.call(&held.units))
    }

    /// How many instruments there are.
    pub fn count(&self) -> usize {
        self.instruments.len()
    }

    /// What was made in an instrument: see `Portfolio.net_profit_ppb`, which is called if it is marked at anything but the mid, or a
    /// figure doesn't fit.
    pub fn profit_ppb(&self, py: Python<'_>, index: usize) -> Option<I256> {
        let held = self.instruments.get(index)?;
        let known = held.units.as_ref().filter(|_| self.at_mid).and_then(|units| {
            let mid = || lock(held.market.as_ref()?).mid_half_ticks();
            units.get().net_ppb(py, mid)
        });
        known.or_else(|| self.profit.bind(py).call1((index,)).ok()?.extract::<Option<i128>>().ok()?.map(I256::new))
    }

    /// The account in an instrument; `None` if Python has the position. Nothing of Python's is called.
    pub fn account(&self, py: Python<'_>, tracker: &Tracker, index: usize) -> Option<Account> {
        let position_lots = self.instruments.get(index)?.units.as_ref()?.get().own_lots(py)?;
        let (open_buy_lots, open_sell_lots) = tracker.open_lots(index);
        Some(Account { position_lots, open_buy_lots, open_sell_lots })
    }

    /// The market of an instrument; `None` if it is Python's.
    pub fn seen(&self, index: usize) -> Option<Seen> {
        Some(seen(&lock(self.instruments.get(index)?.market.as_ref()?)))
    }
}
