//! The HTTP port against a server that speaks TLS and misbehaves on demand.

mod certificates;
mod server;

use std::{sync::Arc, time::Duration};

use authkeeper::{
    provider::{
        Refusal,
        http::{BODY_LIMIT, ConnectionSettings, Connections, Request, Response},
    },
    reason::Reason,
    runtime::http::HttpConnections,
    sensitive::SecretBytes,
};
use certificates::Authority;
use http::{HeaderMap, HeaderValue, Method, header};
use server::{Answer, Server};

const SECRET: &str = "example-secret-value";

fn settings(bundle: &str) -> ConnectionSettings {
    ConnectionSettings {
        timeout_milliseconds: Some(3_000),
        ca_bundle: Some(bundle.to_owned()),
        allow_http: false,
        ..ConnectionSettings::default()
    }
}

/// A token request with secrets in every place where one can be.
fn request(url: &str) -> Request {
    let mut value = HeaderValue::from_static("Basic example-secret-value");
    value.set_sensitive(true);
    Request {
        method: Method::POST,
        url: format!("{url}?q={SECRET}").parse().unwrap(),
        headers: HeaderMap::from_iter([(header::AUTHORIZATION, value)]),
        body: Some(SecretBytes::new(format!("client_secret={SECRET}"))),
    }
}

async fn send(
    connections: &HttpConnections,
    settings: &ConnectionSettings,
    url: &str,
) -> Result<Response, Refusal> {
    connections.open(settings)?.send(request(url)).await
}

/// Asks a server over TLS, with its authority as bundle.
async fn ask(answer: Answer) -> (Result<Response, Refusal>, Arc<Server>) {
    let authority = Authority::new("one");
    let server = Server::tls(&authority.leaf(&["localhost"]), answer).await;
    let connections = HttpConnections::new(false);
    let outcome = send(&connections, &settings(&authority.pem()), &server.url()).await;
    (outcome, server)
}

/// A refusal must name the server, and nothing of the request.
fn refused(outcome: Result<Response, Refusal>, reason: Reason) -> String {
    let refusal = outcome.expect_err("a refusal");
    assert_eq!(refusal.reason, reason, "{refusal:?}");
    assert!(!format!("{refusal:?}").contains(SECRET), "{refusal:?}");
    assert!(refusal.endpoint.is_some(), "{refusal:?}");
    refusal.detail
}

#[tokio::test]
async fn answer_arrives_whole_and_the_request_as_it_was_made() {
    let (outcome, server) = ask(Answer::ok(b"{\"access_token\":\"t\"}".to_vec())).await;
    let response = outcome.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.body.expose(), b"{\"access_token\":\"t\"}");
    let seen = server.requests().remove(0).to_ascii_lowercase();
    assert!(seen.starts_with("post /token?q=example-secret-value http/1.1\r\n"));
    assert!(seen.contains("\r\nuser-agent: authkeeper/"));
    assert!(!seen.contains("accept-encoding"), "{seen}");
    assert!(seen.ends_with("\r\n\r\nclient_secret=example-secret-value"));
}

#[tokio::test]
async fn http_needs_the_operator_and_the_resource() {
    let server = Server::plain(Answer::ok(b"{}".to_vec())).await;
    for (operator, resource) in [(false, false), (true, false), (false, true)] {
        let settings = ConnectionSettings {
            allow_http: resource,
            ..ConnectionSettings::default()
        };
        let outcome = send(&HttpConnections::new(operator), &settings, &server.url()).await;
        refused(outcome, Reason::EndpointNotAllowed);
    }
    assert_eq!(server.connections(), 0);
    let settings = ConnectionSettings {
        allow_http: true,
        ..ConnectionSettings::default()
    };
    let outcome = send(&HttpConnections::new(true), &settings, &server.url()).await;
    assert_eq!(outcome.unwrap().status, 200);
}

