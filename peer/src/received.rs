//! Media and messages on their way to the application: a queue with a bound on what waits in it, in things and in
//! bytes.

use crate::event::Received;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;

/// Frames and messages that wait for the application; more frames are dropped.
pub const RECEIVED_MAX: usize = 1_024;
/// Their bytes; more frames are dropped. Ten seconds of six participants with 5 Mbit/s each are 38 MB.
pub const RECEIVED_BYTES_MAX: usize = 64 << 20;
/// How long a message waits for room; then it is dropped, as are those after it until one finds room. For ever would
/// hide the end of the connection it came on.
const MESSAGE_WAIT: Duration = Duration::from_secs(1);

/// The application's end.
pub struct ReceivedStream {
    queue: mpsc::Receiver<Received>,
    bytes: Arc<AtomicUsize>,
}

/// The connections' end.
#[derive(Clone)]
pub(crate) struct ReceivedSink {
    queue: mpsc::Sender<Received>,
    bytes: Arc<AtomicUsize>,
    not_read: Arc<AtomicBool>,
}

/// The application is too far behind.
#[derive(Debug)]
pub(crate) struct NotTaken;

/// A queue for one client.
pub(crate) fn channel() -> (ReceivedSink, ReceivedStream) {
    let (sender, queue) = mpsc::channel(RECEIVED_MAX);
    let bytes = Arc::<AtomicUsize>::default();
    (
        ReceivedSink { queue: sender, bytes: bytes.clone(), not_read: Arc::default() },
        ReceivedStream { queue, bytes },
    )
}

impl ReceivedStream {
    /// The next thing received; nothing once the client has ended.
    pub async fn recv(&mut self) -> Option<Received> {
        let received = self.queue.recv().await?;
        Some(self.taken(received))
    }

    /// The next thing received, if one is there.
    pub fn try_recv(&mut self) -> Option<Received> {
        let received = self.queue.try_recv().ok()?;
        Some(self.taken(received))
    }

    fn taken(&self, received: Received) -> Received {
        self.bytes.fetch_sub(size(&received), Ordering::AcqRel);
        received
    }
}

impl ReceivedSink {
    /// Hands something over at once, or not at all.
    pub(crate) fn offer(&self, received: Received) -> Result<(), NotTaken> {
        let size = size(&received);
        let waiting = self.bytes.fetch_add(size, Ordering::AcqRel);
        let result = if waiting + size > RECEIVED_BYTES_MAX {
            Err(true)
        } else {
            // An application that dropped its end misses nothing.
            self.queue.try_send(received).map_err(|error| matches!(error, mpsc::error::TrySendError::Full(_)))
        };
        match result {
            Ok(()) => Ok(()),
            Err(full) => {
                self.bytes.fetch_sub(size, Ordering::AcqRel);
                if full { Err(NotTaken) } else { Ok(()) }
            }
        }
    }

    /// Hands over something that should not be lost: waits for room, and so holds back its sender, but not for ever.
    pub(crate) async fn insist(&self, received: Received) -> Result<(), NotTaken> {
        let size = size(&received);
        let full = self.bytes.load(Ordering::Acquire) + size > RECEIVED_BYTES_MAX;
        if full || self.not_read.load(Ordering::Acquire) {
            self.offer(received)?;
            self.not_read.store(false, Ordering::Release);
            return Ok(());
        }
        self.bytes.fetch_add(size, Ordering::AcqRel);
        match tokio::time::timeout(MESSAGE_WAIT, self.queue.send(received)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => {
                self.bytes.fetch_sub(size, Ordering::AcqRel);
                Ok(())
            }
            Err(_) => {
                self.bytes.fetch_sub(size, Ordering::AcqRel);
                self.not_read.store(true, Ordering::Release);
                Err(NotTaken)
            }
        }
    }
}

fn size(received: &Received) -> usize {
    match received {
        Received::Frame { frame, .. } => frame.data.len(),
        Received::Control { message, .. } => message.len(),
        Received::KeyFrameWanted { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn message(bytes: usize) -> Received {
        let participant = "0000b0b0-0000-4000-8000-000000000002".parse().unwrap();
        Received::Control { participant, message: Bytes::from(vec![0; bytes]) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_nobody_takes_is_waited_for_once_and_not_for_ever() {
        let (sink, mut stream) = channel();
        for _ in 0..RECEIVED_MAX {
            sink.offer(message(0)).unwrap();
        }
        let start = tokio::time::Instant::now();
        for _ in 0..100 {
            sink.insist(message(1)).await.unwrap_err();
        }
        assert_eq!(start.elapsed(), MESSAGE_WAIT);
        stream.try_recv().unwrap();
        sink.insist(message(1)).await.unwrap();
        let (sent, _) = tokio::join!(sink.insist(message(2)), stream.recv());
        sent.unwrap();
    }

    #[tokio::test]
    async fn what_waits_is_bounded_in_bytes_and_what_is_taken_makes_room() {
        let (sink, mut stream) = channel();
        sink.offer(message(RECEIVED_BYTES_MAX)).unwrap();
        sink.offer(message(1)).unwrap_err();
        stream.recv().await.unwrap();
        sink.offer(message(1)).unwrap();
        drop(stream);
        sink.offer(message(1)).unwrap();
        sink.insist(message(1)).await.unwrap();
    }
}
