//! Fills encoded and decoded.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Prepared, inputs};

#[derive(Clone, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
struct Fill {
    order_id: i64,
    instrument: i64,
    time_ns: i64,
    fill_id: i64,
    side: i8,
    price_ticks: i64,
    size_lots: i64,
    maker: bool,
    fee_ppb: i64,
}

type Row = (i64, i64, i64, i64, i8, i64, i64, bool, i64);

impl Fill {
    fn of(row: Row) -> Self {
        let (order_id, instrument, time_ns, fill_id, side, price_ticks, size_lots, maker, fee_ppb) = row;
        Self { order_id, instrument, time_ns, fill_id, side, price_ticks, size_lots, maker, fee_ppb }
    }

    fn row(&self) -> Row {
        let Self { order_id, instrument, time_ns, fill_id, side, price_ticks, size_lots, maker, fee_ppb } = *self;
        (order_id, instrument, time_ns, fill_id, side, price_ticks, size_lots, maker, fee_ppb)
    }
}

fn prepare(folder: &Path, encode: fn(&Fill) -> Vec<u8>, decode: fn(&[u8]) -> Fill) -> Prepared {
    let fills: Vec<Fill> = inputs::read::<Vec<Row>>(folder, "fills").into_iter().map(Fill::of).collect();
    let bytes: usize = fills.iter().map(|fill| encode(fill).len()).sum();
    let detail = format!("{} bytes a record", (bytes as f64 / fills.len() as f64).round());
    let run = move || fills.iter().map(|fill| decode(&encode(fill))).collect::<Vec<_>>();
    Prepared::new(run, answer).with_detail(detail)
}

fn answer(fills: Vec<Fill>) -> Value {
    json!({"fills": fills.iter().map(Fill::row).collect::<Vec<_>>()})
}

/// By bincode's own derive, in its standard configuration.
pub fn bincode(folder: &Path) -> Prepared {
    let encode =
        |fill: &Fill| ::bincode::encode_to_vec(fill, ::bincode::config::standard()).expect("a fill has a form");
    let decode = |bytes: &[u8]| {
        ::bincode::decode_from_slice(bytes, ::bincode::config::standard()).expect("a fill was encoded").0
    };
    prepare(folder, encode, decode)
}

/// By serde_json, as objects.
pub fn serde_json(folder: &Path) -> Prepared {
    let encode = |fill: &Fill| ::serde_json::to_vec(fill).expect("a fill has a form");
    let decode = |bytes: &[u8]| ::serde_json::from_slice(bytes).expect("a fill was encoded");
    prepare(folder, encode, decode)
}
