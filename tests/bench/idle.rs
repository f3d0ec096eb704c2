//! Open sockets that say nothing: they have joined a room of two, said something to the other and heard it, had a
//! heartbeat each, and wait.

use crate::pair::{Kind, Load, Side, meet};
use holdfast_protocol::ClientFrame;
use std::{io::Result, net::SocketAddr};

/// Opens `sockets` sockets in rooms of two, to be held for as long as is measured.
///
/// # Errors
/// When a socket is refused or lost.
pub async fn open(kind: Kind, server: SocketAddr, sockets: usize) -> Result<Vec<[Side; 2]>> {
    let mut pairs = meet(kind, server, 0, sockets / 2).await?;
    for [one, other] in &mut pairs {
        // A client that has lived a while has been read from and written to: the first of each makes memory.
        one.client.send(&one.text(Load::Candidates, 1)).await?;
        other.next().await?;
        other.client.send(&other.text(Load::Candidates, 2)).await?;
        one.next().await?;
        for side in [one, other] {
            if kind == Kind::Hub {
                side.client.send(&ClientFrame::Heartbeat.encode()).await?;
                side.next().await?;
            }
            if let Some(acks) = side.acks {
                side.client.send(&acks.text()).await?;
            }
            side.client.rest();
        }
    }
    Ok(pairs)
}
