//! Who may use whom. The table of `src/lib.rs`, as data.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A room of the house, the words that must not be named in it, and why.
struct Rule {
    room: &'static str,
    forbidden: &'static [&'static str],
    because: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        room: "sensitive.rs duration.rs field.rs reason.rs",
        forbidden: &[
            "crate::",
            "kube::",
            "k8s_openapi",
            "reqwest",
            "tokio",
            "async fn",
        ],
        because: "leaves use nothing else of the crate",
    },
    Rule {
        room: "provider/",
        forbidden: &[
            "kube::",
            "k8s_openapi",
            "reqwest",
            "tokio",
            "crate::api",
            "crate::selection",
            "crate::plan",
            "crate::target",
            "crate::controller",
            "crate::runtime",
            "crate::cli",
            "Timestamp::now",
        ],
        because: "a provider is a pure exchange: no Kubernetes, no HTTP library, no clock",
    },
    Rule {
        room: "api/",
        forbidden: &[
            "kube::Client",
            "Api<",
            "async fn",
            "reqwest",
            "tokio",
            "crate::selection",
            "crate::plan",
            "crate::target",
            "crate::controller",
            "crate::runtime",
            "crate::cli",
        ],
        because: "what users write is data",
    },
    Rule {
        room: "selection/",
        forbidden: &[
            "kube::",
            "k8s_openapi",
            "reqwest",
            "tokio",
            "async fn",
            "Timestamp::now",
            "crate::plan",
            "crate::target",
            "crate::controller",
            "crate::runtime",
            "crate::cli",
        ],
        because: "selection is pure",
    },
    Rule {
        room: "plan/",
        forbidden: &[
            "kube::",
            "core::v1::Secret",
            "SecretText",
            "SecretBytes",
            "Material",
            "expose(",
            "reqwest",
            "tokio",
            "async fn",
            ".await",
            "Timestamp::now",
            "crate::selection",
            "crate::controller",
            "crate::runtime",
            "crate::cli",
        ],
        because: "the plan decides without doing, and holds no secret",
    },
    Rule {
        room: "target/",
        forbidden: &[
            "kube::Client",
            "Api<",
            "reqwest",
            "tokio",
            "async fn",
            ".await",
            "Timestamp::now",
            "crate::selection",
            "crate::plan",
            "crate::controller",
            "crate::runtime",
            "crate::cli",
        ],
        because: "the managed Secret is data here",
    },
    Rule {
        room: "controller/",
        forbidden: &[
            "reqwest",
            "clap",
            "std::env",
            "Timestamp::now",
            "crate::runtime",
            "crate::cli",
        ],
        because: "the shell talks to the API server, and to servers only through the port",
    },
    Rule {
        room: "runtime/",
        forbidden: &[
            "crate::plan",
            "crate::target",
            "crate::selection",
            "crate::cli",
        ],
        because: "the process makes no judgement",
    },
];

/// Where a secret may be taken out of its wrapping: where it is sent, rendered, compared or checked.
const MAY_EXPOSE: &[&str] = &[
    "sensitive.rs",
    "provider/",
    "selection/",
    "target/",
    "controller/act/",
    "controller/cluster.rs",
    "runtime/http",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn in_room(file: &str, room: &str) -> bool {
    room.split(' ').any(|room| file.starts_with(room))
}

/// Every breach of the rules in one file: line, word and reason. Comments may name anything; tests of a room may too.
fn breaches(file: &str, text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for (number, line) in code
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
    {
        for rule in RULES.iter().filter(|rule| in_room(file, rule.room)) {
            for word in rule.forbidden.iter().filter(|word| line.contains(**word)) {
                found.push(format!(
                    "src/{file}:{}: `{word}`: {}",
                    number + 1,
                    rule.because
                ));
            }
        }
        if line.contains(".expose()") && !MAY_EXPOSE.iter().any(|room| in_room(file, room)) {
            found.push(format!(
                "src/{file}:{}: a secret is exposed outside the rooms that may",
                number + 1
            ));
        }
    }
    found
}

#[test]
fn every_room_keeps_to_the_layer_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 50, "the sources are not found");
    let mut found = Vec::new();
    for path in files {
        let file = path
            .strip_prefix(&root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if !file.contains("/tests") {
            found.extend(breaches(&file, &fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_seeded_breach_is_found() {
    for (file, text) in [
        ("provider/oauth2/request.rs", "use kube::Client;"),
        ("plan/decide.rs", "let now = Timestamp::now();"),
        ("plan/decide.rs", "pub async fn decide() {}"),
        ("target/render.rs", "let api: Api<Secret> = todo;"),
        (
            "controller/act/issue.rs",
            "let client = reqwest::Client::new();",
        ),
        (
            "controller/record.rs",
            "println(material.expose());\n    text.expose()",
        ),
        ("reason.rs", "use crate::api;"),
    ] {
        assert_ne!(breaches(file, text), Vec::<String>::new(), "{file}: {text}");
    }
    assert_eq!(
        breaches("plan/decide.rs", "// kube:: is named here\nfn decide() {}"),
        Vec::<String>::new()
    );
}

#[test]
fn every_table_of_the_house_names_the_same_rooms() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let map = fs::read_to_string(root.join("lib.rs")).unwrap();
    for room in [
        "provider",
        "api",
        "selection",
        "plan",
        "target",
        "controller",
        "runtime",
        "cli",
    ] {
        assert!(root.join(room).is_dir(), "{room}");
        assert!(
            map.contains(&format!("[`{room}`]")),
            "src/lib.rs does not describe {room}"
        );
    }
}
