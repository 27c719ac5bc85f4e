//! Our orders, from approval to final state. The twins are the modules of the same names in `mainspring.orders`, which explain
//! the rules.

#![forbid(unsafe_code)]

pub mod account;
pub mod answers;
pub mod approval;
pub mod audit;
mod chain;
pub mod discrepancy;
pub mod gate;
pub mod heard;
pub mod lifecycle;
pub mod manager;
pub mod order;
pub mod position;
mod stray;
pub mod tracker;

#[cfg(test)]
mod tests;
