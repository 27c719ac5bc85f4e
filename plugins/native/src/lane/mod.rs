//! The fused part of a lane: feed, books and markets in one pass over the bytes, up to the first event with a callback.
//!
//! The twins are `mainspring.lane.Market`, `StreamStatistics` and the event handlers of `mainspring.lane.Lane`.

#![forbid(unsafe_code)]

pub mod histogram;
pub mod instant;
pub mod market;
pub mod messages;
pub mod runner;
pub mod statistics;
