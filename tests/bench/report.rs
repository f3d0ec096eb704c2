//! Puts the figures of the last run into `docs/benchmarks.md`, between its markers, and draws the plots.

use crate::{
    figures::{
        Browser, CANDIDATES_PER_SECOND_MIN, CANDIDATES_SHARE_MIN, FIRST_PICTURE_MS_MAX, IDLE_KB_MAX, Idle,
        Latency, OFFERS_PER_SECOND_MIN, P99_MS_MAX, PAGE_BYTES_MAX, PER_MILLES, Relay, Signaling, Throughput,
        median,
    },
    plot::{self, Bars, grouped},
};
use serde::de::DeserializeOwned;
use std::{
    fmt::Write,
    fs,
    io::{Error, Result},
    path::Path,
};

const DOCUMENT: &str = "docs/benchmarks.md";
const BEGIN: &str = "<!-- figures: written by `make bench` -->";
const END: &str = "<!-- end of figures -->";

/// Reads the results of a run below `root` and writes tables and plots; prints the tables too.
///
/// # Errors
/// When a result is not there, or the document has lost its markers.
pub fn write(root: &Path) -> Result<()> {
    let results = root.join("tests/artifacts/bench");
    let signaling: Signaling = read(&results.join("signaling.json"))?;
    let browser: Browser = read(&results.join("browser.json"))?;
    let machine = fs::read_to_string(results.join("machine.txt"))?;
    let tables = tables(machine.trim(), &signaling, &browser);
    print!("{tables}");
    let path = root.join(DOCUMENT);
    let document = fs::read_to_string(&path)?;
    fs::write(&path, replaced(&document, &tables)?)?;
    let images = root.join("docs/images");
    fs::write(images.join("bench-throughput.svg"), throughput_plot(&signaling))?;
    fs::write(images.join("bench-latency.svg"), latency_plot(&signaling))?;
    fs::write(images.join("bench-idle.svg"), idle_plot(&signaling))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        fs::read_to_string(path).map_err(|error| Error::other(format!("{}: {error}", path.display())))?;
    serde_json::from_str(&text).map_err(Error::other)
}

/// `document` with `tables` between the markers.
fn replaced(document: &str, tables: &str) -> Result<String> {
    let lost = || Error::other(format!("{DOCUMENT} has lost its markers"));
    let (before, rest) = document.split_once(BEGIN).ok_or_else(lost)?;
    let (_, after) = rest.split_once(END).ok_or_else(lost)?;
    Ok(format!("{before}{BEGIN}\n{tables}{END}{after}"))
}

fn tables(machine: &str, signaling: &Signaling, browser: &Browser) -> String {
    let mut out = format!("\n{machine}\n\n");
    let [from, to] = signaling.load_average;
    let _ = writeln!(
        out,
        "Signaling, beside {}; load average {from:.1} before, {to:.1} after:\n",
        signaling.yardstick
    );
    out.push_str("| | Holdfast | bare relay | share | asked for | |\n|---|---|---|---|---|---|\n");
    let Signaling { hub, bare, .. } = signaling;
    throughput_rows(&mut out, hub, bare);
    latency_rows(&mut out, hub, bare);
    idle_rows(&mut out, hub, bare);
    let [from, to] = browser.load_average;
    let _ =
        writeln!(out, "\nThe page, in {}; load average {from:.1} before, {to:.1} after:\n", browser.browser);
    out.push_str(
        "| First visit | scripts and styles, gzip | Brotli | plain | requests | all bytes | asked for | |\n",
    );
    out.push_str("|---|---|---|---|---|---|---|---|\n");
    let kb = |bytes: u64| format!("{}.{} KB", bytes / 1_000, bytes % 1_000 / 100);
    for visit in &browser.visits {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | ≤ {} | {} |",
            visit.what,
            kb(visit.gzip_bytes),
            kb(visit.brotli_bytes),
            kb(visit.plain_bytes),
            visit.requests,
            kb(visit.all_bytes),
            kb(PAGE_BYTES_MAX),
            mark(visit.gzip_bytes <= PAGE_BYTES_MAX)
        );
    }
    out.push_str(
        "\n| First picture | min | median | max | runs | asked for | |\n|---|---|---|---|---|---|---|\n",
    );
    for pictures in &browser.pictures {
        let runs = &pictures.runs_ms;
        let middle = median(runs);
        let _ = writeln!(
            out,
            "| {} | {:.0} ms | {middle:.0} ms | {:.0} ms | {} | ≤ {FIRST_PICTURE_MS_MAX:.0} ms | {} |",
            pictures.what,
            runs.iter().copied().fold(f64::INFINITY, f64::min),
            runs.iter().copied().fold(0.0, f64::max),
            runs.len(),
            mark(middle <= FIRST_PICTURE_MS_MAX)
        );
    }
    out.push('\n');
    out
}

