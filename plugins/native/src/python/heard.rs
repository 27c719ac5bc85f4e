//! What Python sees of what risk checks have counted: classes with the methods of those next to the checks, in
//! `mainspring_plugins.risk`. A figure beyond 64 bits is taken as the last of these.

use std::collections::{HashMap, VecDeque};

use pyo3::prelude::*;

use crate::python::guarded::Guarded;
use crate::trading::heard::{self, Key, Stop};

/// A whole number, the nearest of 64 bits.
pub struct Near(pub i64);

impl<'a, 'py> FromPyObject<'a, 'py> for Near {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match value.extract() {
            Ok(near) => Ok(Near(near)),
            Err(_) => Ok(Near(if value.lt(0)? { i64::MIN } else { i64::MAX })),
        }
    }
}

fn side(buys: bool) -> i64 {
    if buys { 1 } else { -1 }
}

/// Keeps the contract of `mainspring_plugins.risk.max_message_rate.RateCounts`.
#[pyclass(module = "mainspring_native._native", frozen)]
pub struct RateCounts {
    pub counts: Guarded<heard::RateCounts>,
}

#[pymethods]
impl RateCounts {
    #[new]
    fn new(rules: Vec<(Near, Near)>) -> Self {
        let rules = rules.into_iter().map(|(limit, window_ns)| (limit.0, window_ns.0)).collect();
        RateCounts { counts: Guarded::new(heard::RateCounts::new(rules)) }
    }

    #[getter]
    fn rules(&self, py: Python<'_>) -> Vec<(i64, i64)> {
        self.counts.with(py, |counts| counts.rules.clone())
    }

    fn room(&self, py: Python<'_>, venue: i64) -> i128 {
        self.counts.with(py, |counts| counts.room(venue))
    }

    fn above(&self, py: Python<'_>, venue: i64, now_ns: i64, weight: Near) -> Option<(i128, i64, i64)> {
        self.counts.with(py, |counts| counts.above(venue, now_ns, weight.0))
    }

    fn add(&self, py: Python<'_>, venue: i64, now_ns: i64, weight: Near) {
        self.counts.with(py, |counts| counts.add(venue, now_ns, weight.0));
    }

    fn state(&self, py: Python<'_>) -> HashMap<i64, Vec<(i64, i64)>> {
        self.counts
            .with(py, |counts| counts.kept().map(|(venue, sent)| (venue, sent.iter().copied().collect())).collect())
    }

    fn restore(&self, py: Python<'_>, state: HashMap<i64, Vec<(i64, Near)>>) {
        for (venue, sent) in state {
            let sent: Vec<_> = sent.into_iter().map(|(sent_ns, weight)| (sent_ns, weight.0)).collect();
            self.counts.with(py, |counts| counts.restore(venue, &sent));
        }
    }
}

/// Keeps the contract of `mainspring_plugins.risk.max_repeated_executions.ExecutionCounts`.
#[pyclass(module = "mainspring_native._native", frozen)]
pub struct ExecutionCounts {
    pub counts: Guarded<heard::ExecutionCounts>,
}

/// When fills came, by strategy and side.
type Fills = HashMap<(String, i64), Vec<i64>>;
/// The figures by which strategies were stopped.
type Stops<T> = HashMap<String, (i64, i64, T, T)>;

#[pymethods]
impl ExecutionCounts {
    #[new]
    fn new() -> Self {
        ExecutionCounts { counts: Guarded::default() }
    }

    #[getter]
    fn stopped(&self, py: Python<'_>) -> bool {
        self.counts.with(py, |counts| counts.stopped)
    }

    fn stop_of(&self, py: Python<'_>, strategy: &str) -> Option<(i64, i64, i64, i64)> {
        self.counts.with(py, |counts| counts.stop_of(strategy).map(figures))
    }

    fn add(&self, py: Python<'_>, strategy: &str, side: i64, now_ns: i64, window_ns: Near, limit: Near) {
        self.counts.with(py, |counts| counts.add(strategy, side > 0, now_ns, window_ns.0, limit.0));
    }

    fn lift(&self, py: Python<'_>) -> bool {
        self.counts.with(py, heard::ExecutionCounts::lift)
    }

