//! How fast the decoder reads a capture's lines: `decoder_bench FORMAT.json INSTRUMENTS.json LINES`.

use std::time::Instant;

use mainspring_native::wire::decoder::{Decoder, Encoding};
use mainspring_native::wire::event::{Event, Sink};
use mainspring_native::wire::program::Program;

#[derive(Default)]
struct Count {
    events: u64,
    rows: u64,
}

impl Sink for Count {
    fn event(&mut self, event: Event<'_>) {
        self.events += 1;
        if let Event::Delta(_, bids, asks) | Event::Snapshot(_, bids, asks) = event {
            self.rows += (bids.len() + asks.len()) as u64;
        }
    }
}

fn main() {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let format = std::fs::read_to_string(&paths[0]).unwrap();
    let instruments = std::fs::read_to_string(&paths[1]).unwrap();
    let lines = std::fs::read(&paths[2]).unwrap();
    let messages: Vec<(i64, &[u8])> = lines
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let at = line.iter().position(|&byte| byte == b' ').unwrap();
            (std::str::from_utf8(&line[..at]).unwrap().parse().unwrap(), &line[at + 1..])
        })
        .collect();
    let bytes: usize = messages.iter().map(|(_, raw)| raw.len()).sum();
    let mut best = f64::MAX;
    for _ in 0..30 {
        let program = Program::new(
            serde_json::from_str(&format).unwrap(),
            &serde_json::from_str::<Vec<_>>(&instruments).unwrap(),
        )
        .unwrap();
        let mut decoder = Decoder::new(program, Encoding::Json);
        let mut sink = Count::default();
        let started = Instant::now();
        for &(time, raw) in &messages {
            decoder.on_message(raw, time, &mut sink).unwrap();
        }
        let took = started.elapsed().as_secs_f64();
        if took < best {
            best = took;
            println!(
                "{:.0} ns a message, {:.2} GB/s; {} events, {} rows, {} generally, causes {:?}",
                1e9 * took / messages.len() as f64,
                bytes as f64 / took / 1e9,
                sink.events,
                sink.rows,
                decoder.general(),
                decoder.causes()
            );
        }
    }
    let depth: Vec<_> = messages.iter().filter(|(_, raw)| raw.windows(11).any(|word| word == b"depthUpdate")).collect();
    let bytes: usize = depth.iter().map(|(_, raw)| raw.len()).sum();
    let program =
        Program::new(serde_json::from_str(&format).unwrap(), &serde_json::from_str::<Vec<_>>(&instruments).unwrap())
            .unwrap();
    let mut decoder = Decoder::new(program, Encoding::Json);
    let mut sink = Count::default();
    let (mut best, mut bare) = (f64::MAX, f64::MAX);
    let mut buffers = simd_json::Buffers::default();
    let mut tape = simd_json::Tape::null();
    for _ in 0..30 {
        let started = Instant::now();
        for &&(time, raw) in &depth {
            decoder.on_message(raw, time, &mut sink).unwrap();
        }
        best = best.min(started.elapsed().as_secs_f64());
        // simd-json writes into what it parses.
        let mut copies: Vec<Vec<u8>> = depth.iter().map(|(_, raw)| raw.to_vec()).collect();
        let started = Instant::now();
        for copy in &mut copies {
            let mut parsed = tape.reset();
            simd_json::fill_tape(copy, &mut buffers, &mut parsed).unwrap();
            assert!(!parsed.0.is_empty());
            tape = parsed.reset();
        }
        bare = bare.min(started.elapsed().as_secs_f64());
    }
    let speed = |seconds: f64| bytes as f64 / seconds / 1e9;
    println!(
        "depth messages: {:.0} ns each, {:.2} GB/s; simd-json's tape alone {:.2} GB/s: {:.2} of it",
        1e9 * best / depth.len() as f64,
        speed(best),
        speed(bare),
        bare / best
    );
}