fn mark(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

fn over(rounds: &[Throughput], of: impl Fn(&Throughput) -> f64) -> f64 {
    median(&rounds.iter().map(of).collect::<Vec<_>>())
}

fn throughput_rows(out: &mut String, hub: &Relay, bare: &Relay) {
    let loads = [
        ("candidates", &hub.candidates, &bare.candidates, CANDIDATES_PER_SECOND_MIN, CANDIDATES_SHARE_MIN),
        ("5.5 KB offers", &hub.offers, &bare.offers, OFFERS_PER_SECOND_MIN, 0.0),
    ];
    for (name, hub, bare, at_least, share_at_least) in loads {
        let (own, other) = (over(hub, |round| round.per_second), over(bare, |round| round.per_second));
        let also = if share_at_least > 0.0 {
            format!(" and {:.0} %", share_at_least * 100.0)
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "| {name} per second | {} | {} | {:.0} % | ≥ {}{also} | {} |",
            grouped(own, 0),
            grouped(other, 0),
            own / other * 100.0,
            grouped(at_least, 0),
            mark(own >= at_least && own / other >= share_at_least)
        );
        let (own, other) =
            (over(hub, |round| round.per_processor_second), over(bare, |round| round.per_processor_second));
        let _ = writeln!(
            out,
            "| … per second of the server's processor time | {} | {} | {:.0} % | | |",
            grouped(own, 0),
            grouped(other, 0),
            own / other * 100.0
        );
        let share = |rounds| over(rounds, |round| round.server_share) * 100.0;
        let _ = writeln!(
            out,
            "| … share of its core that the server had | {:.0} % | {:.0} % | | | |",
            share(hub),
            share(bare)
        );
    }
}

fn latency_rows(out: &mut String, hub: &Relay, bare: &Relay) {
    let over =
        |rounds: &[Latency], of: fn(&Latency) -> f64| median(&rounds.iter().map(of).collect::<Vec<_>>());
    let (own, other) = (over(&hub.latency, |round| round.p50_ms), over(&bare.latency, |round| round.p50_ms));
    let _ = writeln!(out, "| ms at 1000 messages/s, p50 | {own:.2} | {other:.2} | | | |");
    let (own, other) = (over(&hub.latency, |round| round.p99_ms), over(&bare.latency, |round| round.p99_ms));
    let _ =
        writeln!(out, "| … p99 | {own:.2} | {other:.2} | | ≤ {P99_MS_MAX} | {} |", mark(own <= P99_MS_MAX));
}

fn idle_rows(out: &mut String, hub: &Relay, bare: &Relay) {
    for (own, other) in hub.idle.iter().zip(&bare.idle) {
        let kb = own.kb_per_socket();
        let (bound, met) = if own.sockets >= 10_000 {
            (format!("≤ {IDLE_KB_MAX}"), mark(kb <= IDLE_KB_MAX))
        } else {
            Default::default()
        };
        let _ = writeln!(
            out,
            "| KB resident per idle socket, {} sockets | {kb:.1} | {:.1} | | {bound} | {met} |",
            grouped_count(own.sockets),
            other.kb_per_socket()
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn grouped_count(count: usize) -> String {
    grouped(count as f64, 0)
}

fn throughput_plot(signaling: &Signaling) -> String {
    let group = |title: &str, of: fn(&Relay) -> &[Throughput], bound: f64| Bars {
        title: title.into(),
        bars: [("Holdfast", &signaling.hub, true), ("bare relay", &signaling.bare, false)]
            .map(|(name, relay, own)| {
                (name.to_owned(), over(of(relay), |round| round.per_processor_second), own)
            })
            .to_vec(),
        bound: Some((bound, format!("asked for: {}", grouped(bound, 0)))),
        digits: 0,
    };
    plot::bars(&[
        group("Candidates per second of one core", |relay| &relay.candidates, CANDIDATES_PER_SECOND_MIN),
        group("5.5 KB offers per second of one core", |relay| &relay.offers, OFFERS_PER_SECOND_MIN),
    ])
}

fn latency_plot(signaling: &Signaling) -> String {
    // The round in the middle by its p99; the curves of several rounds would only cover each other.
    let curve = |relay: &Relay| {
        let mut rounds = relay.latency.clone();
        rounds.sort_by(|one, other| one.p99_ms.total_cmp(&other.p99_ms));
        rounds.get(rounds.len() / 2).map(|round| round.curve_ms.clone()).unwrap_or_default()
    };
    let curves = [
        ("Holdfast".to_owned(), curve(&signaling.hub), true),
        ("bare relay".to_owned(), curve(&signaling.bare), false),
    ];
    plot::curves(
        "Time through the server at 1000 messages per second, by share of messages",
        &PER_MILLES,
        &curves,
    )
}

fn idle_plot(signaling: &Signaling) -> String {
    let group = |own: &Idle, other: &Idle| Bars {
        title: format!("KB resident per idle socket, {} sockets", grouped_count(own.sockets)),
        bars: vec![
            ("Holdfast".into(), own.kb_per_socket(), true),
            ("bare relay".into(), other.kb_per_socket(), false),
        ],
        bound: Some((IDLE_KB_MAX, format!("asked for: at most {IDLE_KB_MAX}"))),
        digits: 1,
    };
    let groups: Vec<_> =
        signaling.hub.idle.iter().zip(&signaling.bare.idle).map(|(own, other)| group(own, other)).collect();
    plot::bars(&groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Pictures;

    fn throughput(per_second: f64) -> Vec<Throughput> {
        vec![Throughput { per_second, per_processor_second: per_second, server_share: 1.0, load_share: 0.5 }]
    }

    fn signaling(candidates: f64) -> Signaling {
        let relay = |candidates| Relay { candidates: throughput(candidates), ..Relay::default() };
        Signaling { hub: relay(candidates), bare: relay(150_000.0), ..Signaling::default() }
    }

    fn row_of(candidates: f64) -> String {
        let tables = tables("A machine", &signaling(candidates), &Browser::default());
        tables.lines().find(|line| line.starts_with("| candidates")).unwrap().to_owned()
    }

    #[test]
    fn a_target_is_met_or_said_to_be_missed() {
        assert!(row_of(120_000.0).ends_with("| met |"), "{}", row_of(120_000.0));
        assert!(
            row_of(104_000.0).ends_with("| **missed** |"),
            "fast enough, but below 70 % of the bare relay"
        );
        assert!(row_of(99_000.0).ends_with("| **missed** |"));
    }

    #[test]
    fn the_median_picture_decides() {
        let pictures = Pictures { what: "a".into(), runs_ms: vec![500.0, 900.0, 600.0] };
        let browser = Browser { pictures: vec![pictures], ..Browser::default() };
        let tables = tables("A machine", &signaling(1.0), &browser);
        assert!(tables.contains("| a | 500 ms | 600 ms | 900 ms | 3 | ≤ 700 ms | met |"), "{tables}");
    }

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let document = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        assert_eq!(replaced(&document, "new\n").unwrap(), format!("before\n{BEGIN}\nnew\n{END}\nafter\n"));
        assert!(replaced("nothing", "new").is_err());
    }
}
