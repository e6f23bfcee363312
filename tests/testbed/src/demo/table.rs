//! Facts as text. Pure: the time is an argument.

use jiff::{SignedDuration, Timestamp};

use super::facts::{Facts, Row};

const HEADS: [&str; 6] = [
    "NAME",
    "READY",
    "REASON",
    "EXPIRES IN",
    "NEXT REFRESH",
    "REFRESHES",
];

/// The live table: columns as wide as they need to be, then the identity provider's side.
pub(super) fn table(facts: &Facts, now: Timestamp) -> Vec<String> {
    let mut cells = vec![HEADS.map(str::to_owned)];
    cells.extend(facts.rows.iter().map(|row| row_cells(row, now)));
    let mut widths = [0; HEADS.len()];
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    let mut lines: Vec<String> = cells.iter().map(|row| pad(row, &widths)).collect();
    lines.push(String::new());
    lines.push(provider(facts));
    lines
}

/// One resource in a line of its own.
pub(super) fn line(row: &Row, now: Timestamp) -> String {
    let [name, ready, reason, expires_in, next, refreshes] = row_cells(row, now);
    format!(
        "{}  {name}  {ready}  {reason}  expires in {expires_in}, next refresh in {next}, {refreshes} refreshes",
        now.strftime("%H:%M:%S"),
    )
}

/// `identity provider: 4 tokens issued, 0 refused`.
pub(super) fn provider(facts: &Facts) -> String {
    let (issued, refused) = (facts.issued, facts.refused);
    let tokens = if issued == 1 { "token" } else { "tokens" };
    let broken = if facts.broken {
        "; it answers 503 until b is pressed again"
    } else {
        ""
    };
    format!("identity provider: {issued} {tokens} issued, {refused} refused{broken}")
}

fn row_cells(row: &Row, now: Timestamp) -> [String; 6] {
    [
        row.name.clone(),
        text(row.ready.as_ref()),
        text(row.reason.as_ref()),
        left(row.expires_at, now),
        left(row.next_at, now),
        row.refreshes.to_string(),
    ]
}

fn text(value: Option<&String>) -> String {
    value.map_or("-", String::as_str).to_owned()
}

/// The time until then, in seconds begun; what is past is `0s`.
fn left(at: Option<Timestamp>, now: Timestamp) -> String {
    let Some(at) = at else {
        return "-".to_owned();
    };
    let left = now.duration_until(at).max(SignedDuration::ZERO);
    let seconds = left.as_secs() + i64::from(left.subsec_nanos() > 0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

fn pad(cells: &[String; 6], widths: &[usize; 6]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:width$}"));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn facts() -> Facts {
        let row = Row {
            name: "orders-api".to_owned(),
            ready: Some("True".to_owned()),
            reason: Some("TokenValid".to_owned()),
            expires_at: Some(at("2026-01-01T00:00:29.9Z")),
            next_at: Some(at("2026-01-01T00:00:19Z")),
            refreshes: 2,
        };
        let fresh = Row {
            name: "b".to_owned(),
            ..Row::default()
        };
        Facts {
            rows: vec![row, fresh],
            issued: 3,
            ..Facts::default()
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let lines = table(&facts(), at("2026-01-01T00:00:00Z"));
        assert_eq!(
            lines,
            [
                "NAME        READY  REASON      EXPIRES IN  NEXT REFRESH  REFRESHES",
                "orders-api  True   TokenValid  30s         19s           2",
                "b           -      -           -           -             0",
                "",
                "identity provider: 3 tokens issued, 0 refused",
            ]
        );
    }

    #[test]
    fn a_line_holds_the_same() {
        assert_eq!(
            line(&facts().rows[0], at("2026-01-01T00:00:00Z")),
            "00:00:00  orders-api  True  TokenValid  expires in 30s, next refresh in 19s, 2 refreshes"
        );
    }

    #[test]
    fn what_is_past_is_zero_and_what_is_far_has_no_seconds() {
        let now = at("2026-01-01T00:00:00Z");
        let left = |text: &str| left(Some(at(text)), now);
        assert_eq!(left("2025-12-31T23:00:00Z"), "0s");
        assert_eq!(left("2026-01-01T00:01:05Z"), "1m05s");
        assert_eq!(left("2026-01-01T02:03:04Z"), "2h03m");
    }
}
