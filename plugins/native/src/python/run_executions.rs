//! What a simulated venue reports in a fused run: orders, positions, checks, costs and strategies take it as
//! `mainspring.lane.OrderManager` has them take it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use pyo3::intern;
use pyo3::prelude::*;

use crate::book::Side;
use crate::kernel::handles::News;
use crate::lane::instant::Instant;
use crate::lane::runner::{Times, lock};
use crate::orders::record::{Fill, Record};
use crate::python::call::call;
use crate::python::ears::Report;
use crate::python::run_trading::{Receiver, RunTrading, Worked};
use crate::python::venue::PyPaperVenue;
use crate::trading::order::{Event, StrategyId, Told as Happened};
use crate::venue::outbox::Told;

/// What a venue has reported, and when.
struct Arrived<'a> {
    venue: &'a PyPaperVenue,
    told: &'a Told,
    now_ns: i64,
}

impl Arrived<'_> {
    /// It as Python has it.
    fn made<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.venue.made(py, self.told)
    }
}

/// The event as the order log has it.
fn record_of(event: &Event) -> Record<'_> {
    let Event { order_id, instrument, time_ns, .. } = *event;
    match &event.what {
        Happened::Accepted => Record::Accepted { time_ns, order_id, instrument },
        Happened::Rejected { reason, request } => {
            Record::Rejected { time_ns, order_id, instrument, reason, request: *request }
        }
        &Happened::Fill { fill_id, buy, price_ticks, size_lots, maker, fee_ppb } => Record::Fill(Fill {
            time_ns,
            order_id,
            instrument,
            fill_id,
            side: if buy { Side::Buy } else { Side::Sell },
            price_ticks,
            size_lots,
            maker,
            fee_ppb,
            fee_amount: None,
            fee_currency: "",
        }),
        Happened::Cancelled { remaining_lots, reason } => {
            Record::Cancelled { time_ns, order_id, instrument, remaining_lots: *remaining_lots, reason }
        }
        Happened::Expired { remaining_lots, reason } => {
            Record::Expired { time_ns, order_id, instrument, remaining_lots: *remaining_lots, reason }
        }
        &Happened::Replaced { price_ticks, size_lots } => {
            Record::Replaced { time_ns, order_id, instrument, price_ticks, size_lots }
        }
    }
}

impl RunTrading {
    /// Takes what the venue has for us by a time. False if there is something to do elsewhere.
    pub fn execute(&self, py: Python<'_>, now_ns: i64, times: &mut Times) -> PyResult<bool> {
        // What is unsaved is from before what comes now, and has to be seen before.
        self.sent.store(true, Relaxed);
        if self.pauses(py)? {
            return Ok(false);
        }
        let Some(venue) = self.venue.as_ref().map(Py::get) else { return Ok(false) };
        let mut events = venue.take(py, now_ns)?.into_iter();
        while let Some(event) = events.next() {
            let arrived = Arrived { venue, told: &event, now_ns };
            let done = self.execution(py, &arrived, times).and_then(|()| {
                let idle = self.requests.get().is_empty(py);
                let worked = idle || matches!(self.work(py, now_ns, Instant::now(), times)?, Worked::Sent(_));
                self.sent.store(true, Relaxed);
                Ok(worked && !self.pauses(py)?)
            });
            if !matches!(done, Ok(true)) {
                venue.give_back(events.collect(), now_ns);
                return done;
            }
        }
        Ok(true)
    }

    /// An event of the venue: see `OrderManager.on_execution`.
    fn execution(&self, py: Python<'_>, arrived: &Arrived<'_>, times: &mut Times) -> PyResult<()> {
        let Some(event) = Event::reported(arrived.told, self.first) else {
            self.flush(py)?;
            call(self.on_funding.bind(py), [&arrived.made(py)?])?;
            return self.refresh(py);
        };
        let reported = self.tracker.borrow(py).report(py, &event, arrived.now_ns)?;
        if let Some(strategy) = reported.moved {
            self.book(py, &event, strategy)?;
        }
        self.note(py, &[record_of(&event)]);
        self.hear(py, arrived, &event)?;
        if !reported.discrepancies.is_empty() {
            self.flush(py)?;
            self.note_discrepancies.bind(py).call0()?;
            self.refresh(py)?;
        }
        let Some(applied) = reported.applied else { return Ok(()) };
        lock(&self.costs).on_event(&event, applied.strategy, applied.ended, None);
        self.answer(py, arrived, &event, applied.strategy, times)
    }

