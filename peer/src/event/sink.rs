//! Where events go in, bounded: an owner that does not read them loses some, and is told how many.

use super::{Event, Stamped};
use crate::environment::Clock;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc;

/// Events that wait for their owner; more are dropped and counted in [`Event::Missed`].
pub const EVENTS_MAX: usize = 1_024;

/// Where events go in. Never waits.
#[derive(Clone)]
pub(crate) struct EventSink {
    queue: mpsc::Sender<Stamped>,
    clock: Clock,
    missed: Arc<AtomicU64>,
}

impl EventSink {
    pub(crate) fn new(clock: Clock) -> (Self, mpsc::Receiver<Stamped>) {
        let (queue, events) = mpsc::channel(EVENTS_MAX);
        (Self { queue, clock, missed: Arc::default() }, events)
    }

    pub(crate) fn emit(&self, event: Event) {
        let at_ms = self.clock.now_ms();
        let count = self.missed.swap(0, Ordering::AcqRel);
        if count > 0 && self.queue.try_send(Stamped { at_ms, event: Event::Missed { count } }).is_err() {
            self.missed.fetch_add(count + 1, Ordering::AcqRel);
        } else if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(Stamped { at_ms, event })
        {
            self.missed.fetch_add(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn events_that_nobody_takes_are_counted() {
        let (sink, mut events) = EventSink::new(Clock::start());
        for _ in 0..EVENTS_MAX + 3 {
            sink.emit(Event::Ended);
        }
        events.recv().await.unwrap();
        events.recv().await.unwrap();
        sink.emit(Event::Missed { count: 99 });
        let mut last = vec![];
        while let Ok(event) = events.try_recv() {
            last.push(event.event);
        }
        assert_eq!(last[last.len() - 2..], [Event::Missed { count: 3 }, Event::Missed { count: 99 }]);
    }
}
