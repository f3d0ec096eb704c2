//! As many messages as the server passes on: each side sends a few, and one more for each that reaches it, so there
//! is always work and never more than the queues hold.

use crate::{
    clock,
    pair::{Load, Side},
    wire::{Counter, frame},
};
use std::{
    cell::{Cell, RefCell},
    io::{Error, ErrorKind, Result},
    rc::Rc,
    time::Duration,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, task::LocalSet, time::sleep};

/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1024;

/// A load and how long it goes on.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What is sent.
    pub load: Load,
    /// Messages under way from each side.
    pub window: usize,
    /// Before counting begins.
    pub warm_up: Duration,
    /// While counting.
    pub measure: Duration,
}

/// What was counted.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Messages that arrived while counting.
    pub messages: u64,
    /// For how long was counted.
    pub seconds: f64,
}

/// Runs `plan` on `pairs`; `begin` and `end` are called when counting begins and ends.
///
/// # Errors
/// When a socket is lost, or the server says something else than what was sent.
pub async fn run(
    plan: Plan,
    pairs: Vec<[Side; 2]>,
    begin: impl FnOnce(),
    end: impl FnOnce(),
) -> Result<Counted> {
    let local = LocalSet::new();
    let arrived = Rc::new(Cell::new(0_u64));
    let buffer = Rc::new(RefCell::new(vec![0; READ_BYTES]));
    let sides = pairs.into_iter().flatten();
    let tasks: Vec<_> = sides
        .map(|side| {
            let (arrived, buffer) = (Rc::clone(&arrived), Rc::clone(&buffer));
            local.spawn_local(echo(plan, side, arrived, buffer))
        })
        .collect();
    let counted = local
        .run_until(async {
            sleep(plan.warm_up).await;
            begin();
            let (from, start) = (arrived.get(), clock::now());
            sleep(plan.measure).await;
            let counted = Counted { messages: arrived.get() - from, seconds: start.elapsed().as_secs_f64() };
            end();
            counted
        })
        .await;
    for task in tasks {
        if task.is_finished() {
            local.run_until(task).await.map_err(Error::other)??;
        }
    }
    Ok(counted)
}

/// Sends the window, then one message for each that arrives. Ends only with an error.
async fn echo(plan: Plan, side: Side, arrived: Rc<Cell<u64>>, buffer: Rc<RefCell<Vec<u8>>>) -> Result<()> {
    let one = frame(&side.text(plan.load, 1));
    let window = one.repeat(plan.window);
    let mut stream = side.client.into_stream()?;
    stream.write_all(&window).await?;
    let mut counter = Counter::default();
    loop {
        stream.readable().await?;
        let mut due = take(&stream, &mut counter, &buffer)?;
        arrived.set(arrived.get() + due as u64);
        while due > 0 {
            let now = due.min(plan.window);
            stream.write_all(&window[..now * one.len()]).await?;
            due -= now;
        }
    }
}

fn take(stream: &TcpStream, counter: &mut Counter, buffer: &RefCell<Vec<u8>>) -> Result<usize> {
    let mut buffer = buffer.borrow_mut();
    match stream.try_read(&mut buffer) {
        Ok(0) => Err(Error::new(ErrorKind::UnexpectedEof, "the server closed a socket")),
        Ok(read) => counter.feed(&buffer[..read]),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        Err(error) => Err(error),
    }
}