    /// Tells risk checks what the venue reported: see `mainspring.risk.Gate.on_event`.
    fn hear(&self, py: Python<'_>, arrived: &Arrived<'_>, event: &Event) -> PyResult<()> {
        let Some(listeners) = self.listeners.get(arrived.told.instrument) else { return Ok(()) };
        let found = lock(&self.shared).find(event.order_id).map(|order| (order.order.strategy, order.ended()));
        let name = found.map(|(strategy, _)| self.tracker.borrow(py).name(py, strategy));
        let report = Report {
            order_id: event.order_id,
            what: &event.what,
            strategy: name.as_ref().map_or(Ok(""), |name| name.to_str())?,
            goes_on: found.is_some_and(|(_, ended)| !ended),
            now_ns: arrived.now_ns,
        };
        if listeners.reported(py, &report, &self.holdings, || arrived.made(py))? {
            self.note_unsaved(py)?;
        }
        Ok(())
    }

    /// Tells a strategy what became of its order: see `mainspring.lane.Strategies.on_event`.
    fn answer(
        &self,
        py: Python<'_>,
        arrived: &Arrived<'_>,
        event: &Event,
        strategy: StrategyId,
        times: &mut Times,
    ) -> PyResult<()> {
        let Ok(instrument) = usize::try_from(event.instrument) else { return Ok(()) };
        let Some(receiver) = self.receiver(py, instrument, strategy)? else { return Ok(()) };
        let handle = receiver.orders.get().take(py, event.order_id, News::of_event(&event.what))?;
        let filled = matches!(event.what, Happened::Fill { .. });
        let callback = if filled { &receiver.on_fill } else { &receiver.on_order };
        let (Some(handle), Some(callback)) = (handle, callback) else { return Ok(()) };
        if self.strategies.bind(py).getattr(intern!(py, "silent"))?.is_truthy()? {
            return Ok(());
        }
        let (made, handle) = (arrived.made(py)?, handle.into_bound(py).into_any());
        let (started, asked) = (Instant::now(), self.requests.get().len(py));
        let arguments = if filled { [&made, &handle] } else { [&handle, &made] };
        if let Err(error) = call(callback.bind(py), arguments) {
            // Unlike `value`, it has the traceback, which names the plugin's own frames.
            let raised = error.clone_ref(py).into_value(py);
            call(receiver.fail.bind(py), [raised.bind(py).as_any()])?;
            return Err(error);
        }
        times.strategy.record(Instant::now().ns_since(started));
        if self.requests.get().len(py) > asked {
            let name = self.tracker.borrow(py).name(py, strategy);
            self.requests.get().limit_answers(&name, asked, arrived.now_ns)?;
        }
        Ok(())
    }

    fn receiver(&self, py: Python<'_>, instrument: usize, strategy: StrategyId) -> PyResult<Option<Arc<Receiver>>> {
        if let Some(known) = lock(&self.receivers).get(&(instrument, strategy)) {
            return Ok(known.clone());
        }
        let name = self.tracker.borrow(py).name(py, strategy);
        let found = self.strategies.bind(py).call_method1(intern!(py, "receiver"), (name, instrument))?;
        let found: Option<(_, _, _, _)> = found.extract()?;
        let found =
            found.map(|(orders, on_fill, on_order, fail)| Arc::new(Receiver { orders, on_fill, on_order, fail }));
        lock(&self.receivers).insert((instrument, strategy), found.clone());
        Ok(found)
    }

    /// Books a fill of an order of that strategy: see `mainspring.portfolio.Portfolio.on_fill`.
    fn book(&self, py: Python<'_>, event: &Event, strategy: StrategyId) -> PyResult<()> {
        let (Happened::Fill { buy, price_ticks, size_lots, fee_ppb, .. }, Ok(instrument)) =
            (&event.what, usize::try_from(event.instrument))
        else {
            return Ok(());
        };
        let mut own = lock(&self.own);
        let units = match own.entry((instrument, strategy)) {
            std::collections::hash_map::Entry::Occupied(found) => found.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let name = self.tracker.borrow(py).name(py, strategy);
                let units = self.portfolio.bind(py).call_method1(intern!(py, "units"), (name, instrument))?;
                place.insert(units.extract()?)
            }
        };
        for one in [&units.0, &units.1] {
            one.get().book(py, *buy, *size_lots, *price_ticks, *fee_ppb)?;
        }
        Ok(())
    }
}
