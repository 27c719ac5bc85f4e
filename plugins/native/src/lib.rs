//! Fast twins of Mainspring's hot parts. Plain Rust; only `python` knows PyO3.

pub mod book;
pub mod capture;
pub mod exact;
pub mod frames;
pub mod queue;
pub mod record;
pub mod replay;
pub mod slippage;
pub mod wire;

#[cfg(feature = "python")]
mod python;
