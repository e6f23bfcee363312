//! What the documents promise: links lead somewhere, and the README's schedule is the one of the code.

use std::fs;

use authkeeper::plan::{RefreshPolicy, schedule};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::crds::repository;

const DOCUMENTS: [&str; 7] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/install.md",
    "docs/managed-secret.md",
    "docs/reasons/README.md",
    "tests/testbed/README.md",
];

/// The targets of the links of a page that lead into the repository, without their fragments.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
        .filter_map(|target| target.split('#').next())
        .collect()
}

#[test]
fn links_into_the_repository_lead_somewhere() {
    for document in DOCUMENTS {
        let path = repository(document);
        let text = fs::read_to_string(&path).unwrap();
        for link in links(&text) {
            let target = path.parent().unwrap().join(link);
            assert!(target.exists(), "{document} links to {link}");
        }
    }
}

/// The rows of the table whose head begins with `head`, as cells.
fn table<'a>(text: &'a str, head: &str) -> Vec<Vec<&'a str>> {
    let rows = text.lines().skip_while(|line| !line.starts_with(head));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

fn length(text: &str) -> SignedDuration {
    let span: Span = text.parse().unwrap_or_else(|_| panic!("{text}"));
    span.to_duration(SpanRelativeTo::days_are_24_hours())
        .unwrap()
}

#[test]
fn the_schedule_of_the_readme_is_the_one_of_the_code() {
    let text = fs::read_to_string(repository("README.md")).unwrap();
    let rows = table(&text, "| life of the token |");
    assert!(rows.len() >= 4, "{rows:?}");
    let policy = RefreshPolicy::default();
    for row in rows {
        let [life, lead, earliest, latest, left] = row[..] else {
            panic!("{row:?}");
        };
        let life = length(life);
        let end = Timestamp::UNIX_EPOCH + life;
        // Enough objects to come within a hundredth of the jitter's bounds.
        let (mut least, mut most) = (life, SignedDuration::ZERO);
        for uid in 0..2000 {
            let uid = format!("uid-{uid}");
            let at = schedule::refresh_at(Timestamp::UNIX_EPOCH, Some(end), 0, &policy, &uid);
            let after = Timestamp::UNIX_EPOCH.duration_until(at.unwrap());
            (least, most) = (least.min(after), most.max(after));
        }
        let tolerance = length(lead) / 1000;
        let close = |a: SignedDuration, b: SignedDuration| (a - b).abs() <= tolerance;
        assert_eq!(schedule::lead(life, &policy), length(lead), "{row:?}");
        assert!(close(least, length(earliest)), "{row:?}: {least:#}");
        assert!(close(most, length(latest)), "{row:?}: {most:#}");
        assert!(
            most <= length(latest) && length(earliest) <= least,
            "{row:?}"
        );
        assert_eq!(life - length(latest), length(left), "{row:?}");
    }
}
