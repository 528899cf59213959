#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| accession_fuzz::staging_targets::archive(bytes));
