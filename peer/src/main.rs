//! The headless peer as a program.

fn main() {}
