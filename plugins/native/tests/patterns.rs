//! Messages that are written as one before them are read without a tape, to the same events, refusals and counts.

use mainspring_native::wire::decoder::{Decoder, Encoding};
use mainspring_native::wire::event::{Event, Sink};
use serde_json::{Value, json};

/// Events by their text.
#[derive(Default)]
struct Seen(Vec<String>);

impl Sink for Seen {
    fn event(&mut self, event: Event<'_>) {
        self.0.push(format!("{event:?}"));
    }
}

fn text(key: &str) -> Value {
    json!({"type": "Text", "key": key, "optional": false, "after": "", "until": ""})
}

fn levels(key: &str, price: Value, size: Value, more: &Value) -> Value {
    let mut levels = json!({
        "type": "Levels", "key": key, "price": price, "size": size, "number": false, "optional": true, "single": false,
        "side": null, "signed": false, "deletes": null, "id": null, "scale": [], "size_scale": [],
        "size_decimals": null, "placeholder": false, "order": null, "action": 0, "replaces": null, "trade_id": null,
        "passes_unknown": false,
    });
    for (name, value) in more.as_object().expect("an object") {
        levels[name] = value.clone();
    }
    levels
}

fn choice(key: &str, values: Value) -> Value {
    json!({"type": "Choice", "key": key, "values": values, "otherwise": null})
}

fn delta(more: &Value) -> Value {
    let mut message = json!({
        "type": "delta", "when": {}, "has": [], "each": null, "symbol": null, "event_time": null, "round_lots": null,
        "sequence": null, "reset": null, "bids": null, "asks": null, "rows": null, "checksum": null, "depth": null,
    });
    for (name, value) in more.as_object().expect("an object") {
        message[name] = value.clone();
    }
    message
}

fn decoder(messages: Value) -> Decoder {
    let format = json!({
        "messages": messages, "unwrap": null, "stream": null, "answers": null, "batch": false,
        "sequencing": {"type": "Unsequenced"}, "numbers": null,
    });
    let instruments = json!([
        {"venue_symbol": "A-B", "tick_size": "0.01", "lot_size": "0.001"},
        {"venue_symbol": "C-D", "tick_size": "0.5", "lot_size": "1"},
    ]);
    let format = serde_json::from_value(format).expect("a format");
    let instruments: Vec<_> = serde_json::from_value(instruments).expect("instruments");
    Decoder::by_paths(format, &instruments, Encoding::Json, false).expect("a decoder")
}

/// In an envelope, in an array of messages, with a checksum-like number, levels of texts by place.
fn enveloped() -> (Decoder, Vec<&'static str>) {
    let sides = |key| levels(key, json!(0), json!(1), &json!({}));
    let messages = json!([
        delta(&json!({
            "when": {"/arg.channel": "books*", "/action": "update"}, "each": "data", "symbol": text("/arg.id"),
            "event_time": {"type": "Millis", "key": "ts", "text": true}, "bids": sides("bids"), "asks": sides("asks"),
        })),
        delta(&json!({
            "when": {"/arg.channel": "l1"}, "each": "data", "symbol": text("/arg.id"),
            "bids": sides("asks"), "asks": sides("bids"),
        })),
    ]);
    let written = vec![
        r#"{"arg":{"channel":"books","id":"A-B"},"action":"update","data":[{"asks":[["1.50","2","0"]],"bids":[],"ts":"1","n":-5}]}"#,
        r#"{"arg":{"channel":"books9","id":"C-D"},"action":"update","data":[{"asks":[["2.5","7","x"],["3","0","1"]],"bids":[["1.0","12","7"]],"ts":"17","n":1.5}]}"#,
        r#"{"arg":{"channel":"books","id":"A-B"},"action":"update","data":[{"asks":[],"bids":[["0.01","0.001",""]],"ts":"3","n":0},{"asks":[["9","9","9"]],"bids":[],"ts":"4","n":12}]}"#,
    ];
    (decoder(messages), written)
}

/// The symbol behind the levels, sides in the rows, numbers, a level that is deleted by a word.
fn from_behind() -> (Decoder, Vec<&'static str>) {
    let more = json!({
        "number": true, "side": choice("s", json!([["buy", 1], ["sell", -1]])),
        "deletes": {"type": "Choice", "key": "do", "values": [["del", 1]], "otherwise": 0},
    });
    let rows = levels("1.rows", json!("p"), json!("q"), &more);
    let message = delta(&json!({"when": {"-2": "book-*"}, "symbol": text("-1"), "rows": rows}));
    let written = vec![
        r#"[7,{"rows":[{"s":"buy","p":1.5,"q":3,"do":"put"},{"s":"sell","p":2.5,"q":0.25,"do":"put"}],"live":true},"book-5","A-B"]"#,
        r#"[11,{"rows":[{"s":"sell","p":1234.50,"q":3.000,"do":"del"}],"live":false},"book-5","A-B"]"#,
        r#"[11,{"rows":[{"s":"sell","p":100.0,"q":1,"do":"put"},{"do":"put","q":4,"p":7,"s":"buy"}],"live":true},"book-25","C-D"]"#,
    ];
    (decoder(json!([message])), written)
}

