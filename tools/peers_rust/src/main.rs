//! `mainspring-peers WORK WAY INPUTS`: prepares a work, does it once and says what came of it, then again, timed, at
//! each line of standard input. It answers in lines of JSON.

#![forbid(unsafe_code)]

mod book;
mod bytes;
mod inputs;
mod records;
mod slippage;

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

const MINIMUM_NS: u128 = 50_000_000;

/// A work that stands ready: a pass, and what its answer looks like.
pub struct Prepared {
    run: Box<dyn FnMut() -> Box<dyn FnOnce() -> Value>>,
    detail: String,
}

impl Prepared {
    /// `run` is what is timed; `answer` makes of what it returned the answer.
    pub fn new<T: 'static>(mut run: impl FnMut() -> T + 'static, answer: fn(T) -> Value) -> Self {
        Self {
            run: Box::new(move || {
                let ended = black_box(run());
                Box::new(move || answer(ended))
            }),
            detail: String::new(),
        }
    }

    /// Says `detail` beside the figure.
    pub fn with_detail(mut self, detail: String) -> Self {
        self.detail = detail;
        self
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [work, way, folder] = arguments.as_slice() else {
        panic!("usage: mainspring-peers WORK WAY INPUTS");
    };
    let folder = Path::new(folder);
    let mut prepared = match (work.as_str(), way.as_str()) {
        ("bytes", "serde_json, BTreeMap") => bytes::serde_json(folder),
        ("bytes", "simd-json, BTreeMap") => bytes::simd_json(folder),
        ("book", "BTreeMap") => book::prepare(folder),
        ("records", "bincode") => records::bincode(folder),
        ("records", "serde_json") => records::serde_json(folder),
        ("slippage", "square root in f64") => slippage::prepare(folder),
        _ => panic!("no way {way:?} of doing {work:?}"),
    };
    let say = |value: Value| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{value}").and_then(|()| out.flush()).expect("standard output is open");
    };
    let answer = (prepared.run)()();
    say(json!({"answer": answer, "detail": prepared.detail}));
    let mut passes: u128 = 1;
    for line in std::io::stdin().lock().lines() {
        line.expect("standard input is text");
        let started = Instant::now();
        for _ in 0..passes {
            drop((prepared.run)());
        }
        let took_ns = started.elapsed().as_nanos().max(1);
        say(json!({"pass_ns": took_ns as f64 / passes as f64}));
        passes = passes.max((MINIMUM_NS * passes).div_ceil(took_ns));
    }
}
