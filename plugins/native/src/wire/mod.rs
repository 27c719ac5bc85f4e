//! The native wire decoder: the declarations of `mainspring.wire`, compiled to a program over raw bytes.
//!
//! A message is read on the fast way (`json`, `msgpack`), in one pass over its bytes, where it is written as venues write; any
//! other is decoded whole (`json_value`, `msgpack_value`) and read on the general way. Both run the same program
//! (`program`, `reading`) over their own `fields`, and `decoder` applies what was read to each book's numbering (`sync`).

pub mod declared;
pub mod decoder;
pub mod event;
pub mod fields;
pub mod json;
pub mod json_levels;
pub mod json_text;
pub mod json_units;
pub mod json_value;
pub mod literal;
pub mod message;
pub mod msgpack;
pub mod msgpack_value;
pub mod program;
pub mod reach;
pub mod reading;
pub mod round_lots;
pub mod simd;
pub mod slots;
pub mod symbols;
pub mod sync;
pub mod template;
pub mod times;
pub mod tree;
pub mod value;
pub mod wanted;