/// The sign of a size is its side; a level with the price zero says nothing.
fn signed() -> (Decoder, Vec<&'static str>) {
    let rows = levels("rows", json!(0), json!(1), &json!({"signed": true, "placeholder": true, "number": true}));
    let message = delta(&json!({"has": ["rows"], "symbol": text("s"), "rows": rows}));
    let written = vec![
        r#"{"s":"A-B","rows":[[1.5,-2],["3.25","7.5"],[2,-0.0]]}"#,
        r#"{"s":"C-D","rows":[[1.5,-2],[0,3]]}"#,
        r#"{"s":"A-B","rows":[["1e2","-2E-1"], ["1.5","-0"],[12345678.25,0.125]]}"#,
    ];
    (decoder(json!([message])), written)
}

/// A text that tells the kinds apart and that nothing else reads, one with which a kind has to begin, and one that nobody reads.
fn unread() -> (Decoder, Vec<&'static str>) {
    let sides = |key| levels(key, json!(0), json!(1), &json!({}));
    let of = |when: Value| delta(&json!({"when": when, "symbol": text("s"), "bids": sides("b"), "asks": sides("a")}));
    let messages =
        json!([of(json!({"kind": "up"})), of(json!({"stream": "book.*"})), of(json!({"/stream": "books.*"})),]);
    let written = vec![
        r#"{"v":"2.0","kind":"down","stream":"book.A-B","s":"A-B","b":[],"a":[["1.5","2"]]}"#,
        r#"{"v":"2.1","kind":"down","stream":"book.C-D","s":"C-D","b":[["2.5","7"]],"a":[]}"#,
        r#"{"v":"","kind":"down","stream":"book.","s":"A-B","b":[["0.5","7"]],"a":[]}"#,
        r#"{"v":"2.0","kind":"up","stream":"book.C-D","s":"C-D","b":[["3","1"]],"a":[]}"#,
        r#"{"v":"2.0","kind":"sideways","stream":"books.C-D","s":"C-D","b":[["4","1"]],"a":[["5.5","2"]]}"#,
    ];
    (decoder(messages), written)
}

/// Reads a message on both ways: what one takes the other takes, with the same events.
fn agree(fast: &mut Decoder, plain: &mut Decoder, raw: &[u8]) -> bool {
    let (mut seen, mut right) = (Seen::default(), Seen::default());
    let read = fast.on_message(raw, 5, &mut seen);
    let plainly = plain.on_message_generally(raw, 5, &mut right);
    let shown = String::from_utf8_lossy(raw);
    assert_eq!(read.is_ok(), plainly.is_ok(), "{read:?} and {plainly:?} of {shown}");
    assert_eq!(seen.0, right.0, "of {shown}");
    assert_eq!((fast.counts(), fast.causes()), (plain.counts(), plain.causes()), "of {shown}");
    read.is_ok()
}

#[test]
fn a_message_written_as_one_before_it_needs_no_tape() {
    for (made, written) in [enveloped(), from_behind(), signed(), unread()] {
        let (mut fast, mut plain) = (made.clone(), made);
        assert!(written.iter().all(|raw| agree(&mut fast, &mut plain, raw.as_bytes())));
        let taken_down = fast.general();
        assert!(taken_down < written.len() as u64, "{taken_down}");
        for raw in written {
            assert!(agree(&mut fast, &mut plain, raw.as_bytes()));
            assert_eq!(fast.general(), taken_down, "{raw}");
        }
    }
}

#[test]
fn a_message_with_any_byte_altered_is_read_or_refused_as_from_its_tape() {
    let bytes = b"\"\\}[],-.0e1 n\x1f\x80";
    let (mut taken, mut refused) = (0, 0);
    for (made, written) in [enveloped(), from_behind(), signed(), unread()] {
        let (mut fast, mut plain) = (made.clone(), made);
        for raw in &written {
            agree(&mut fast, &mut plain, raw.as_bytes());
        }
        for raw in &written {
            for at in 0..raw.len() {
                for &byte in bytes {
                    let mut altered = raw.as_bytes().to_vec();
                    altered[at] = byte;
                    let mut cut = raw.as_bytes().to_vec();
                    cut.remove(at);
                    let mut longer = raw.as_bytes().to_vec();
                    longer.insert(at, byte);
                    for changed in [&altered, &cut, &longer] {
                        if agree(&mut fast.clone(), &mut plain.clone(), changed) { taken += 1 } else { refused += 1 }
                    }
                }
            }
        }
    }
    assert!(taken > 2_000 && refused > 5_000, "{taken} were taken, {refused} refused");
}

#[test]
fn a_text_that_nothing_reads_may_differ_from_message_to_message() {
    let (mut fast, written) = unread();
    let mut plain = fast.clone();
    // The first pattern takes it to be the same in all messages, the second doesn't.
    for (raw, taken_down) in written.iter().zip([1, 2, 2]) {
        assert!(agree(&mut fast, &mut plain, raw.as_bytes()));
        assert_eq!(fast.general(), taken_down, "{raw}");
    }
}
