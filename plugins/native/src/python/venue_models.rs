//! Queue and latency models of the paper venue, as Python describes them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::venue::delay::{Delay, Twister};
use crate::venue::queue::Queue;

/// A queue model by its name, with its figure: the power, or the lot size.
pub fn queue(name: &str, figure: f64) -> PyResult<Queue> {
    Ok(match name {
        "proportional" => Queue::Proportional,
        "pessimistic" => Queue::Pessimistic,
        "power-probability" => Queue::Power(figure),
        "power-probability-2" => Queue::Power2(figure),
        "power-probability-3" => Queue::Power3(figure),
        "log-probability" => Queue::Log(figure),
        "log-probability-2" => Queue::Log2(figure),
        _ => return Err(PyValueError::new_err(format!("no native queue model is named {name:?}"))),
    })
}

/// A delay as Python describes it: nanoseconds; or a fixed part, the quantiles of a jitter, and the words of a generator of
/// random numbers with the index of the next; or when messages were sent, and what each took.
#[derive(FromPyObject)]
pub enum Described {
    Constant(i64),
    Jittered(i64, Vec<i64>, Vec<u32>),
    Recorded(Vec<i64>, Vec<i64>),
}

impl Described {
    /// As the venue has it.
    pub fn delay(self) -> PyResult<Delay> {
        match self {
            Described::Constant(delay_ns) => Ok(Delay::Constant(delay_ns)),
            Described::Jittered(base_ns, jitter_ns, state) => {
                let random = state.split_last().and_then(|(at, words)| Twister::new(words, *at as usize));
                let random = random.ok_or_else(|| PyValueError::new_err("that is no state of a Mersenne Twister"))?;
                Ok(Delay::Jittered { base_ns, jitter_ns, random: Box::new(random) })
            }
            Described::Recorded(sent_ns, delays_ns) if !sent_ns.is_empty() && sent_ns.len() == delays_ns.len() => {
                Ok(Delay::Recorded { sent_ns, delays_ns })
            }
            Described::Recorded(..) => {
                Err(PyValueError::new_err("recorded delays need a time and a delay for each message"))
            }
        }
    }
}
