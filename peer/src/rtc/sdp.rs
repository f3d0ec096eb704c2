//! The little that is read of, and cut out of, a session description (RFC 8866). Pure.

/// The mids of the four media sections, in order; nothing when there are other sections than audio, video, video,
/// audio and data.
pub(super) fn media_mids(sdp: &str) -> Option<Vec<String>> {
    const KINDS: [&str; 5] = ["audio", "video", "video", "audio", "application"];
    let sections: Vec<&str> = sdp.split("\nm=").skip(1).collect();
    let as_expected = sections.len() == KINDS.len()
        && sections.iter().zip(KINDS).all(|(section, kind)| section.split(' ').next() == Some(kind));
    if !as_expected {
        return None;
    }
    let mid = |section: &&str| {
        section.lines().find_map(|line| line.strip_prefix("a=mid:")).map(|mid| mid.trim_end().to_owned())
    };
    sections.iter().take(4).map(mid).collect()
}

/// The description without candidates: they travel on their own, and those in a restart's description are stale.
pub(super) fn without_candidates(sdp: &str) -> String {
    sdp.split_inclusive('\n')
        .filter(|line| !line.starts_with("a=candidate:") && !line.starts_with("a=end-of-candidates"))
        .collect()
}

/// The description with its first `max` candidates and no more.
pub(super) fn with_candidates_at_most(max: usize, sdp: &str) -> String {
    let mut candidates = 0;
    sdp.split_inclusive('\n')
        .filter(|line| {
            candidates += usize::from(line.starts_with("a=candidate:"));
            !line.starts_with("a=candidate:") || candidates <= max
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\ns=-\r\nm=audio 9 X 111\r\na=mid:a\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n\
        m=video 9 X 96\r\na=mid:b\r\nm=video 9 X 96\r\na=mid:c\r\nm=audio 9 X 111\r\na=mid:d\r\n\
        m=application 9 X webrtc-datachannel\r\na=mid:e\r\na=end-of-candidates\r\n";

    #[test]
    fn mids_are_read_in_order_and_other_sections_refused() {
        assert_eq!(media_mids(SDP).unwrap(), ["a", "b", "c", "d"]);
        assert_eq!(media_mids(&SDP.replacen("m=audio", "m=video", 1)), None);
        assert_eq!(media_mids(&SDP.replace("a=mid:c", "a=mud:c")), None);
        assert_eq!(media_mids(SDP.split("m=application").next().unwrap()), None);
        assert_eq!(media_mids(""), None);
    }

    #[test]
    fn candidates_are_cut_out_and_nothing_else() {
        let cut = without_candidates(SDP);
        assert!(!cut.contains("candidate"));
        assert_eq!(cut.lines().count(), SDP.lines().count() - 2);
        assert!(cut.ends_with("a=mid:e\r\n"));
    }

    #[test]
    fn the_candidates_of_a_description_are_bounded() {
        let line = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
        let flooded = SDP.replace("a=mid:e\r\n", &format!("a=mid:e\r\n{}", line.repeat(500)));
        let cut = with_candidates_at_most(64, &flooded);
        assert_eq!(cut.matches("a=candidate:").count(), 64);
        assert_eq!(without_candidates(&cut), without_candidates(SDP));
        assert_eq!(with_candidates_at_most(64, SDP), SDP);
    }
}
