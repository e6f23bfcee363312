//! Collects where an answer says "no", whatever its status: a string, an object, a list, a flag, a number.

use serde_json::{Map, Value};

use super::body::Members;

/// What an answer says about a failure.
#[derive(Default)]
pub(super) struct Signals<'a> {
    /// The answer states a failure, whatever its status.
    pub stated: bool,
    /// Single words, the most specific first; compared with a closed list.
    pub words: Vec<String>,
    /// Sentences, which are searched for codes and never copied.
    pub sentences: Vec<&'a str>,
}

/// Members of an error object that hold a word.
const WORD_MEMBERS: &[&str] = &[
    "error",
    "code",
    "status",
    "type",
    "reason",
    "errorType",
    "errorCode",
    "error_code",
];
/// Members that hold a sentence.
const SENTENCE_MEMBERS: &[&str] = &[
    "error_description",
    "message",
    "msg",
    "errmsg",
    "error_message",
    "errorMessage",
    "errorSummary",
    "detail",
];

// === impl Signals ===

impl<'a> Signals<'a> {
    /// `refused`: the status is a failure already, so that words are believed which are common in good answers.
    pub(super) fn of(members: &'a Members, refused: bool) -> Self {
        let mut signals = Self::default();
        signals.read_error(members.get("error"));
        signals.read_errors(members.get("errors"));
        signals.read_flags(members);
        if let Some(kind) = members.text("__type") {
            signals.stated = true;
            // AWS writes a namespace before the name.
            signals.word(kind.rsplit('#').next().unwrap_or(kind));
        }
        for name in SENTENCE_MEMBERS {
            signals.sentences.extend(members.text(name));
        }
        if refused {
            for name in WORD_MEMBERS {
                signals.words.extend(members.text(name).map(str::to_owned));
            }
        }
        signals
    }

    fn read_error(&mut self, error: Option<&'a Value>) {
        match error {
            Some(Value::String(word)) if !word.trim().is_empty() => {
                self.stated = true;
                self.word(word);
                self.sentences.push(word);
            }
            Some(Value::Object(members)) if !members.is_empty() => {
                self.stated = true;
                self.read_object(members);
                self.read_errors(members.get("errors"));
            }
            Some(Value::Bool(true)) => self.stated = true,
            Some(Value::Number(number)) if number.as_f64() != Some(0.0) => self.stated = true,
            Some(_) | None => {}
        }
    }

    fn read_errors(&mut self, errors: Option<&'a Value>) {
        let Some(Value::Array(errors)) = errors else {
            return;
        };
        for error in errors {
            self.stated = true;
            match error {
                Value::String(sentence) => {
                    self.word(sentence);
                    self.sentences.push(sentence);
                }
                Value::Object(members) => self.read_object(members),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {}
            }
        }
    }

    fn read_object(&mut self, members: &'a Map<String, Value>) {
        for name in WORD_MEMBERS {
            if let Some(word) = members.get(*name).and_then(Value::as_str) {
                self.word(word);
            }
        }
        for name in SENTENCE_MEMBERS {
            self.sentences
                .extend(members.get(*name).and_then(Value::as_str));
        }
    }

    /// `ok: false` and `success: false` (Slack and others), `errcode` (`WeChat`).
    fn read_flags(&mut self, members: &Members) {
        for name in ["ok", "success"] {
            match members.get(name) {
                Some(Value::Bool(false)) => self.stated = true,
                Some(Value::String(text)) if text == "false" => self.stated = true,
                Some(_) | None => {}
            }
        }
        if let Some(number) = members.get("errcode").and_then(super::number::of)
            && number != 0.0
        {
            self.stated = true;
            self.word(&format!("errcode{number}"));
        }
    }

    fn word(&mut self, word: &str) {
        self.words.push(word.to_owned());
    }
}
