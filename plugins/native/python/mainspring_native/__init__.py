"""Fast twins, in Rust, of Mainspring's hot parts, as ordinary plugins."""