    fn state(&self, py: Python<'_>) -> (Fills, Stops<i64>) {
        self.counts.with(py, |counts| {
            let fills = counts.fills();
            let fills =
                fills.map(|((name, buys), times)| ((name.to_owned(), side(buys)), times.iter().copied().collect()));
            (fills.collect(), counts.stops().map(|(name, stop)| (name.to_owned(), figures(stop))).collect())
        })
    }

    fn restore(&self, py: Python<'_>, state: (Fills, Stops<Near>)) {
        self.counts.with(py, |counts| {
            *counts = heard::ExecutionCounts::default();
            for ((strategy, side), times) in state.0 {
                counts.restore_fills(&strategy, side > 0, VecDeque::from(times));
            }
            for (strategy, (fills, side, window_ns, limit)) in state.1 {
                let (window_ns, limit) = (window_ns.0, limit.0);
                counts.restore_stop(&strategy, Stop { fills, buys: side > 0, window_ns, limit });
            }
        });
    }
}

fn figures(stop: Stop) -> (i64, i64, i64, i64) {
    (stop.fills, side(stop.buys), stop.window_ns, stop.limit)
}

/// Keeps the contract of `mainspring_plugins.risk.duplicate_order_ms.SentOrders`. What doesn't fit 64 bits was never sent: the
/// tracker of orders takes none such.
#[pyclass(module = "mainspring_native._native", frozen)]
pub struct SentOrders {
    pub sent: Guarded<heard::SentOrders>,
}

/// What was sent, as the twin has it.
#[derive(FromPyObject, IntoPyObject)]
enum Shown {
    Order(String, i64, i64, i64),
    Change(i64, i64, i64),
}

impl SentOrders {
    fn add(&self, py: Python<'_>, key: Key, now_ns: i64, window_ns: Near) {
        self.sent.with(py, |sent| sent.add(key, now_ns, window_ns.0));
    }

    fn order(&self, py: Python<'_>, strategy: &str, side: i64, price_ticks: i64, size_lots: i64) -> Key {
        let strategy = self.sent.with(py, |sent| sent.strategy(strategy));
        Key::Order { strategy, buys: side > 0, price_ticks, size_lots }
    }
}

#[pymethods]
impl SentOrders {
    #[new]
    fn new() -> Self {
        SentOrders { sent: Guarded::default() }
    }

    fn order_ns(&self, py: Python<'_>, strategy: &str, side: i64, price_ticks: Near, size_lots: Near) -> Option<i64> {
        let key = self.order(py, strategy, side, price_ticks.0, size_lots.0);
        self.sent.with(py, |sent| sent.last_ns(&key))
    }

    fn change_ns(&self, py: Python<'_>, order_id: i64, price_ticks: Near, size_lots: Near) -> Option<i64> {
        let key = Key::Change { order_id, price_ticks: price_ticks.0, size_lots: size_lots.0 };
        self.sent.with(py, |sent| sent.last_ns(&key))
    }

    #[allow(clippy::too_many_arguments, reason = "they are those of the twin")]
    fn add_order(
        &self,
        py: Python<'_>,
        strategy: &str,
        side: i64,
        price_ticks: Near,
        size_lots: Near,
        now_ns: i64,
        window_ns: Near,
    ) {
        let key = self.order(py, strategy, side, price_ticks.0, size_lots.0);
        self.add(py, key, now_ns, window_ns);
    }

    fn add_change(
        &self,
        py: Python<'_>,
        order_id: i64,
        price_ticks: Near,
        size_lots: Near,
        now_ns: i64,
        window_ns: Near,
    ) {
        let key = Key::Change { order_id, price_ticks: price_ticks.0, size_lots: size_lots.0 };
        self.add(py, key, now_ns, window_ns);
    }

    fn state(&self, py: Python<'_>) -> Vec<(Shown, i64)> {
        self.sent.with(py, |sent| {
            let shown = |key: &Key| match *key {
                Key::Order { strategy, buys, price_ticks, size_lots } => {
                    Shown::Order(sent.name(strategy).to_owned(), side(buys), price_ticks, size_lots)
                }
                Key::Change { order_id, price_ticks, size_lots } => Shown::Change(order_id, price_ticks, size_lots),
            };
            sent.all().map(|(key, sent_ns)| (shown(key), sent_ns)).collect()
        })
    }

