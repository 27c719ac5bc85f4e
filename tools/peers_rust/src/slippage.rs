//! The square-root law, straight from its formula.

use std::hint::black_box;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use crate::{Prepared, inputs};

#[derive(Deserialize)]
struct Given {
    touch: (i64, i64),
    volatility_per_day: f64,
    daily_volume_lots: f64,
    tick_size: f64,
    orders: Vec<(i64, i64)>,
}

/// An estimate for each order.
pub fn prepare(folder: &Path) -> Prepared {
    let given: Given = inputs::read(folder, "slippage");
    let run = move || {
        given
            .orders
            .iter()
            .map(|&(_, size_lots)| {
                let (bid_ticks, ask_ticks) = black_box(given.touch);
                let half_spread = 0.5 * (ask_ticks - bid_ticks) as f64 * given.tick_size;
                let mid = 0.5 * (bid_ticks + ask_ticks) as f64 * given.tick_size;
                half_spread + given.volatility_per_day * (size_lots as f64 / given.daily_volume_lots).sqrt() * mid
            })
            .collect::<Vec<f64>>()
    };
    Prepared::new(run, |costs| json!({"costs": costs}))
}
