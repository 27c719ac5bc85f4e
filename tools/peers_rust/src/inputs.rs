//! Reads the inputs of the works.

use std::path::Path;

use serde::de::DeserializeOwned;

const WIDTH: usize = 6;
const LEVEL: i64 = 1;
const BUY: i64 = 1;

/// The levels that one message changes, of each side: ticks and lots.
#[derive(Default)]
pub struct Delta {
    pub bids: Vec<(i64, i64)>,
    pub asks: Vec<(i64, i64)>,
}

/// The value that was written under a name.
pub fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> T {
    let path = folder.join(format!("{name}.json"));
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The raw messages, without their times.
pub fn messages(folder: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read(folder.join("messages.txt")).expect("messages.txt was written");
    text.split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let space = line.iter().position(|&byte| byte == b' ').expect("a time stands before a message");
            line[space + 1..].to_vec()
        })
        .collect()
}

/// The levels of the events, a delta a message.
pub fn deltas(folder: &Path) -> Vec<Delta> {
    let bytes = std::fs::read(folder.join("events.i64")).expect("events.i64 was written");
    let values: Vec<i64> =
        bytes.chunks_exact(8).map(|eight| i64::from_le_bytes(eight.try_into().expect("eight bytes"))).collect();
    let mut deltas = Vec::new();
    let mut delta = Delta::default();
    for event in values.chunks_exact(WIDTH) {
        let &[_, ticks, lots, kind, side, last] = event else { unreachable!("a chunk has its width") };
        if kind == LEVEL {
            if side == BUY { &mut delta.bids } else { &mut delta.asks }.push((ticks, lots));
        }
        if last == 1 && !(delta.bids.is_empty() && delta.asks.is_empty()) {
            deltas.push(std::mem::take(&mut delta));
        }
    }
    deltas
}
