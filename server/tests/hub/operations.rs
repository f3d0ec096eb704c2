//! `docs/operations.md` lists what there is, no more and no less.

use clap::CommandFactory;
use holdfast_server::{Config, METRICS};
use std::{collections::BTreeSet, fs, path::Path};

fn document() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md")).unwrap()
}

/// The rows whose first cell is in back quotes and begins with `prefix`.
fn rows(document: &str, prefix: &str) -> BTreeSet<String> {
    let start = format!("| `{prefix}");
    document.lines().filter(|line| line.starts_with(&start)).map(str::to_owned).collect()
}

#[test]
fn every_setting_is_listed_as_it_is() {
    let command = Config::command();
    let expected: BTreeSet<String> = command
        .get_arguments()
        .filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"))
        .map(|arg| {
            let default = arg
                .get_default_values()
                .first()
                .map_or_else(String::new, |value| format!("`{}`", value.to_string_lossy()));
            let long = arg.get_long().unwrap();
            let env = arg.get_env().unwrap_or_else(|| panic!("--{long} has no variable")).to_string_lossy();
            format!("| `--{long}` | `{env}` | {default} | {} |", arg.get_help().unwrap())
        })
        .collect();
    let listed = rows(&document(), "--");
    let (missing, stale): (Vec<_>, Vec<_>) =
        (expected.difference(&listed).collect(), listed.difference(&expected).collect());
    assert!(missing.is_empty() && stale.is_empty(), "missing:\n{missing:#?}\nstale:\n{stale:#?}");
}

#[test]
fn every_metric_is_listed_as_it_is() {
    let expected: BTreeSet<String> =
        METRICS.iter().map(|(name, meaning)| format!("| `{name}` | {meaning} |")).collect();
    assert_eq!(rows(&document(), "holdfast_"), expected);
}
