#![no_main]
//! WebSocket frames: a stream gives the same events and the same error however it is cut, and nothing panics.

use libfuzzer_sys::fuzz_target;
use mainspring_native::frames::{FrameDecoder, Event, ProtocolError};

fn run(chunks: &[&[u8]], masked: bool) -> (Vec<String>, Option<ProtocolError>) {
    let mut decoder = FrameDecoder::new(masked, 300, true);
    let mut seen = Vec::new();
    for chunk in chunks {
        let mut at = 0;
        loop {
            match decoder.next(chunk, &mut at) {
                Ok(Some(Event::Text(text))) => seen.push(String::from_utf8(text.to_vec()).expect("checked")),
                Ok(Some(event)) => seen.push(format!("{event:?}")),
                Ok(None) => break,
                Err(error) => return (seen, Some(error)),
            }
        }
        assert_eq!(at, chunk.len());
    }
    (seen, None)
}

fuzz_target!(|data: &[u8]| {
    let [cut, second, masked, stream @ ..] = data else { return };
    let masked = masked & 1 == 1;
    let (first, rest) = stream.split_at(usize::from(*cut).min(stream.len()));
    let (middle, last) = rest.split_at(usize::from(*second).min(rest.len()));
    let whole = run(&[stream], masked);
    assert_eq!(whole, run(&[first, middle, last], masked));
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(whole, run(&bytes, masked));
});
