#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bridge_fuzz::sandbox_files(data));
