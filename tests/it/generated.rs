//! Files that are written from the code. They are committed, and compared here.
//!
//! `make crds` writes them: `cargo test --test it write_the_generated_files -- --ignored`.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use authkeeper::{
    cli::crds::{Format, print},
    reason::{Class, Reason, Shown},
};

use crate::crds::{files, reference, repository};

const REASONS: &str = "docs/reasons";

/// Path and text of every generated file. Of the page of a reason, the head is generated and the rest is written.
fn generated() -> BTreeMap<String, String> {
    let mut crds = Vec::new();
    print(Format::Yaml, &mut crds).unwrap();
    let name = "crds/authenticationconfigurations.authkeeper.dev.yaml";
    let mut files = BTreeMap::from([
        (name.to_owned(), String::from_utf8(crds).unwrap()),
        ("docs/reference/api.md".to_owned(), reference::markdown()),
        (format!("{REASONS}/README.md"), reasons()),
    ]);
    for reason in Reason::ALL {
        let path = page(*reason);
        let written = fs::read_to_string(repository(&path)).unwrap_or_default();
        let (_, body) = written.split_once("\n## ").unwrap_or_default();
        files.insert(path, format!("{}\n## {body}", head(*reason)));
    }
    files
}

/// Writes the generated files below `folder`.
fn generate(folder: &Path) {
    for (path, text) in generated() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn page(reason: Reason) -> String {
    format!("{REASONS}/{reason}.md")
}

fn reasons() -> String {
    let mut page = "\
# Reasons

Every reason that a condition, an event or a metric of authkeeper can name. Written from `src/reason.rs` by `make crds`;
do not edit. The pages say what it means, what authkeeper does meanwhile, and what to do next.

| reason | shown in | what happens | meaning |
| --- | --- | --- | --- |
"
    .to_owned();
    for reason in Reason::ALL {
        let (shown, next) = (shown(*reason), next(reason.class()));
        let _ = writeln!(
            page,
            "| [{reason}]({reason}.md) | {shown} | {next} | {} |",
            reason.hint()
        );
    }
    page
}

fn head(reason: Reason) -> String {
    let (shown, next) = (shown(reason), next(reason.class()));
    format!(
        "# {reason}\n\n{}\n\nShown in: {shown}. What happens: {next}.\n",
        reason.hint()
    )
}

fn shown(reason: Reason) -> String {
    let place = reason.shown();
    if place == Shown::Event {
        return "event".to_owned();
    }
    format!("condition `{place:?}`")
}

fn next(class: Class) -> &'static str {
    match class {
        Class::Healthy => "nothing is wrong",
        Class::Warning => "works; somebody should know",
        Class::Waiting => {
            "watched, nothing is asked of the identity provider; `Stalled` after ten minutes"
        }
        Class::Author => "`Stalled` until the object is changed",
        Class::Rejected => {
            "`Stalled`; no further attempt until source, spec or a person changes something"
        }
        Class::Refused => "tried again after 30 min, doubling to 6 h, and once before expiry",
        Class::Transient | Class::Internal => "tried again after 30 s, doubling to 15 min",
        Class::Malformed => "tried again after 30 s, doubling to 30 min",
        Class::Throttled => "tried again when the identity provider allows it",
        Class::Kubernetes => {
            "tried again at least every 5 min, without asking the identity provider"
        }
    }
}

#[test]
fn the_committed_files_are_what_the_code_says() {
    for (path, text) in generated() {
        let committed = fs::read_to_string(repository(&path)).unwrap_or_default();
        assert!(committed == text, "{path} is out of date: run `make crds`");
    }
}

#[test]
#[ignore = "writes files of the repository; this is what `make crds` runs"]
fn write_the_generated_files() {
    generate(&repository(""));
}

#[test]
fn every_reason_has_a_page_that_says_what_to_do_and_every_page_a_reason() {
    let pages = files(REASONS, ".md");
    for reason in Reason::ALL {
        let (_, text) = pages
            .iter()
            .find(|(name, _)| *name == format!("{reason}.md"))
            .unwrap_or_else(|| panic!("{} is missing", page(*reason)));
        for heading in [
            "## What it means",
            "## Meanwhile",
            "## What to do",
            "## Example",
        ] {
            assert!(text.contains(heading), "{reason} has no {heading}");
        }
        assert!(
            text.contains(&format!("reason: {reason}\n")),
            "{reason} has no example"
        );
    }
    assert_eq!(
        pages.len(),
        Reason::ALL.len() + 1,
        "a page without a reason"
    );
}