    fn restore(&self, py: Python<'_>, state: Vec<(Shown, i64)>) {
        self.sent.with(py, |sent| {
            *sent = heard::SentOrders::default();
            for (shown, sent_ns) in state {
                let key = match shown {
                    Shown::Order(name, side, price_ticks, size_lots) => {
                        Key::Order { strategy: sent.strategy(&name), buys: side > 0, price_ticks, size_lots }
                    }
                    Shown::Change(order_id, price_ticks, size_lots) => Key::Change { order_id, price_ticks, size_lots },
                };
                sent.restore(key, sent_ns);
            }
        });
    }
}

/// Keeps the contract of `mainspring_plugins.risk.max_cancel_to_fill.CancelCounts`.
#[pyclass(module = "mainspring_native._native", frozen)]
pub struct CancelCounts {
    pub counts: Guarded<heard::CancelCounts>,
}

#[pymethods]
impl CancelCounts {
    #[new]
    fn new() -> Self {
        CancelCounts { counts: Guarded::default() }
    }

    #[getter]
    fn day_begins_ns(&self, py: Python<'_>) -> i128 {
        self.counts.with(py, |counts| counts.day_begins_ns)
    }

    #[getter]
    fn day_ends_ns(&self, py: Python<'_>) -> i128 {
        self.counts.with(py, |counts| counts.day_ends_ns)
    }

    #[getter]
    fn cancels(&self, py: Python<'_>) -> i64 {
        self.counts.with(py, |counts| counts.cancels)
    }

    #[getter]
    fn fills(&self, py: Python<'_>) -> i64 {
        self.counts.with(py, |counts| counts.fills)
    }

    fn begin_day(&self, py: Python<'_>, now_ns: i64) {
        self.counts.with(py, |counts| counts.begin_day(now_ns));
    }

    fn add_cancel(&self, py: Python<'_>, now_ns: i64) {
        self.counts.with(py, |counts| counts.add_cancel(now_ns));
    }

    fn add_fill(&self, py: Python<'_>, now_ns: i64) {
        self.counts.with(py, |counts| counts.add_fill(now_ns));
    }

    fn state(&self, py: Python<'_>) -> (i128, i128, i64, i64) {
        let heard::CancelCounts { day_begins_ns, day_ends_ns, cancels, fills } = self.counts.with(py, |counts| *counts);
        (day_begins_ns, day_ends_ns, cancels, fills)
    }

    fn restore(&self, py: Python<'_>, state: (i128, i128, i64, i64)) {
        let (day_begins_ns, day_ends_ns, cancels, fills) = state;
        let counts = heard::CancelCounts { day_begins_ns, day_ends_ns, cancels, fills };
        self.counts.with(py, |known| *known = counts);
    }
}

/// Keeps the contract of `mainspring_plugins.risk.self_trade.ChangesUnderWay`.
#[pyclass(module = "mainspring_native._native", frozen)]
pub struct ChangesUnderWay {
    pub changes: Guarded<heard::ChangesUnderWay>,
}

#[pymethods]
impl ChangesUnderWay {
    #[new]
    fn new() -> Self {
        ChangesUnderWay { changes: Guarded::default() }
    }

    fn of(&self, py: Python<'_>, order_id: i64) -> Vec<i64> {
        self.changes.with(py, |changes| changes.of(order_id).to_vec())
    }

    fn add(&self, py: Python<'_>, order_id: i64, price_ticks: Near) {
        self.changes.with(py, |changes| changes.add(order_id, price_ticks.0));
    }

    #[pyo3(signature = (order_id, *, answered, ended))]
    fn hear(&self, py: Python<'_>, order_id: i64, answered: bool, ended: bool) {
        self.changes.with(py, |changes| changes.hear(order_id, answered, ended));
    }

    fn state(&self, py: Python<'_>) -> HashMap<i64, Vec<i64>> {
        self.changes.with(py, |changes| changes.all().map(|(order_id, prices)| (order_id, prices.to_vec())).collect())
    }

    fn restore(&self, py: Python<'_>, state: HashMap<i64, Vec<i64>>) {
        self.changes.with(py, |changes| {
            *changes = heard::ChangesUnderWay::default();
            for (order_id, prices) in state {
                prices.into_iter().for_each(|price_ticks| changes.add(order_id, price_ticks));
            }
        });
    }
}

/// Adds this part to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RateCounts>()?;
    module.add_class::<ExecutionCounts>()?;
    module.add_class::<SentOrders>()?;
    module.add_class::<CancelCounts>()?;
    module.add_class::<ChangesUnderWay>()
}
