//! What Python sees of the cost of orders. `mainspring.lane.FusedQuality` makes the twin's objects of the figures here.

use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyAssertionError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use crate::costs::Costs;
use crate::costs::tally::{Arrival, Causes, CostTally, FillRecord, NameId};
use crate::lane::runner::lock;
use crate::python::market::PyMarket;
use crate::python::model::model;
use crate::python::order_events::{made_order, new_order, number, order_event};
use crate::python::position::whole;
use crate::python::trading::PyOrderTracker;
use crate::trading::order::{NewOrder, StrategyId, Told};

/// Measures orders: the methods keep the contract of `mainspring.lane.ExecutionQuality`, and of its markouts.
#[pyclass(name = "Costs", module = "mainspring_native._native", frozen)]
pub struct PyCosts {
    shared: Arc<Mutex<Costs>>,
    tracker: Py<PyOrderTracker>,
}

impl PyCosts {
    /// The costs, to be noted elsewhere.
    pub fn shared(&self) -> Arc<Mutex<Costs>> {
        Arc::clone(&self.shared)
    }

    fn strategy(&self, name: &Bound<'_, PyString>) -> PyResult<StrategyId> {
        self.tracker.bind(name.py()).borrow_mut().strategy(name)
    }

    /// An order as it was asked for, with its strategy.
    fn order(&self, order: &Bound<'_, PyAny>) -> PyResult<NewOrder> {
        let py = order.py();
        let place = usize::try_from(number(order, intern!(py, "instrument"))?)?;
        let strategy = self.strategy(order.getattr(intern!(py, "strategy"))?.cast::<PyString>()?)?;
        new_order(order, place, strategy)
    }

    /// An estimate of any model.
    fn arrival(&self, instrument: usize, estimate: &Bound<'_, PyAny>, now_ns: i64) -> PyResult<Arrival> {
        let py = estimate.py();
        let float = |name: &Bound<'_, PyString>| estimate.getattr(name)?.extract::<f64>();
        let mut costs = lock(&self.shared);
        let mut causes = Vec::new();
        for cause in estimate.getattr(intern!(py, "causes"))?.try_iter()? {
            let cause = cause?;
            let name: String = cause.getattr(intern!(py, "name"))?.extract()?;
            causes.push((costs.name(&name), cause.getattr(intern!(py, "price"))?.extract()?));
        }
        let mid = costs.mid(instrument);
        Ok(Arrival {
            price: float(intern!(py, "price"))?,
            reference_price: float(intern!(py, "reference_price"))?,
            fill_probability: float(intern!(py, "fill_probability"))?,
            causes: Causes::new(&causes),
            // A model that can't see a mid price refuses.
            mid_half_ticks: mid.ok_or_else(|| PyAssertionError::new_err("an estimate without a mid price"))?,
            submitted_ns: now_ns,
        })
    }

    fn order_of<'py>(&self, py: Python<'py>, order: &NewOrder) -> PyResult<Bound<'py, PyAny>> {
        made_order(py, order, &self.tracker.bind(py).borrow().name(py, order.strategy))
    }

    fn record_of<'py>(&self, py: Python<'py>, costs: &Costs, record: &FillRecord) -> PyResult<Bound<'py, PyTuple>> {
        let (model, fill) = (model(py)?, &record.fill);
        let (amount, currency) = match fill.reported.as_deref() {
            Some((amount, currency)) => (Some(model.decimal.bind(py).call1((amount,))?), currency.as_str()),
            None => (None, ""),
        };
        let made = model.fill.bind(py).call1((
            fill.order_id,
            fill.instrument,
            fill.time_ns,
            fill.fill_id,
            model.side(py, fill.buy),
            fill.price_ticks,
            fill.size_lots,
            fill.maker,
            fill.fee_ppb,
            amount,
            currency,
        ))?;
        let arrival = &record.arrival;
        let causes: Vec<_> = named(costs, arrival.causes.iter());
        let estimate = (arrival.price, arrival.reference_price, causes, arrival.fill_probability);
        let arrival = (estimate, arrival.mid_half_ticks, arrival.submitted_ns);
        let strategy = self.tracker.bind(py).borrow().name(py, record.strategy);
        let mids = (record.mid_half_ticks, record.mid_after_half_ticks);
        (record.number, made, strategy, arrival, mids.0, mids.1, record.later_mids.to_vec()).into_pyobject(py)
    }
}

fn named(costs: &Costs, causes: impl Iterator<Item = (NameId, f64)>) -> Vec<(&str, f64)> {
    causes.map(|(name, value)| (costs.names[name as usize].as_str(), value)).collect()
}

fn cost_of<'py>(py: Python<'py>, costs: &Costs, cost: &CostTally) -> PyResult<Bound<'py, PyTuple>> {
    let markouts = PyList::empty(py);
    for one in &cost.markouts {
        markouts.append((one.fills, whole(py, one.half_units)?, one.lots, one.bps))?;
    }
    let sums = (cost.lots, cost.arrival, cost.captured, cost.captured_lots);
    (cost.fills, sums, named(costs, cost.causes.iter().copied()), cost.queue_risk, markouts).into_pyobject(py)
}