#[tokio::test]
async fn redirect_is_handed_back_and_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let (outcome, server) = ask(Answer::redirect(status)).await;
        assert_eq!(outcome.unwrap().status, status);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_size_of_an_answer_ends_at_one_mebibyte() {
    for chunked in [false, true] {
        let answer = |size: usize| Answer {
            chunked,
            ..Answer::ok(vec![b'x'; size])
        };
        let (outcome, _) = ask(answer(BODY_LIMIT)).await;
        assert_eq!(outcome.unwrap().body.expose().len(), BODY_LIMIT);
        let (outcome, _) = ask(answer(BODY_LIMIT + 1)).await;
        refused(outcome, Reason::ResponseTooLarge);
    }
}

#[tokio::test]
async fn compressed_answer_is_not_unpacked() {
    let mut answer = Answer::ok(vec![0x1f, 0x8b, 8, 0]);
    answer.headers += "content-encoding: gzip\r\n";
    let (outcome, _) = ask(answer).await;
    assert_eq!(outcome.unwrap().body.expose(), [0x1f, 0x8b, 8, 0]);
}

#[tokio::test]
async fn slow_answer_is_lost_within_the_time_allowed() {
    let started = std::time::Instant::now();
    let slow_head = Answer {
        pause_before_head: Duration::from_secs(30),
        ..Answer::ok(b"{}".to_vec())
    };
    let slow_body = Answer {
        pause_before_body: Duration::from_secs(30),
        ..Answer::ok(b"{}".to_vec())
    };
    let (head, body) = tokio::join!(ask(slow_head), ask(slow_body));
    refused(head.0, Reason::ResponseLost);
    refused(body.0, Reason::ResponseLost);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn answer_that_breaks_off_is_lost() {
    let answer = Answer {
        announced: Some(100),
        ..Answer::ok(b"{\"access_token\":".to_vec())
    };
    let (outcome, _) = ask(answer).await;
    refused(outcome, Reason::ResponseLost);
    let nothing = Answer {
        silent: true,
        ..Answer::ok(Vec::new())
    };
    let (outcome, _) = ask(nothing).await;
    refused(outcome, Reason::ResponseLost);
}

#[tokio::test]
async fn tls_refusal_says_which_mistake_it_is() {
    let (authority, namesake) = (Authority::new("one"), Authority::new("one"));
    let other = Authority::new("other");
    let leaf = authority.leaf(&["localhost"]);
    let itself = Authority::new("one");
    let cases = [
        (&leaf, other.pem(), "issuer of the certificate is unknown"),
        (&leaf, namesake.pem(), "another CA that has the name"),
        (&leaf, leaf.pem(), "certificate of the server itself"),
        (
            &itself.as_leaf(),
            itself.pem(),
            "self-signed CA certificate is used as server certificate",
        ),
        (
            &authority.leaf(&["elsewhere.test"]),
            authority.pem(),
            "another host name",
        ),
        (
            &authority.leaf(&[]),
            authority.pem(),
            "no subject alternative name",
        ),
        (&authority.expired_leaf(), authority.pem(), "has expired"),
    ];
    for (certificate, bundle, words) in cases {
        let server = Server::tls(certificate, Answer::ok(b"{}".to_vec())).await;
        let outcome = send(
            &HttpConnections::new(false),
            &settings(&bundle),
            &server.url(),
        )
        .await;
        let detail = refused(outcome, Reason::TLSFailure);
        assert!(detail.contains(words), "{detail}, not {words}");
        assert_eq!(server.requests().len(), 0, "{words}");
    }
}

#[tokio::test]
async fn unreachable_servers_are_told_apart() {
    let connections = HttpConnections::new(false);
    let settings = ConnectionSettings::default();
    let outcome = send(&connections, &settings, "https://nonexistent.invalid/token").await;
    refused(outcome, Reason::DNSFailure);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let url = format!("https://127.0.0.1:{port}/token");
    let refusal = send(&connections, &settings, &url).await.unwrap_err();
    assert_eq!(refusal.endpoint, Some(format!("127.0.0.1:{port}")));
    let detail = refused(Err(refusal), Reason::ConnectFailed);
    assert!(detail.contains("refused"), "{detail}");
}

#[tokio::test]
async fn server_that_never_shakes_hands_is_a_failure_to_connect() {
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/token", mute.local_addr().unwrap());
    let settings = ConnectionSettings {
        timeout_milliseconds: Some(400),
        ..ConnectionSettings::default()
    };
    let outcome = send(&HttpConnections::new(false), &settings, &url).await;
    refused(outcome, Reason::ConnectFailed);
}

#[test]
fn bundle_without_a_certificate_is_refused() {
    let connections = HttpConnections::new(false);
    let good = Authority::new("one").pem();
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (bundle, words) in [
        (String::new(), "no certificate"),
        ("not a certificate".to_owned(), "no certificate"),
        (format!("{good}{damaged}"), "certificate 2"),
    ] {
        let Err(refusal) = connections.open(&settings(&bundle)) else {
            panic!("{words}");
        };
        assert_eq!(refusal.reason, Reason::SourceSecretInvalid);
        assert!(refusal.detail.contains(words), "{}", refusal.detail);
    }
}

#[tokio::test]
async fn many_settings_do_not_pile_up() {
    let connections = HttpConnections::new(false);
    let open = |timeout| {
        let settings = ConnectionSettings {
            timeout_milliseconds: Some(timeout),
            ..ConnectionSettings::default()
        };
        connections.open(&settings).unwrap()
    };
    let first = open(1_000);
    for timeout in 1_000..1_300 {
        assert!(Arc::ptr_eq(&open(timeout), &open(timeout)));
    }
    assert!(!Arc::ptr_eq(&first, &open(1_000)));
}

/// Runs tests of this binary in a process of their own, with these variables.
fn run_apart(tests: &[&str], variables: &[(&str, &str)]) {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .envs(variables.iter().copied())
        .args(["--include-ignored", "--exact"])
        .args(tests)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let passed = format!("{} passed", tests.len());
    assert!(text.contains(&passed), "{text}");
}

/// The store is named by the environment of a process.
#[test]
fn a_machine_without_certificates_is_no_obstacle() {
    run_apart(
        &[
            "http_port::answer_arrives_whole_and_the_request_as_it_was_made",
            "http_port::many_settings_do_not_pile_up",
            "http_port::tls_refusal_says_which_mistake_it_is",
        ],
        &[
            ("SSL_CERT_FILE", "/nonexistent/certificates.pem"),
            ("SSL_CERT_DIR", "/nonexistent/certificates"),
        ],
    );
}

/// Where a log goes is decided once in a process.
#[test]
fn no_log_shows_a_secret() {
    run_apart(&["http_port::everything_is_logged_but_secrets"], &[]);
}

#[tokio::test]
#[ignore = "run by no_log_shows_a_secret, in a process of its own"]
async fn everything_is_logged_but_secrets() {
    use tracing_subscriber::util::SubscriberInitExt as _;
    let lines = server::Lines::default();
    let writer = lines.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish()
        .init();
    let authority = Authority::new("one");
    let server = Server::tls(
        &authority.leaf(&["localhost"]),
        Answer::ok(format!("{{\"access_token\":\"{SECRET}\"}}").into_bytes()),
    )
    .await;
    let connections = HttpConnections::new(false);
    let mut request = request(&server.url());
    request.url.set_query(None);
    let port = connections.open(&settings(&authority.pem())).unwrap();
    assert_eq!(port.send(request).await.unwrap().status, 200);
    let text = lines.text();
    for origin in ["authkeeper::runtime::http", "hyper", "rustls"] {
        assert!(text.contains(origin), "{origin} logs nothing: {text}");
    }
    assert!(!text.contains(SECRET), "{text}");
}
