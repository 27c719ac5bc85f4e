//! The trading kernel in Rust: rows of events through books, paper venue, risk checks and order tracker, with a strategy called
//! through a function pointer. The twin is the lane of `mainspring.lane` with its paper venue, which gives the same orders.

mod callbacks;
pub mod event;
pub mod handles;
pub mod manager;
mod messages;
pub mod record;
pub mod runner;
pub mod strategy;
pub mod view;

#[cfg(test)]
mod tests;
