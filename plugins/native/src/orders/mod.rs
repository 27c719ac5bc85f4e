//! The records of the order log, a queue of records between threads, and a pool. The twins are `mainspring.orders.records`,
//! `mainspring.orders.OrderQueue` and `mainspring.orders.OrderPool`.

#![forbid(unsafe_code)]

pub mod crc;
pub mod decode;
pub mod encode;
pub mod fixed;
pub mod pool;
pub mod queue;
pub mod record;
