//! PEM as people paste it.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::sensitive::SecretText;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// PEM with plain line endings: from literal `\n`, from CRLF, and from PEM that was base64-encoded once more.
pub(super) fn tidied(text: &str) -> Option<SecretText> {
    if text.contains(BEGIN) {
        return plain(text);
    }
    let packed: String = text.split_whitespace().collect();
    plain(&String::from_utf8(STANDARD.decode(packed).ok()?).ok()?)
}

fn plain(text: &str) -> Option<SecretText> {
    let text = text
        .replace("\\r\\n", "\n")
        .replace("\\n", "\n")
        .replace("\r\n", "\n");
    let text = text.trim();
    let begin = text.find(BEGIN)?;
    let whole = text.get(begin..)?.contains(END);
    whole.then(|| SecretText::new(format!("{text}\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn every_way_of_pasting_gives_the_same_pem() {
        let packed = STANDARD.encode(PLAIN);
        let folded = format!("{}\n{}", &packed[..20], &packed[20..]);
        for pasted in [
            PLAIN,
            &PLAIN.replace('\n', "\\n"),
            &PLAIN.replace('\n', "\r\n"),
            &format!("  {PLAIN}\n"),
            &packed,
            &folded,
        ] {
            assert_eq!(tidied(pasted).unwrap().expose(), PLAIN, "{pasted:?}");
        }
    }

    #[test]
    fn what_is_not_pem_is_refused() {
        for text in ["", "AAAA", "-----BEGIN CERTIFICATE-----\nAAAA", "not PEM"] {
            assert!(tidied(text).is_none(), "{text}");
        }
    }
}
