//! Canaries, and the search for them in every encoding that a log or a status could hold them in.

use std::fmt::Write as _;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// A secret value of this run, and where it was planted.
#[derive(Clone, Debug)]
pub(super) struct Canary {
    pub(super) place: &'static str,
    pub(super) value: String,
}

/// What to look for.
pub(super) struct Search(Vec<Needle>);

struct Needle {
    what: String,
    text: String,
}

// === impl Canary ===

impl Canary {
    /// Two random words and a character between them that encodings change.
    pub(super) fn new(place: &'static str) -> Self {
        let value = format!("{}/{}", word(), word());
        Self { place, value }
    }

    /// Without any character that encodings change: where only a word fits.
    pub(super) fn plain(place: &'static str) -> Self {
        let value = word();
        Self { place, value }
    }
}

fn word() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    let mut bytes = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect()
}

/// Every way a value may be written.
pub(super) fn encodings(value: &str) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("percent-encoded", percent(value)),
        ("raw", value.to_owned()),
    ];
    for (alignment, name) in ["base64", "base64, one off", "base64, two off"]
        .into_iter()
        .enumerate()
    {
        let padded = [&b"\0\0"[..alignment], value.as_bytes()].concat();
        let whole = &padded[..padded.len() - padded.len() % 3];
        // The first characters depend on what stands before.
        let skipped = [0, 2, 3][alignment];
        all.push((name, STANDARD_NO_PAD.encode(whole)[skipped..].to_owned()));
        all.push((name, URL_SAFE_NO_PAD.encode(whole)[skipped..].to_owned()));
    }
    let hex = value.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    all.push(("hex", hex.to_uppercase()));
    all.push(("hex", hex));
    all
}

fn percent(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

// === impl Search ===

impl Search {
    pub(super) fn new<'a>(canaries: impl IntoIterator<Item = &'a Canary>) -> Self {
        let mut needles = Vec::new();
        for canary in canaries {
            let words = canary.value.split('/');
            for part in words.chain([canary.value.as_str()]) {
                for (encoding, text) in encodings(part) {
                    let what = format!("{}, {encoding}", canary.place);
                    needles.push(Needle { what, text });
                }
            }
        }
        Self(needles)
    }

    /// What was found, with what stands around it.
    pub(super) fn in_text(&self, text: &str) -> Vec<String> {
        let found = self.0.iter().filter_map(|needle| {
            let at = text.find(&needle.text)?;
            let around: String = text[..at].chars().rev().take(160).collect();
            let around: String = around.chars().rev().collect();
            let after: String = text[at..].chars().take(120).collect();
            Some(format!("{}: …{around}«{after}…", needle.what))
        });
        found.collect()
    }
}

#[test]
fn the_search_finds_a_canary_in_every_encoding_and_alignment() {
    let canary = Canary::new("a place");
    let search = Search::new([&canary]);
    assert!(search.in_text("nothing of it").is_empty());
    for (name, text) in encodings(&canary.value) {
        let log = format!("{{\"message\": \"before {text} after\"}}");
        assert!(!search.in_text(&log).is_empty(), "{name}");
    }
    for before in ["", "a", "ab", "abc"] {
        let header = format!("{before}{}:more", canary.value);
        for encoded in [
            STANDARD_NO_PAD.encode(&header),
            URL_SAFE_NO_PAD.encode(&header),
        ] {
            assert!(!search.in_text(&encoded).is_empty(), "after {before:?}");
        }
    }
    let half = canary.value.split('/').next().unwrap();
    assert!(!search.in_text(&format!("cut off: {half}")).is_empty());
}
