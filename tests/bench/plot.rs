//! Plots as SVG. Small and by hand, because a plot in a document has to be readable on a light and on a dark page,
//! which takes a style sheet in the picture that no plotting crate writes.

use std::fmt::Write;

const WIDTH: f64 = 720.0;
const LABEL_WIDTH: f64 = 150.0;
const VALUE_WIDTH: f64 = 120.0;
const BAR_HEIGHT: f64 = 18.0;
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}.soft{fill:#59636e}.title{font-weight:600;font-size:14px}
.hub{fill:#1a7f6b;stroke:#1a7f6b}.bare{fill:#8c959f;stroke:#8c959f}.line{fill:none;stroke-width:2}
.bound{stroke:#cf222e;stroke-dasharray:4 3}.grid{stroke:#d1d9e0}.bar{stroke:none}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9198a1}.hub{fill:#3fb99b;stroke:#3fb99b}
.bare{fill:#6e7681;stroke:#6e7681}.bound{stroke:#ff7b72}.grid{stroke:#3d444d}.line{fill:none}}";

/// A group of bars under one title, from zero to the longest.
#[derive(Debug)]
pub struct Bars {
    /// What is measured, and its unit.
    pub title: String,
    /// Name, value, and whether it is Holdfast's.
    pub bars: Vec<(String, f64, bool)>,
    /// What was asked for, and in words.
    pub bound: Option<(f64, String)>,
    /// Digits after the point.
    pub digits: usize,
}

/// Draws groups of bars below each other.
pub fn bars(groups: &[Bars]) -> String {
    let mut body = String::new();
    let mut y = 8.0;
    let room = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
    for group in groups {
        let bound = group.bound.as_ref().map_or(0.0, |(bound, _)| *bound);
        let longest =
            group.bars.iter().map(|(_, value, _)| *value).fold(bound, f64::max).max(f64::MIN_POSITIVE);
        y += 18.0;
        text(&mut body, 0.0, y, "title", "start", &group.title);
        if let Some((_, words)) = &group.bound {
            text(&mut body, WIDTH, y, "soft", "end", words);
        }
        y += 8.0;
        let top = y;
        for (name, value, own) in &group.bars {
            let length = value / longest * room;
            text(&mut body, 0.0, y + 14.0, "", "start", name);
            let class = class_of(*own);
            let _ = writeln!(
                body,
                r#"<rect class="bar {class}" x="{LABEL_WIDTH}" y="{y}" width="{length:.1}" height="{BAR_HEIGHT}" rx="2"/>"#
            );
            let value = grouped(*value, group.digits);
            text(&mut body, LABEL_WIDTH + length + 8.0, y + 14.0, "soft", "start", &value);
            y += BAR_HEIGHT + 4.0;
        }
        if bound > 0.0 {
            let x = LABEL_WIDTH + bound / longest * room;
            let bottom = y;
            let _ =
                writeln!(body, r#"<line class="bound" x1="{x:.1}" x2="{x:.1}" y1="{top}" y2="{bottom}"/>"#);
        }
        y += 12.0;
    }
    frame(y, &body)
}

/// Draws distributions: for each curve the value (on a logarithmic axis from 0.01 to 100) at each share.
pub fn curves(title: &str, per_milles: &[usize], curves: &[(String, Vec<f64>, bool)]) -> String {
    let (left, top, width, height) = (60.0, 40.0, WIDTH - 80.0, 220.0);
    let mut body = String::new();
    text(&mut body, 0.0, 20.0, "title", "start", title);
    let y_of = |value: f64| top + height * (1.0 - (value.clamp(0.01, 100.0).log10() + 2.0) / 4.0);
    for (decade, label) in
        [0.01, 0.1, 1.0, 10.0, 100.0].into_iter().zip(["0.01 ms", "0.1 ms", "1 ms", "10 ms", "100 ms"])
    {
        let y = y_of(decade);
        let right = left + width;
        let _ = writeln!(body, r#"<line class="grid" x1="{left}" x2="{right}" y1="{y:.1}" y2="{y:.1}"/>"#);
        text(&mut body, left - 6.0, y + 4.0, "soft", "end", label);
    }
    let steps = per_milles.len().saturating_sub(1).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let x_of = |index: usize| left + width * index as f64 / steps as f64;
    for (index, per_mille) in per_milles.iter().enumerate() {
        let share = format!("{}.{}", per_mille / 10, per_mille % 10);
        let share = share.trim_end_matches(".0");
        text(&mut body, x_of(index), top + height + 20.0, "soft", "middle", &format!("{share} %"));
    }
    for (row, (name, values, own)) in curves.iter().enumerate() {
        let points: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(index, value)| format!("{:.1},{:.1}", x_of(index), y_of(*value)))
            .collect();
        let (class, points) = (class_of(*own), points.join(" "));
        let _ = writeln!(body, r#"<polyline class="line {class}" style="fill:none" points="{points}"/>"#);
        let x = if row == 0 { left + 10.0 } else { left + 160.0 };
        let _ = writeln!(body, r#"<rect class="{class}" x="{x}" y="{top}" width="10" height="10"/>"#);
        text(&mut body, x + 16.0, top + 10.0, "", "start", name);
    }
    frame(top + height + 34.0, &body)
}

fn class_of(own: bool) -> &'static str {
    if own { "hub" } else { "bare" }
}

fn frame(height: f64, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<style>\n{STYLE}\n</style>\n{body}</svg>\n"
    )
}

fn text(to: &mut String, x: f64, y: f64, class: &str, anchor: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ =
        writeln!(to, r#"<text x="{x:.1}" y="{y:.1}" class="{class}" text-anchor="{anchor}">{words}</text>"#);
}

/// A number with a space between thousands.
pub fn grouped(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(123_456.7, 0), "123 457");
        assert_eq!(grouped(999.0, 0), "999");
        assert_eq!(grouped(1_000.25, 1), "1 000.2");
        assert_eq!(grouped(0.153, 2), "0.15");
    }

    #[test]
    fn names_are_text() {
        let group =
            Bars { title: "a<b & c".into(), bars: vec![("x".into(), 1.0, true)], bound: None, digits: 0 };
        let svg = bars(&[group]);
        assert!(svg.contains("a&lt;b &amp; c"), "{svg}");
    }
}