#[pymethods]
impl PyCosts {
    /// `markets` are all of the lane, each with whether its contract is inverse; `tracker` knows the strategies.
    #[new]
    fn new(tracker: Py<PyOrderTracker>, markets: Vec<(Py<PyMarket>, bool)>) -> Self {
        let markets = markets.iter().map(|(market, inverse)| (market.get().shared(), *inverse)).collect();
        PyCosts { shared: Arc::new(Mutex::new(Costs::new(markets))), tracker }
    }

    fn on_request(&self, instrument: usize) {
        lock(&self.shared).on_request(instrument);
    }

    fn on_refusal(&self, reason: &str) {
        lock(&self.shared).on_refusal(reason);
    }

    fn on_sent(&self, order: &Bound<'_, PyAny>, estimate: &Bound<'_, PyAny>, now_ns: i64) -> PyResult<()> {
        let order = self.order(order)?;
        let arrival = self.arrival(order.instrument, estimate, now_ns)?;
        lock(&self.shared).on_sent(&order, arrival);
        Ok(())
    }

    fn on_replace_sent(
        &self,
        order: &Bound<'_, PyAny>,
        price_ticks: i64,
        leaves_lots: i64,
        estimate: &Bound<'_, PyAny>,
        now_ns: i64,
    ) -> PyResult<()> {
        let order = NewOrder { price_ticks, size_lots: leaves_lots, ..self.order(order)? };
        let arrival = self.arrival(order.instrument, estimate, now_ns)?;
        lock(&self.shared).on_replace_sent(&order, arrival);
        Ok(())
    }

    fn on_event(&self, event: &Bound<'_, PyAny>, strategy: &Bound<'_, PyString>, ended: bool) -> PyResult<()> {
        let py = event.py();
        let read = order_event(event)?;
        let mut reported = None;
        if matches!(read.what, Told::Fill { .. }) {
            let amount = event.getattr(intern!(py, "fee_amount"))?;
            if !amount.is_none() {
                let currency = event.getattr(intern!(py, "fee_currency"))?.extract()?;
                reported = Some(Box::new((amount.str()?.extract()?, currency)));
            }
        }
        let strategy = self.strategy(strategy)?;
        lock(&self.shared).on_event(&read, strategy, ended, reported);
        Ok(())
    }

    /// When the next markout is due.
    #[getter]
    fn due_ns(&self) -> i64 {
        lock(&self.shared).markouts.due_ns
    }

    fn measure(&self, now_ns: i64) {
        lock(&self.shared).measure(now_ns);
    }

    fn fold(&self) {
        lock(&self.shared).fold();
    }

    /// Refused requests by reason; and those that the venue rejected.
    fn refusals<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        let costs = lock(&self.shared);
        Ok(((&costs.refusals).into_pyobject(py)?, (&costs.rejections).into_pyobject(py)?))
    }

    /// The counts of each instrument, and the cost of its makers and its takers.
    fn tallies<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let costs = lock(&self.shared);
        let found = PyList::empty(py);
        for one in &costs.tallies {
            let counts =
                [one.orders, one.accepted, one.rejected, one.cancelled, one.replaced, one.fills, one.maker_fills];
            let [maker, taker] = &one.costs;
            found.append((counts, cost_of(py, &costs, maker)?, cost_of(py, &costs, taker)?))?;
        }
        Ok(found)
    }

    /// How many fills each instrument had, and the sample of them.
    fn fills<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let costs = lock(&self.shared);
        let found = PyList::empty(py);
        for trace in &costs.fills {
            let samples: PyResult<Vec<_>> =
                trace.samples.iter().map(|record| self.record_of(py, &costs, record)).collect();
            found.append((trace.seen, samples?))?;
        }
        Ok(found)
    }

    /// How many orders were sent in each instrument, and the sample of them.
    fn orders<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let costs = lock(&self.shared);
        let found = PyList::empty(py);
        for trace in &costs.orders {
            let sample = |(sent_ns, order, replaces): &(i64, NewOrder, bool)| {
                Ok((*sent_ns, self.order_of(py, order)?, *replaces))
            };
            let samples: PyResult<Vec<_>> = trace.samples.iter().map(sample).collect();
            found.append((trace.seen, samples?))?;
        }
        Ok(found)
    }

    /// The times from orders' leaving to their acknowledgements, since the last call: see `mainspring.seams.Fused.take_times`.
    fn take_times<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (buckets, sum, max) = lock(&self.shared).venue.take();
        let counts = PyDict::new(py);
        for (index, count) in buckets {
            counts.set_item(index, count)?;
        }
        let found = PyDict::new(py);
        found.set_item("venue", (counts, sum, max))?;
        Ok(found)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.tracker)
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyCosts>()
}
