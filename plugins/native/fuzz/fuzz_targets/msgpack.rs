#![no_main]
//! msgpack messages: the fast way and the general way agree, and nothing panics.

mod formats;

use libfuzzer_sys::fuzz_target;
use mainspring_native::wire::decoder::Encoding;

fuzz_target!(|data: &[u8]| formats::agree(Encoding::Msgpack, data, 0xc1));
