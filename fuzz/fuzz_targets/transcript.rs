#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    azid_tests::fuzz::transcript(data);
});
