//! Gives the shared library the name that programs look for, with the number of its binary interface.

fn main() {
    // `CARDHUSH_ABI` in src/version.rs: the test of the installed library holds one against the other.
    const ABI: u32 = 1;
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    match os.as_str() {
        "linux" | "freebsd" | "netbsd" | "openbsd" | "android" => println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libcardhush.so.{ABI}"),
        "macos" => println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libcardhush.{ABI}.dylib"),
        _ => {}
    }
    println!("cargo::rerun-if-changed=build.rs");
}
