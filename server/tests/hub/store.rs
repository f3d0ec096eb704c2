//! The store as an operator meets it: the program with its data directory.

use crate::support::{serving, soon, spawn};
use holdfast_server::store::{
    Store,
    sqlite::{DATABASE_FILE, SqliteStore},
};
use std::fs;
use tokio::{io::AsyncReadExt, process::Child};

/// Waits for its end; what it wrote to standard error.
async fn refusal(mut program: Child) -> String {
    let status = soon("the end", program.wait()).await.unwrap();
    assert!(!status.success());
    let mut text = String::new();
    program.stderr.take().unwrap().read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_hub_does_not_run_on_a_damaged_database() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(DATABASE_FILE), "not a database".repeat(999)).unwrap();
    let text = refusal(spawn(dir.path(), &[])).await;
    assert!(text.contains("holdfast.db: damaged") && text.contains("restore a copy"), "{text}");
}

#[tokio::test]
async fn a_hub_does_not_share_its_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = spawn(dir.path(), &[]);
    serving(&mut first).await;
    let text = refusal(spawn(dir.path(), &[])).await;
    assert!(text.contains("another hub uses this data directory"), "{text}");
    first.kill().await.unwrap();
    let store = SqliteStore::open(dir.path()).await.unwrap();
    assert!(store.last_alive().await.unwrap().is_some(), "what was written before SIGKILL is there");
}

#[tokio::test]
async fn a_store_in_memory_writes_nothing_and_says_what_that_means() {
    let dir = tempfile::tempdir().unwrap();
    let mut hub = spawn(dir.path(), &["--store", "memory"]);
    serving(&mut hub).await;
    hub.kill().await.unwrap();
    let mut text = String::new();
    hub.stderr.take().unwrap().read_to_string(&mut text).await.unwrap();
    assert!(text.contains("--store memory"), "{text}");
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["hub.key"]);
}

#[tokio::test]
async fn a_planned_stop_leaves_one_file_that_can_be_copied() {
    let dir = tempfile::tempdir().unwrap();
    let mut hub = spawn(dir.path(), &[]);
    serving(&mut hub).await;
    let pid = hub.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(soon("the end", hub.wait()).await.unwrap().success());
    let mut files: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["holdfast.db", "holdfast.lock", "hub.key"]);
}

#[tokio::test]
async fn a_short_admin_token_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let text = refusal(spawn(dir.path(), &["--admin-token", "guess-me"])).await;
    assert!(text.contains("at least 16 characters") && !text.contains("guess-me"), "{text}");
}
