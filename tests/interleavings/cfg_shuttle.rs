//! Builds the sources of a package of azid's with the model checker's primitives.

fn main() {
    println!("cargo::rerun-if-changed=../cfg_shuttle.rs");
    println!("cargo::rustc-check-cfg=cfg(shuttle)");
    println!("cargo::rustc-cfg=shuttle");
}
