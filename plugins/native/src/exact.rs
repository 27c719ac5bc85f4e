//! Decimal text to whole ticks and lots, exactly.
