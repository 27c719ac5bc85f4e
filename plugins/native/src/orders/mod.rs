//! Records of orders and order events, a queue of them between threads, and a pool. The twins are
//! `mainspring.model.records`, `mainspring.orders.OrderQueue` and `mainspring.orders.OrderPool`.

#![forbid(unsafe_code)]

pub mod pool;
pub mod queue;
pub mod record;
