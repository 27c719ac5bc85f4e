//! The records of the order log. The twin is `mainspring.model.records`.

pub mod crc;
pub mod decode;
pub mod encode;
pub mod record;
