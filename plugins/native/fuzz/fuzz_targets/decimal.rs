#![no_main]
//! Decimal texts on any step: what is read is exact, by a plain long multiplication.

use libfuzzer_sys::fuzz_target;
use mainspring_native::exact::Step;

const STEPS: [&str; 8] = ["0.01", "1", "1E-8", "0.25", "25", "1E+2", "0.000005", "1E-18"];

fuzz_target!(|data: &[u8]| {
    let Some((&first, text)) = data.split_first() else { return };
    let name = STEPS[usize::from(first) % STEPS.len()];
    let step = Step::parse(name).expect("a step");
    let Ok(units) = step.units_from_text(text) else { return };
    // units * step == text, with both sides as digits times ten to -20.
    let (digits, exponent) = match name.split_once('E') {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().expect("an exponent")),
        None => (name, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let scaled: i128 = format!("{whole}{fraction}").parse().expect("digits");
    let power = 20 + exponent - fraction.len() as i32;
    let right = i128::from(units).checked_mul(scaled).and_then(|value| value.checked_mul(10i128.pow(power as u32)));
    let text = std::str::from_utf8(text).expect("digits are text");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    assert!(fraction.len() <= 20, "{text} can't lie on {name}");
    let written = format!("{whole}{fraction:0<20}").parse::<i128>().ok();
    if let (Some(right), Some(written)) = (right, written) {
        assert_eq!(right, written, "{text} on {name}");
    }
    assert!(units >= 0);
});
