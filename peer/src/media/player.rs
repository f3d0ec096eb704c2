//! Plays a clip to everyone in the call: sleeps until a frame is due and hands it out. When what is due is decided by
//! [`super::schedule`].

use super::{Clip, Section, schedule::Schedule};
use crate::pair::{KeyFrameWishes, Outlets};
use std::sync::Arc;
use tokio::time::Instant;

/// Plays until it is aborted.
pub(crate) async fn play(section: Section, clip: Clip, outlets: Arc<Outlets>, wishes: KeyFrameWishes) {
    let start = Instant::now();
    let mut schedule = Schedule::new(clip);
    // Kept over the loop's rounds: a wish that comes while a frame is handed out is not lost.
    let mut wish = Box::pin(wishes[section.index()].notified());
    loop {
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(start + schedule.due()) => {
                let frame = schedule.take(start.elapsed());
                wish.as_mut().enable();
                outlets.send(section, &frame);
            }
            () = &mut wish => {
                wish.set(wishes[section.index()].notified());
                schedule.jump(start.elapsed());
            }
        }
    }
}
