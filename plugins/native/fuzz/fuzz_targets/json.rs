#![no_main]
//! JSON messages: the fast way, with its templates, and the general way agree, and nothing panics.

mod formats;

use libfuzzer_sys::fuzz_target;
use mainspring_native::wire::decoder::Encoding;

fuzz_target!(|data: &[u8]| formats::agree(Encoding::Json, data, b'\n'));
