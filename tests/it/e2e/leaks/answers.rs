//! A provider that puts a canary into every corner of its answers.

use std::collections::BTreeMap;

use authkeeper_testbed::idp::{Answer, ScriptedIdp};
use serde_json::json;

use super::search::Canary;

/// The canaries of one run, by place.
pub(super) struct Canaries(BTreeMap<&'static str, Canary>);

const PLACES: [&str; 20] = [
    "client secret",
    "password",
    "fixed bearer token",
    "api key",
    "access token",
    "refresh token",
    "id token",
    "member of the answer",
    "error description",
    "error word",
    "error address",
    "request id",
    "header of the answer",
    "page",
    "broken JSON",
    "redirect",
    "token type",
    "custom header",
    "custom parameter",
    "probe",
];
/// Places where only letters and digits fit.
const PLAIN: [&str; 3] = ["name of a member", "bare token", "query"];

// === impl Canaries ===

impl Canaries {
    pub(super) fn new() -> Self {
        let places = PLACES.into_iter().map(|place| (place, Canary::new(place)));
        let plain = PLAIN.into_iter().map(|place| (place, Canary::plain(place)));
        Self(places.chain(plain).collect())
    }

    pub(super) fn get(&self, place: &str) -> &str {
        &self.0[place].value
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Canary> {
        self.0.values()
    }
}

/// Paths whose answers are no tokens.
pub(super) const FAILURES: [&str; 11] = [
    "denied", "echo", "page", "broken", "bare", "member", "control", "ended", "kind", "redirect",
    "cut",
];

/// Scripts every path.
pub(super) fn script(idp: &ScriptedIdp, canaries: &Canaries) {
    let of = |place: &str| canaries.get(place).to_owned();
    let good = json!({
        "access_token": of("access token"), "token_type": "Bearer", "expires_in": 6,
        "refresh_token": of("refresh token"), "id_token": of("id token"), "scope": "orders.read",
        "more": { "deep": [of("member of the answer")] },
    });
    let good = Answer::json(200, &good)
        .header(
            "set-cookie",
            &format!("session={}", of("header of the answer")),
        )
        .header("x-debug", &of("header of the answer"));
    idp.respond("/good", good);
    idp.respond("/denied", denied(canaries));
    let echo = json!({ "error": of("client secret"), "error_description": of("client secret"), "trace_id": of("client secret") });
    idp.respond("/echo", Answer::json(400, &echo));
    let page = format!("<html><title>{}</title>", of("page"));
    let page = Answer::status(500)
        .header("content-type", "text/html")
        .body(page);
    idp.respond("/page", page);
    let broken = format!("{{\"access_token\": \"{0}\", \"{0}", of("broken JSON"));
    idp.respond("/broken", Answer::status(200).body(broken));
    let bare = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, of("bare token"));
    let bare = Answer::status(200)
        .header("content-type", "text/plain")
        .body(bare);
    idp.respond("/bare", bare);
    let name = of("name of a member");
    idp.respond("/member", Answer::json(200, &json!({ name: { "a": 1 } })));
    let control = format!("{}\r\nX-Injected: 1", of("access token"));
    idp.respond("/control", Answer::token(&control, 60));
    let ended = json!({ "access_token": of("access token"), "expires_in": -5 });
    idp.respond("/ended", Answer::json(200, &ended));
    let kind = json!({ "access_token": of("access token"), "token_type": of("token type"), "expires_in": 60 });
    idp.respond("/kind", Answer::json(200, &kind));
    let location = idp.url(&format!("/stolen?code={}", of("redirect")));
    let redirect = Answer::status(302)
        .header("location", &location)
        .body(of("page"));
    idp.respond("/redirect", redirect);
    let cut = Answer::token(&of("access token"), 60).truncated_at(60);
    idp.respond("/cut", cut);
    idp.respond_sequence("/probe", [Answer::status(500).body(of("probe"))]);
    idp.respond("/probe", Answer::status(200).body(of("probe")));
}

fn denied(canaries: &Canaries) -> Answer {
    let of = |place: &str| canaries.get(place).to_owned();
    let body = json!({
        "error": of("error word"), "error_description": format!("AADSTS7000215: {}", of("error description")),
        "error_uri": of("error address"), "trace_id": of("request id"), "correlation_id": of("request id"),
        "errors": [{ "message": of("error description"), "code": of("error word") }],
    });
    let challenge = format!("Bearer realm=\"{}\"", of("header of the answer"));
    Answer::json(401, &body)
        .header("www-authenticate", &challenge)
        .header("x-request-id", &of("request id"))
        .header("retry-after", &of("header of the answer"))
        .header("server", &of("header of the answer"))
}
