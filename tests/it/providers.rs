//! The wire behaviour of providers, as data: each folder under `tests/cases/providers/<provider>` is one case.
//!
//! | file | what it says | if absent |
//! | --- | --- | --- |
//! | `config.yaml` | the provider block | the provider's `_default/config.yaml` |
//! | `material.yaml` | what was looked up | `_default/material.yaml` |
//! | `exchange.yaml` | requests that must be sent, and what each is answered | nothing is sent |
//! | `expect.yaml` | `why`, and the credential or the refusal | |
//!
//! A request that an exchange leaves out is the one of `_default/request.yaml`. Every case runs again as a leak test.

mod case;
mod fuzz;
mod outcome;
mod script;

use std::path::{Path, PathBuf};

use authkeeper::provider::{
    Ask, Credential, Input, Material, Refusal,
    http::{Request, Response},
};
use case::Case;
use outcome::Shown;
use script::Script;

/// What came of a case: everything that could be shown to somebody.
struct Run {
    outcome: Result<Credential, Refusal>,
    script: Script,
}

fn folder(parts: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    parts
        .iter()
        .fold(root.to_owned(), |path, part| path.join(part))
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(of)
        .unwrap_or_else(|error| panic!("{}: {error}", of.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !path.ends_with("_default"))
        .collect();
    found.sort();
    found
}

fn cases() -> Vec<Case> {
    let providers = folders(&folder(&["tests", "cases", "providers"]));
    let cases: Vec<_> = providers
        .iter()
        .flat_map(|provider| folders(provider))
        .map(|path| Case::read(&path))
        .collect();
    assert!(cases.len() > 100, "only {} cases were found", cases.len());
    cases
}

fn run(case: &Case) -> Run {
    let provider = case.method.block.provider();
    let script = Script::new(&case.exchange);
    let ask = Ask {
        material: &case.material,
        http: &script,
        now: case.now,
        learned_client_auth: case.learned,
    };
    let outcome = match provider.check(&case.material) {
        Ok(()) => futures::executor::block_on(provider.issue(ask)),
        Err(refusal) => Err(refusal),
    };
    Run { outcome, script }
}

#[test]
fn every_case_ends_as_expected() {
    let mut faults = Vec::new();
    for case in cases() {
        let run = run(&case);
        let shown = Shown::of(&run.outcome, case.now);
        faults.extend(
            run.script
                .faults()
                .into_iter()
                .chain(shown.differences(&case.expect))
                .map(|fault| format!("{}: {fault}", case.name)),
        );
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_provider_has_cases() {
    for provider in folders(&folder(&["src", "provider"])) {
        let name = provider.file_name().unwrap().to_str().unwrap();
        if !provider.join("mod.rs").exists() || name == "answer" {
            continue;
        }
        let cases = folder(&["tests", "cases", "providers", name]);
        assert!(
            cases.is_dir() && !folders(&cases).is_empty(),
            "{name} has no case folder"
        );
    }
}

/// Everything of a run that code may format, as it would appear in a log.
fn formatted(case: &Case, run: &Run) -> String {
    let requests = run.script.requests.lock().unwrap();
    let requests: Vec<&Request> = requests.iter().collect();
    let responses: Vec<&Response> = run.script.responses.iter().collect();
    format!(
        "{:?} {requests:?} {responses:?} {:?} {:?}",
        run.outcome, case.material, case.method
    )
}

/// Values that must not appear: what is secret of the sources, and tokens.
fn secrets(case: &Case, run: &Run) -> Vec<String> {
    let Material {
        principal,
        credential,
        ..
    } = &case.material;
    let tokens = run.outcome.iter().flat_map(|credential| {
        credential
            .values
            .iter()
            .filter(|(name, _)| name.as_str() != "token_type" && name.as_str() != "scope")
            .map(|(_, value)| value)
    });
    principal
        .iter()
        .chain(credential)
        .map(|Input { value, .. }| value)
        .chain(tokens)
        .map(|value| value.expose().to_owned())
        .chain(case.tokens())
        // The shortest values are found in any text.
        .filter(|value| value.len() >= 5)
        .collect()
}

/// As it is, and as `Debug` would escape it.
fn leaks(text: &str, secrets: &[String]) -> bool {
    secrets.iter().any(|secret| {
        let escaped = format!("{secret:?}");
        text.contains(secret.as_str()) || text.contains(escaped.trim_matches('"'))
    })
}

#[test]
fn no_case_shows_a_secret() {
    let mut looked_for = 0;
    for case in cases() {
        let run = run(&case);
        let secrets = secrets(&case, &run);
        looked_for += secrets.len();
        let text = formatted(&case, &run);
        assert!(!leaks(&text, &secrets), "{} shows a secret", case.name);
    }
    assert!(
        looked_for > 100,
        "only {looked_for} secrets were looked for"
    );
}

#[test]
fn a_planted_leak_is_found() {
    for case in cases() {
        let mut run = run(&case);
        let secrets = secrets(&case, &run);
        let Some(secret) = secrets.first() else {
            continue;
        };
        let mut refusal = Refusal::new(authkeeper::reason::Reason::InternalError, "planted: ");
        refusal.detail += secret;
        run.outcome = Err(refusal);
        assert!(leaks(&formatted(&case, &run), &secrets), "{}", case.name);
    }
}
