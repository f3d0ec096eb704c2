//! How a socket ends, who is told, and what it costs.

use super::wire::Wire;
use crate::{
    abuse::Offence,
    clock::millis,
    hub::Hub,
    network::Network,
    outgoing::{Outgoing, Written},
};
use holdfast_protocol::{CloseCode, HubFrame, OutageCause};

/// How a socket ended.
pub(super) enum End {
    /// The hub closes it, after a last frame if there is one.
    Close(CloseCode, Option<Outgoing>),
    /// The client closed it.
    Closed,
    /// It broke.
    Lost,
}

impl End {
    /// What the call log says of it.
    pub(super) fn cause(&self) -> OutageCause {
        match self {
            Self::Closed | Self::Lost => OutageCause::SocketClosed,
            Self::Close(code, _) => match code {
                CloseCode::HeartbeatTimeout => OutageCause::HeartbeatTimeout,
                CloseCode::SlowReader => OutageCause::SlowReader,
                CloseCode::TakenOver => OutageCause::Takeover,
                CloseCode::GoingAway => OutageCause::HubRestart,
                CloseCode::ProtocolError
                | CloseCode::Unsupported
                | CloseCode::NotUtf8
                | CloseCode::TooBig
                | CloseCode::TooManyErrors
                | CloseCode::HubFull
                | CloseCode::Banned
                | CloseCode::AddressFull => OutageCause::Refused,
                CloseCode::Normal | CloseCode::HelloTimeout | CloseCode::HelloRefused => {
                    OutageCause::SocketClosed
                }
            },
        }
    }
}

/// Ends a socket as `end` says. A client that is still there first gets what `rest` gives.
pub(super) async fn close(
    hub: &Hub,
    wire: Wire,
    network: Network,
    end: End,
    rest: impl FnMut() -> Option<Written>,
) {
    let (code, last) = match end {
        End::Close(code, last) => (code, last),
        End::Closed => {
            hub.metrics.closed(Some(CloseCode::Normal));
            wire.closed().await;
            return;
        }
        End::Lost => {
            hub.metrics.closed(None);
            return;
        }
    };
    hub.metrics.closed(Some(code));
    hub.offend(network, Offence::Closed(code));
    tracing::debug!(reason = code.reason(), "socket closed");
    let alive = matches!(
        code,
        CloseCode::GoingAway
            | CloseCode::TooManyErrors
            | CloseCode::ProtocolError
            | CloseCode::Unsupported
            | CloseCode::Banned
    );
    let mut rest = Some(rest).filter(|_| alive);
    let last = last.map(|frame| frame.write(None, 0));
    let frames = std::iter::from_fn(|| rest.as_mut().and_then(|rest| rest())).chain(last);
    wire.close(frames.inspect(|frame| hub.metrics.frame_out(frame.kind)).map(|frame| frame.text), code).await;
}

/// The hub stops.
pub(super) fn going_away(hub: &Hub) -> End {
    let retry_after_ms = millis(hub.config.retry_after);
    End::Close(CloseCode::GoingAway, Some(Outgoing::new(&HubFrame::GoingAway { retry_after_ms })))
}
