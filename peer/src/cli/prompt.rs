//! `answer`: which call rings, and what is said to it: by `--auto`, or by a line on standard input.

use super::entrance::Aim;
use crate::event::Event;
use holdfast_protocol::{CallId, DisplayName};
use std::{collections::BTreeMap, io::BufRead, thread};
use tokio::sync::mpsc;

/// Lines that wait.
const LINES_MAX: usize = 16;

/// What to do with a call that rings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Word {
    pub(super) call: CallId,
    pub(super) accept: bool,
}

/// The calls that ring, and who decides on them.
pub(super) struct Prompt {
    /// Whether the first call is the last.
    pub(super) once: bool,
    /// None with `--auto`.
    lines: Option<mpsc::Receiver<String>>,
    ringing: BTreeMap<CallId, DisplayName>,
    /// For `--auto`: accepted as soon as anybody looks.
    due: Option<CallId>,
}

impl Prompt {
    /// For `answer`; nothing for other commands.
    pub(super) fn new(aim: &Aim) -> Option<Self> {
        let Aim::Calls { auto, once, .. } = aim else { return None };
        let lines = (!auto).then(read_lines);
        Some(Self { once: *once, lines, ringing: BTreeMap::new(), due: None })
    }

    /// Takes an event.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::IncomingCall { call, from, .. } => {
                self.ringing.insert(*call, from.name.clone());
                if self.lines.is_none() {
                    self.due = Some(*call);
                } else {
                    eprintln!("holdfast-peer: {} calls: accept or decline?", from.name);
                }
            }
            Event::AcceptedElsewhere { call }
            | Event::RingingStopped { call }
            | Event::CallEnded { call, .. }
            | Event::CallOver { call, .. }
            | Event::Joined { call, .. } => {
                self.ringing.remove(call);
                self.due.take_if(|due| due == call);
            }
            _ => {}
        }
    }

    /// What is decided next; never, without a prompt.
    pub(super) async fn word(prompt: &mut Option<Self>) -> Word {
        match prompt {
            Some(prompt) => prompt.next().await,
            None => std::future::pending().await,
        }
    }

    async fn next(&mut self) -> Word {
        if let Some(call) = self.due.take() {
            return Word { call, accept: true };
        }
        let Some(lines) = &mut self.lines else { return std::future::pending().await };
        loop {
            // Nobody is there any more to decide: it rings until the caller gives up.
            let Some(line) = lines.recv().await else { return std::future::pending().await };
            match decided(&line, &self.ringing) {
                Ok(word) => return word,
                Err(why) => eprintln!("holdfast-peer: {why}"),
            }
        }
    }
}

fn decided(line: &str, ringing: &BTreeMap<CallId, DisplayName>) -> Result<Word, &'static str> {
    let accept = match line.trim() {
        "accept" => true,
        "decline" => false,
        _ => return Err("say accept or decline"),
    };
    let call = ringing.keys().next().copied().ok_or("nobody calls")?;
    Ok(Word { call, accept })
}

/// A thread of its own, since a read from a terminal cannot be given up; it ends with the program.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(LINES_MAX);
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_decides_on_the_call_that_rings() {
        let call: CallId = "0000ca11-0000-4000-8000-000000000001".parse().unwrap();
        let ringing = BTreeMap::from([(call, DisplayName::new("Ada").unwrap())]);
        assert_eq!(decided("accept", &ringing), Ok(Word { call, accept: true }));
        assert_eq!(decided(" decline \r", &ringing), Ok(Word { call, accept: false }));
        assert_eq!(decided("perhaps", &ringing), Err("say accept or decline"));
        assert_eq!(decided("accept", &BTreeMap::new()), Err("nobody calls"));
    }
}
