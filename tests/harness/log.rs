//! The event log of a run: what happened when, in virtual time. Two runs are the same when their logs are.

use std::{
    fmt::Display,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::time::Instant;

/// A log; clones are the same one.
#[derive(Clone, Debug)]
pub struct EventLog {
    started: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Default for EventLog {
    fn default() -> Self {
        Self::new()
    }
}

impl EventLog {
    /// An empty log whose time begins now.
    pub fn new() -> Self {
        Self { started: Instant::now(), lines: Arc::default() }
    }

    /// Adds one line. `what` must not hold a secret: the log is printed and kept.
    pub fn say(&self, who: &str, what: impl Display) {
        let at = self.started.elapsed();
        let line = format!("{:>6}.{:06} {who:<8} {what}", at.as_secs(), at.subsec_micros());
        self.lines().push(line);
    }

    /// All lines so far.
    pub fn to_text(&self) -> String {
        let mut text = self.lines().join("\n");
        text.push('\n');
        text
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines().len()
    }

    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A hash of all lines.
    pub fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.lines().hash(&mut hasher);
        hasher.finish()
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().expect("no code panics while it holds the lines")
    }
}
