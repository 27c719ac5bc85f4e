//! Replay of a market for research: events that were read once, a native book, and a strategy called at every event.
//!
//! The twin is `mainspring_native.replay.plain`, which has the rules in words.

pub mod event;
pub mod exchange;
pub mod runner;
pub mod strategy;
