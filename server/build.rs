//! Makes sure that the folder of the built page exists, so that the hub compiles before the page is built.

use std::{fs, path::Path};

fn main() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/dist");
    fs::create_dir_all(&page).expect("the project's folders are writable where it is built");
    println!("cargo::rerun-if-changed=../web/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
