//! Tells the module how it is built.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let told = |name: &str| env::var(name).unwrap_or_default();
    let rustc = Command::new(told("RUSTC")).arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    println!("cargo:rustc-env=MAINSPRING_TARGET={}", told("TARGET"));
    println!("cargo:rustc-env=MAINSPRING_TARGET_FEATURES={}", told("CARGO_CFG_TARGET_FEATURE"));
    println!("cargo:rustc-env=MAINSPRING_RUSTC={rustc}");
}
