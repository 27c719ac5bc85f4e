//! Records are read back as they were written; nothing else is read, and nothing panics.

use mainspring_native::book::Side;
use mainspring_native::orders::record::{
    Decimal, Fault, Fill, NewOrder, Record, Request, TimeInForce, decode, encode_into,
};

const NOW_NS: i64 = 1_723_161_600_000_000_000;

fn fill() -> Fill<'static> {
    Fill {
        time_ns: NOW_NS,
        order_id: 12_345,
        instrument: 3,
        fill_id: 4_012_345_678,
        side: Side::Sell,
        price_ticks: 6_100_000,
        size_lots: 25_000,
        maker: true,
        fee_ppb: -100_000,
        fee_amount: None,
        fee_currency: "",
    }
}

fn order() -> NewOrder<'static> {
    NewOrder {
        order_id: 1,
        instrument: 0,
        side: Side::Buy,
        limit: false,
        price_ticks: 0,
        size_lots: i64::MAX,
        created_ns: i64::MIN,
        time_in_force: TimeInForce::Fok,
        post_only: true,
        strategy: "maker",
        expires_ns: 1_700_000_000_000_000_000,
        reduce_only: true,
    }
}

/// One of every kind, and the ends of every range.
fn every_kind(text: &str) -> Vec<Record<'_>> {
    let (time_ns, order_id, instrument, reason) = (NOW_NS, i64::MIN, -1, text);
    let fee = Decimal::Short { coefficient: 12_345_678, exponent: -8 };
    let mut records = vec![
        Record::SessionStarted { time_ns, session: text, lane: 1 },
        Record::SubmitRequested { time_ns, order: order() },
        Record::SubmitRequested {
            time_ns,
            order: NewOrder { limit: true, side: Side::Sell, strategy: text, ..order() },
        },
        Record::CancelRequested { time_ns, order_id },
        Record::ReplaceRequested { time_ns: i64::MAX, order_id, price_ticks: 64, size_lots: -65 },
        Record::Accepted { time_ns, order_id, instrument },
        Record::Fill(fill()),
        Record::Fill(Fill { fee_amount: Some(fee), fee_currency: "BNB", side: Side::Buy, maker: false, ..fill() }),
        Record::Fill(Fill { fee_amount: Some(Decimal::Long("-0.0")), ..fill() }),
        Record::Fill(Fill { fee_currency: text, ..fill() }),
        Record::Cancelled { time_ns, order_id, instrument, remaining_lots: 63, reason },
        Record::Expired { time_ns: i64::MIN, order_id, instrument, remaining_lots: -64, reason },
        Record::Replaced { time_ns, order_id, instrument, price_ticks: i64::MAX, size_lots: 0 },
        Record::Discrepancy { time_ns, order_id, instrument, what: text, detail: text },
        Record::DiscrepancyCleared { time_ns, instrument },
        Record::MarkedUnknown { time_ns, order_id, reason },
        Record::GroupChanged { time_ns, group_id: 1, order_id, what: text, detail: text },
        Record::Funding { time_ns, instrument, amount: fee, currency: text, rate: None, mark_price: Some(fee) },
    ];
    for request in [Request::New, Request::Cancel, Request::Replace] {
        records.push(Record::RequestApproved { time_ns, order_id, request });
        records.push(Record::RequestRefused { time_ns, order_id, reason, detail: text, request });
        records.push(Record::Rejected { time_ns, order_id, instrument, reason, request });
    }
    records
}

fn encoded(records: &[Record<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        encode_into(&mut out, record);
    }
    out
}

#[test]
fn what_was_written_is_read() {
    for text in ["", "too-slow", "zu spät", &"x".repeat(127), &"ü".repeat(10_000)] {
        let records = every_kind(text);
        let bytes = encoded(&records);
        let mut rest = &bytes[..];
        for record in &records {
            let (found, taken) = decode(rest).expect("a record");
            assert_eq!(found, *record);
            assert_eq!(encoded(&[found]), rest[..taken]);
            rest = &rest[taken..];
        }
        assert_eq!(decode(rest), Err(Fault::Torn));
    }
}

#[test]
fn a_fill_takes_at_most_forty_bytes() {
    let reported = Some(Decimal::Short { coefficient: 12_345, exponent: -8 });
    assert!(encoded(&[Record::Fill(fill())]).len() <= 36);
    assert!(
        encoded(&[Record::Fill(Fill { fee_ppb: 0, fee_amount: reported, fee_currency: "BNB", ..fill() })]).len() <= 40
    );
}

#[test]
fn a_decimal_in_pythons_text_has_its_own_form() {
    for (text, coefficient, exponent) in [
        ("0", 0, 0),
        ("1.20", 120, -2),
        ("-0.00031", -31, -5),
        ("1E-8", 1, -8),
        ("1.5E+3", 15, 2),
        ("0E+1000", 0, 1_000),
        ("-9223372036854775808", i64::MIN, 0),
    ] {
        assert_eq!(Decimal::short(text), Some(Decimal::Short { coefficient, exponent }), "{text}");
    }
    for text in ["", "-0.0", "9223372036854775808", "1E+1001", "1E-1001", "NaN", "-Infinity", "1E", "1_0", ".5", "--1"]
    {
        assert_eq!(Decimal::short(text), None, "{text}");
    }
}

#[test]
fn a_record_cut_short_is_torn_and_a_flipped_bit_is_found() {
    for record in every_kind("too-slow") {
        let bytes = encoded(&[record]);
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end]), Err(Fault::Torn), "{end} bytes of {record:?}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&flipped).is_err(), "bit {bit} of {record:?}");
        }
    }
}
