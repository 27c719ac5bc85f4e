//! Captures, decompressed and split into messages on a thread of their own.
//!
//! The twin is `mainspring.data.capture`. Anything but a plain complete line ends the reading here; the twin handles it.

#![forbid(unsafe_code)]

pub mod lines;
pub mod reader;
pub mod source;
