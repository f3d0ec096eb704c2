//! Whether a signal may be what it says it is. The hub does not read descriptions; it only keeps nonsense out.

use holdfast_protocol::{Signal, limits::CANDIDATE_BYTES_MAX};

/// Longest `sdpMid` and ICE username fragment (RFC 8839 §5.4: at most 256).
const TAG_BYTES_MAX: usize = 256;

/// Checks `signal`.
///
/// # Errors
/// With what is wrong, for people.
pub(crate) fn check(signal: &Signal) -> Result<(), &'static str> {
    match signal {
        Signal::Offer { sdp, .. } | Signal::Answer { sdp, .. } if !sdp.starts_with("v=0") => {
            Err("a session description begins with v=0")
        }
        Signal::Candidate { candidate, .. } => {
            let tags = [&candidate.sdp_mid, &candidate.username_fragment];
            if candidate.candidate.len() > CANDIDATE_BYTES_MAX {
                Err("the candidate is too long")
            } else if tags.into_iter().flatten().any(|tag| tag.len() > TAG_BYTES_MAX) {
                Err("the candidate's section or user name is too long")
            } else {
                Ok(())
            }
        }
        Signal::Offer { .. } | Signal::Answer { .. } | Signal::Negotiate { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;
    use holdfast_protocol::{ConnectionId, IceCandidate};

    #[test]
    fn nonsense_is_kept_out() {
        let connection = ConnectionId::mint(&OsEntropy);
        let offer = |sdp: &str| Signal::Offer { connection, generation: 1, sdp: sdp.into() };
        assert!(check(&offer("v=0\r\n")).is_ok());
        assert!(check(&offer("hello")).is_err());
        let candidate = |bytes: usize, mid: usize| Signal::Candidate {
            connection,
            generation: 1,
            candidate: IceCandidate {
                candidate: "c".repeat(bytes),
                sdp_mid: Some("m".repeat(mid)),
                sdp_mline_index: None,
                username_fragment: None,
            },
        };
        assert!(check(&candidate(CANDIDATE_BYTES_MAX, 1)).is_ok());
        assert!(check(&candidate(0, 1)).is_ok(), "the end of candidates");
        assert!(check(&candidate(CANDIDATE_BYTES_MAX + 1, 1)).is_err());
        assert!(check(&candidate(1, TAG_BYTES_MAX + 1)).is_err());
    }
}
