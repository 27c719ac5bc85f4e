//! What follows a message that changed best prices: strategies are called. The plain twin is `mainspring.lane.reaction`, the
//! contract `mainspring.seams.Reaction`.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::lane::instant::Instant;
use crate::lane::runner::Times;
use crate::python::call::call;
use crate::python::clock::PyLaneClock;
use crate::python::requests::PyRequests;
use crate::python::run_trading::{RunTrading, Worked};

/// A callback, what makes an error of its exception, and what it is called with.
type Call = (Py<PyAny>, Py<PyAny>, Py<PyAny>);

/// A `mainspring.seams.Reaction`, read once: most runs have the same one as those before.
pub struct Reaction {
    of: Py<PyAny>,
    time: Py<PyLaneClock>,
    requests: Py<PyRequests>,
    /// When the run ends in any case, but for what the lane itself has to do.
    end_ns: AtomicI64,
    calls: Vec<Vec<Call>>,
    trading: Option<RunTrading>,
}

/// Whether a run goes on.
pub enum Next {
    /// It goes on until this time.
    Until(i64),
    /// It ends: there is something to do elsewhere.
    Leave,
    /// It ends with nothing left to do of what it has begun.
    Pause,
}

impl Reaction {
    /// Reads what Python hands over. `markets` are those of the run, and `first` is the index of the first.
    pub fn new(of: &Bound<'_, PyAny>, markets: &Bound<'_, PyList>, first: usize) -> PyResult<Self> {
        let py = of.py();
        let trading = of.getattr(intern!(py, "trading"))?;
        let requests = of.getattr(intern!(py, "requests"))?.cast_into::<PyRequests>()?;
        Ok(Reaction {
            of: of.clone().unbind(),
            time: of.getattr(intern!(py, "time"))?.cast_into::<PyLaneClock>()?.unbind(),
            end_ns: AtomicI64::new(0),
            calls: of.getattr(intern!(py, "calls"))?.extract()?,
            trading: if trading.is_none() { None } else { RunTrading::new(&trading, &requests, markets, first)? },
            requests: requests.unbind(),
        })
    }

    /// Shows the garbage collector what is held: much of it leads back to the lane.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.of)?;
        visit.call(&self.requests)?;
        for (callback, fail, view) in self.calls.iter().flatten() {
            for held in [callback, fail, view] {
                visit.call(held)?;
            }
        }
        self.trading.as_ref().map_or(Ok(()), |trading| trading.traverse(visit))
    }

    /// Whether it is of this object.
    pub fn is_of(&self, of: &Bound<'_, PyAny>) -> bool {
        self.of.is(of)
    }

    /// Begins a run: reads what stays as it is while strategies are called.
    pub fn begin(&self, py: Python<'_>) -> PyResult<()> {
        self.end_ns.store(self.of.bind(py).getattr(intern!(py, "end_ns"))?.extract()?, Relaxed);
        self.trading.as_ref().map_or(Ok(()), |trading| trading.refresh(py))
    }

    /// Calls strategies about changed markets, and works off what they ask for if the run may trade. `since` is when that began,
    /// and when it ended is returned.
    pub fn react(
        &self,
        py: Python<'_>,
        now_ns: i64,
        places: &[usize],
        until_ns: i64,
        since: Instant,
        times: &mut Times,
    ) -> PyResult<(Next, Instant)> {
        let now_ns = self.time.get().advance(now_ns);
        let requests = self.requests.get();
        let (mut before, mut traded) = (since, false);
        for (at, &place) in places.iter().enumerate() {
            for (callback, fail, view) in &self.calls[place] {
                if let Err(error) = call(callback.bind(py), [view.bind(py)]) {
                    // Unlike `value`, it has the traceback, which names the plugin's own frames.
                    let raised = error.clone_ref(py).into_value(py);
                    call(fail.bind(py), [raised.bind(py).as_any()])?;
                    return Err(error);
                }
                let now = Instant::now();
                times.strategy.record(now.ns_since(before));
                before = now;
            }
            if requests.is_empty(py) {
                continue;
            }
            let rest = &places[at + 1..];
            match self.trading.as_ref().map(|trading| trading.work(py, now_ns, before, times)).transpose()? {
                Some(Worked::Sent(done)) => {
                    (before, traded) = (done, true);
                    continue;
                }
                Some(Worked::Ends(done)) if rest.is_empty() && requests.is_empty(py) => return Ok((Next::Pause, done)),
                Some(Worked::Ends(done)) => before = done,
                None => {}
            }
            self.of.bind(py).call_method1(intern!(py, "leave"), (PyTuple::new(py, rest)?,))?;
            return Ok((Next::Leave, before));
        }
        if let Some(trading) = self.trading.as_ref().filter(|_| traded) {
            return Ok((if trading.pauses(py)? { Next::Pause } else { self.limit(trading) }, before));
        }
        // Without a request, only a timer can have come nearer.
        Ok((Next::Until(until_ns.min(self.time.get().timer_ns())), before))
    }

    /// Takes what the venue has for us by a time, if the run may trade and nothing else is to be done first.
    pub fn execute(&self, py: Python<'_>, due_ns: i64, times: &mut Times) -> PyResult<Next> {
        let Some(trading) = self.trading.as_ref() else { return Ok(Next::Leave) };
        let now_ns = self.time.get().advance(due_ns);
        if !trading.execute(py, now_ns, times)? {
            return Ok(Next::Leave);
        }
        Ok(self.limit(trading))
    }

    /// Until when a run goes on in which strategies have asked for something.
    fn limit(&self, trading: &RunTrading) -> Next {
        let end_ns = self.end_ns.load(Relaxed).min(self.time.get().timer_ns());
        Next::Until(end_ns.min(trading.due_ns()))
    }

    /// Hands on what a run has kept for the order log.
    pub fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.trading.as_ref().map_or(Ok(()), |trading| trading.flush(py))
    }
}
