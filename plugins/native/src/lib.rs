//! Fast twins of Mainspring's hot parts. Plain Rust; only `python` knows PyO3.

pub mod book;
pub mod capture;
pub mod costs;
pub mod digits;
pub mod exact;
pub mod form;
pub mod frames;
pub mod kernel;
pub mod lane;
pub mod mantissa;
pub mod orders;
#[cfg(target_os = "linux")]
pub mod ring;
pub mod rising;
pub mod slab;
pub mod slippage;
pub mod trading;
pub mod venue;
pub mod wire;

#[cfg(feature = "python")]
mod python;
