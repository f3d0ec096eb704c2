//! As many messages as the server passes on: each side sends a few, and one more for each that reaches it, so there
//! is always work and never more than the queues hold.

use crate::{
    clock,
    pair::{FIRST_COMMAND, Load, Side},
    wire::{Counter, Numbered, frame},
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

/// Sends the window, then one message for each that arrives, and acknowledges them. Ends only with an error.
async fn echo(plan: Plan, side: Side, arrived: Rc<Cell<u64>>, buffer: Rc<RefCell<Vec<u8>>>) -> Result<()> {
    let text = side.text(plan.load, 0);
    let mut message = Numbered::new(&text, FIRST_COMMAND).ok_or_else(|| Error::other("no number"))?;
    let Side { client, mut acks, .. } = side;
    let mut stream = client.into_stream()?;
    let mut counter = Counter::default();
    let mut due = plan.window;
    let mut bytes = Vec::new();
    loop {
        while due > 0 {
            let now = due.min(plan.window);
            (0..now).for_each(|_| message.append_to(&mut bytes));
            stream.write_all(&bytes).await?;
            bytes.clear();
            due -= now;
        }
        stream.readable().await?;
        due = take(&stream, &mut counter, &buffer)?;
        arrived.set(arrived.get() + due as u64);
        let taken = u32::try_from(due).map_err(Error::other)?;
        if let Some(ack) = acks.as_mut().and_then(|acks| acks.take(taken)) {
            bytes.extend(frame(&ack));
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
