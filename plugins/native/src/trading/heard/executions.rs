//! When fills of strategies came. The twin is `mainspring_plugins.risk.max_repeated_executions.ExecutionCounts`.

use std::collections::VecDeque;

/// Why a strategy was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the twin")]
pub struct Stop {
    pub fills: i64,
    pub buys: bool,
    pub window_ns: i64,
    pub limit: i64,
}

/// A strategy's fills.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Own {
    strategy: String,
    buys: Option<VecDeque<i64>>,
    sells: Option<VecDeque<i64>>,
    stop: Option<Stop>,
}

/// When fills came, by strategy and side, and which strategies these have stopped. A lane has few.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionCounts {
    strategies: Vec<Own>,
    /// Whether any is stopped.
    pub stopped: bool,
}

impl ExecutionCounts {
    /// Why a strategy was stopped, if it was.
    pub fn stop_of(&self, strategy: &str) -> Option<Stop> {
        self.strategies.iter().find(|own| own.strategy == strategy)?.stop
    }

    /// Counts a fill of a strategy's order. Above the limit in the window, it stops the strategy.
    pub fn add(&mut self, strategy: &str, buys: bool, now_ns: i64, window_ns: i64, limit: i64) {
        let own = self.own(strategy);
        let fills = if buys { &mut own.buys } else { &mut own.sells }.get_or_insert_default();
        fills.push_back(now_ns);
        while fills.front().is_some_and(|first| now_ns.saturating_sub(*first) >= window_ns) {
            fills.pop_front();
        }
        let count = fills.len() as i64;
        if count > limit {
            own.stop.get_or_insert(Stop { fills: count, buys, window_ns, limit });
            self.stopped = true;
        }
    }

    /// Lets all strategies go on, and counts theirs from nothing. Whether any was stopped.
    pub fn lift(&mut self) -> bool {
        for own in self.strategies.iter_mut().filter(|own| own.stop.is_some()) {
            *own = Own { strategy: std::mem::take(&mut own.strategy), ..Own::default() };
        }
        std::mem::take(&mut self.stopped)
    }

    /// The fills so far, by strategy and side.
    pub fn fills(&self) -> impl Iterator<Item = ((&str, bool), &VecDeque<i64>)> {
        self.strategies.iter().flat_map(|own| {
            let sides = [(true, &own.buys), (false, &own.sells)];
            sides.into_iter().filter_map(|(buys, times)| Some(((own.strategy.as_str(), buys), times.as_ref()?)))
        })
    }

    /// The strategies that are stopped, and why.
    pub fn stops(&self) -> impl Iterator<Item = (&str, Stop)> {
        self.strategies.iter().filter_map(|own| Some((own.strategy.as_str(), own.stop?)))
    }

    /// Takes over a strategy's fills on a side.
    pub fn restore_fills(&mut self, strategy: &str, buys: bool, times: VecDeque<i64>) {
        let own = self.own(strategy);
        *if buys { &mut own.buys } else { &mut own.sells } = Some(times);
    }

    /// Takes over why a strategy was stopped.
    pub fn restore_stop(&mut self, strategy: &str, stop: Stop) {
        self.own(strategy).stop = Some(stop);
        self.stopped = true;
    }

    fn own(&mut self, strategy: &str) -> &mut Own {
        let at = self.strategies.iter().position(|own| own.strategy == strategy).unwrap_or_else(|| {
            self.strategies.push(Own { strategy: strategy.to_owned(), ..Own::default() });
            self.strategies.len() - 1
        });
        &mut self.strategies[at]
    }
}
