//! `include/cardhush.h` is what the crate declares. `CARDHUSH_WRITE_HEADER=1 cargo test -p cardhush-capi --test header` writes it anew.
#![allow(unsafe_code, reason = "reads text of C")]

use std::ffi::CStr;
use std::fs;
use std::path::Path;

#[test]
fn the_committed_header_is_that_of_the_crate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    let mut text = Vec::new();
    cbindgen::generate_with_config(folder, config).unwrap().write(&mut text);
    let text = String::from_utf8(text).unwrap();
    let path = folder.join("include/cardhush.h");
    if std::env::var_os("CARDHUSH_WRITE_HEADER").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    let other = committed.lines().zip(text.lines()).position(|(one, other)| one != other);
    assert!(committed == text, "line {}: write it anew, see above", other.unwrap_or(committed.lines().count()) + 1);
}

#[test]
fn every_status_of_the_header_has_words() {
    let header = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/cardhush.h")).unwrap();
    let words = |status: i32| {
        // SAFETY: static text, as the function says.
        unsafe { CStr::from_ptr(cardhush::status::cardhush_status_string(status)) }
    };
    let mut count = 0;
    for define in header.lines().filter(|line| line.starts_with("#define CARDHUSH_ERR_")) {
        let number = define.rsplit(' ').next().unwrap().trim_matches(['(', ')']).parse().unwrap();
        assert_ne!(words(number), words(i32::MIN), "{define}");
        count += 1;
    }
    assert!(count > 20, "{count} errors: the header is not read");
}
