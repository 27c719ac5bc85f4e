//! Captures, decompressed and split into messages on a thread of their own.
//!
//! The twin is `mainspring.data.capture`. What isn't a plain whole line ends the reading here, and is the twin's to judge.

#![forbid(unsafe_code)]

pub mod lines;
pub mod reader;
pub mod source;
