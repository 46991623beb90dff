#![no_main]

#[allow(dead_code, reason = "one target each")]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::lock(bytes));
