//! The page of /metrics.

use std::collections::{BTreeMap, BTreeSet};

use authkeeper_testbed::idp::{Answer, ScriptedIdp};
use serde_json::json;

use crate::stage::Stage;

/// What the page always tells.
const FAMILIES: [(&str, &str); 21] = [
    ("authkeeper_build", "info"),
    ("authkeeper_reconcile", "counter"),
    ("authkeeper_reconcile_duration_seconds", "histogram"),
    ("authkeeper_workers_busy", "gauge"),
    ("authkeeper_refresh", "counter"),
    ("authkeeper_refresh_lateness_seconds", "histogram"),
    ("authkeeper_provider_requests", "counter"),
    ("authkeeper_provider_request_duration_seconds", "histogram"),
    ("authkeeper_resources", "gauge"),
    ("authkeeper_tokens_expired", "gauge"),
    ("authkeeper_token_min_remaining_seconds", "gauge"),
    ("authkeeper_secret_writes", "counter"),
    ("authkeeper_kube_requests", "counter"),
    ("authkeeper_watch_errors", "counter"),
    ("authkeeper_per_resource_series_dropped", "gauge"),
    ("authkeeper_token_expiry_timestamp_seconds", "gauge"),
    ("authkeeper_token_next_refresh_timestamp_seconds", "gauge"),
    ("authkeeper_token_lifetime_seconds", "gauge"),
    ("authkeeper_resource_ready", "gauge"),
    ("authkeeper_resource_suspended", "gauge"),
    ("authkeeper_resource_stalled", "gauge"),
];

/// A page, read strictly as OpenMetrics.
struct Page {
    /// Family to type.
    families: BTreeMap<String, String>,
    samples: Vec<Sample>,
}

struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Page {
    fn read(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("the page is complete");
        let mut page = Self {
            families: BTreeMap::new(),
            samples: Vec::new(),
        };
        let mut seen = BTreeSet::new();
        for line in body.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                page.comment(comment);
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap();
                assert!(seen.insert(series.to_owned()), "twice: {series}");
                page.sample(series, value);
            }
        }
        page
    }

    fn comment(&mut self, comment: &str) {
        let mut words = comment.splitn(3, ' ');
        let (kind, name, rest) = (words.next(), words.next().unwrap(), words.next());
        match (kind, rest) {
            (Some("TYPE"), Some(kind)) => {
                let before = self.families.insert(name.to_owned(), kind.to_owned());
                assert_eq!(before, None, "{name} is described twice");
            }
            (Some("HELP" | "UNIT"), Some(text)) => assert!(!text.is_empty(), "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }

    fn sample(&mut self, series: &str, value: &str) {
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').unwrap();
        let pairs = labels.split("\",").filter(|pair| !pair.is_empty());
        let labels = pairs
            .map(|pair| {
                let (name, value) = pair.split_once("=\"").unwrap();
                (name.to_owned(), value.trim_end_matches('"').to_owned())
            })
            .collect();
        let last = self.families.keys().filter(|family| {
            let rest = name.strip_prefix(family.as_str());
            let endings: &[&str] = match self.families[*family].as_str() {
                "counter" => &["_total"],
                "histogram" => &["_bucket", "_sum", "_count"],
                "info" => &["_info"],
                "gauge" => &[""],
                other => panic!("{family} is of type {other}"),
            };
            rest.is_some_and(|rest| endings.contains(&rest))
        });
        assert_eq!(last.count(), 1, "{name} belongs to one family");
        self.samples.push(Sample {
            name: name.to_owned(),
            labels,
            value: value.parse().unwrap(),
        });
    }

    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let wanted = |sample: &&Sample| {
            sample.name == name
                && labels
                    .iter()
                    .all(|(name, value)| sample.labels.get(*name).is_some_and(|is| is == value))
        };
        self.samples.iter().find(wanted).map(|sample| sample.value)
    }

    fn count(&self, name: &str) -> usize {
        let named = self.samples.iter().filter(|sample| sample.name == name);
        named.count()
    }
}

/// One that works, one that is refused, one that needs nobody, one that waits for its source, one that is suspended.
async fn fleet(stage: &Stage, idp: &ScriptedIdp) {
    idp.respond("/token", Answer::token("t", 3600));
    idp.respond("/refused", Answer::error(401, "invalid_client", "no"));
    stage
        .client_credentials("orders", &idp.url("/token"), json!({}))
        .await;
    stage
        .client_credentials("refused", &idp.url("/refused"), json!({}))
        .await;
    stage
        .configure("nothing", json!({ "method": { "none": {} } }))
        .await;
    let missing =
        json!({ "sources": [{ "secretRef": { "name": "absent" } }], "method": { "basic": {} } });
    stage.configure("waiting", missing).await;
    let suspended = json!({ "suspend": true, "method": { "none": {} } });
    stage.configure("suspended", suspended).await;
    stage
        .condition("orders", "Ready", "True", "TokenValid")
        .await;
    stage
        .condition("refused", "Ready", "False", "ClientAuthFailed")
        .await;
    stage
        .condition("nothing", "Ready", "True", "TokenValid")
        .await;
    stage
        .condition("waiting", "SourcesResolved", "False", "SourceNotFound")
        .await;
    stage
        .condition("suspended", "Suspended", "True", "Suspended")
        .await;
}

fn has_values(stage: &Stage, page: &Page) {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(page.value("authkeeper_build_info", &version), Some(1.0));
    let refused = [
        ("provider", "OAuthClientCredentials"),
        ("outcome", "rejected"),
    ];
    let outcome = page.value("authkeeper_provider_requests_total", &refused);
    assert_eq!(outcome, Some(1.0));
    let patched = [("verb", "patch"), ("class", "success")];
    assert!(page.value("authkeeper_kube_requests_total", &patched) >= Some(6.0));
    for (name, ready) in [("orders", 1.0), ("nothing", 1.0), ("refused", 0.0)] {
        let labels = [("namespace", stage.namespace()), ("name", name)];
        let value = page.value("authkeeper_resource_ready", &labels);
        assert_eq!(value, Some(ready), "{name}");
    }
    let suspended = [("name", "suspended")];
    let value = page.value("authkeeper_resource_suspended", &suspended);
    assert_eq!(value, Some(1.0));
}

fn tells_of_no_host(idp: &ScriptedIdp, text: &str, page: &Page) {
    let port = idp.address().port().to_string();
    for foreign in ["http://", "https://", "127.0.0.1", &port, "client"] {
        let sample = text
            .lines()
            .find(|line| !line.starts_with('#') && line.contains(&format!("{foreign}\"")));
        assert_eq!(sample, None, "{foreign}");
    }
    let names: BTreeSet<_> = page
        .samples
        .iter()
        .flat_map(|sample| sample.labels.keys().map(String::as_str))
        .collect();
    let known = [
        "class",
        "kind",
        "le",
        "name",
        "namespace",
        "outcome",
        "provider",
        "reason",
        "result",
        "state",
        "verb",
        "version",
    ];
    assert!(names.is_subset(&BTreeSet::from(known)), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_are_well_formed_and_tell_of_every_object_without_telling_of_hosts() {
    let stage = Stage::new("metrics").await;
    let idp = ScriptedIdp::http().unwrap();
    let operator = stage.operator().await;
    fleet(&stage, &idp).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let text = operator.metrics().await.unwrap();
    let page = Page::read(&text);
    for family in FAMILIES {
        let kind = page.families.get(family.0).map(String::as_str);
        assert_eq!(kind, Some(family.1), "{}\n{text}", family.0);
    }
    has_values(&stage, &page);
    tells_of_no_host(&idp, &text, &page);
}

#[tokio::test(flavor = "multi_thread")]
async fn series_per_object_have_a_limit_and_what_ends_first_is_shown() {
    let stage = Stage::new("limit").await;
    let idp = ScriptedIdp::http().unwrap();
    let options = stage.options().args(["--metrics-object-limit", "2"]);
    let operator = stage.start(&options).await;
    for (name, life) in [("long", 7200), ("short", 600), ("middle", 3600)] {
        let path = format!("/{name}");
        idp.respond(&path, Answer::token("t", life));
        stage
            .client_credentials(name, &idp.url(&path), json!({}))
            .await;
    }
    for name in ["long", "short", "middle"] {
        stage.condition(name, "Ready", "True", "TokenValid").await;
    }
    let shown = "authkeeper_token_expiry_timestamp_seconds";
    crate::stage::eventually("the caches know", async || {
        let page = Page::read(&operator.metrics().await.unwrap());
        page.value(shown, &[("name", "short")]).is_some()
            && page.value(shown, &[("name", "middle")]).is_some()
    })
    .await;
    let page = Page::read(&operator.metrics().await.unwrap());
    assert_eq!(page.count(shown), 2);
    assert_eq!(page.value(shown, &[("name", "long")]), None);
    let dropped = page.value("authkeeper_per_resource_series_dropped", &[]);
    assert_eq!(dropped, Some(1.0));
    let ready = [("provider", "OAuthClientCredentials"), ("state", "ready")];
    assert_eq!(page.value("authkeeper_resources", &ready), Some(3.0));
}
