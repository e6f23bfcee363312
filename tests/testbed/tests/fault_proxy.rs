//! What the fault proxy does to requests.

use std::pin::pin;
use std::time::{Duration, Instant};

use authkeeper_testbed::{Fault, FaultProxy, Filter, Namespace, kubeconfig, shared_control_plane};
use futures::StreamExt as _;
use http::Method;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ObjectMeta, PostParams, WatchParams};
use kube::{Api, Client};

fn config_map(name: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(name.into()),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    }
}

async fn proxied(prefix: &str) -> (FaultProxy, Namespace, Client) {
    let control_plane = shared_control_plane();
    let user = control_plane
        .identity_for("through-the-proxy", Some("system:masters"))
        .unwrap();
    let proxy = FaultProxy::start(control_plane, &user).unwrap();
    let namespace = Namespace::create(control_plane, prefix).await.unwrap();
    let client = kubeconfig::client(proxy.kubeconfig_path()).await.unwrap();
    (proxy, namespace, client)
}

#[tokio::test]
async fn chosen_requests_are_refused_cut_or_lose_their_answer() {
    let (proxy, namespace, client) = proxied("faults").await;
    let maps: Api<ConfigMap> = Api::namespaced(client, namespace.name());
    let create = |name: &'static str| {
        let maps = maps.clone();
        async move { maps.create(&PostParams::default(), &config_map(name)).await }
    };
    let is_post = |head: &http::request::Parts| head.method == Method::POST;

    proxy.inject(Fault::Status(503), 1, is_post);
    assert!(
        matches!(create("a").await.unwrap_err(), kube::Error::Api(status) if status.code == 503)
    );
    proxy.inject(Fault::CutBefore, 1, is_post);
    assert!(create("b").await.is_err());
    assert!(maps.get_opt("b").await.unwrap().is_none());
    proxy.inject(Fault::CutAfter, 1, is_post);
    assert!(create("c").await.is_err());
    assert!(maps.get_opt("c").await.unwrap().is_some());
    create("d").await.unwrap();
    assert_eq!(proxy.injected(), 3);

    proxy.set_open(false).unwrap();
    assert!(maps.get("d").await.is_err());
    proxy.set_open(true).unwrap();
    maps.get("d").await.unwrap();

    let audit = shared_control_plane().audit();
    let creates = Filter::new()
        .user("through-the-proxy")
        .verb("create")
        .namespace(namespace.name());
    assert_eq!(audit.count(&creates.resource("configmaps")).unwrap(), 2);
}

#[tokio::test]
async fn watches_hear_everything_later() {
    let (proxy, namespace, client) = proxied("late").await;
    let maps: Api<ConfigMap> = Api::namespaced(client, namespace.name());
    let delay = Duration::from_millis(1500);
    proxy.delay_watches(delay);
    let version = maps
        .list(&kube::api::ListParams::default())
        .await
        .unwrap()
        .metadata
        .resource_version
        .unwrap();
    let mut events = pin!(maps.watch(&WatchParams::default(), &version).await.unwrap());
    let started = Instant::now();
    maps.create(&PostParams::default(), &config_map("one"))
        .await
        .unwrap();
    maps.create(&PostParams::default(), &config_map("two"))
        .await
        .unwrap();
    assert!(started.elapsed() < delay, "other requests are not delayed");
    for _ in 0..2 {
        events.next().await.unwrap().unwrap();
    }
    assert!(started.elapsed() >= delay, "events come after the delay");
    assert!(started.elapsed() < delay * 2, "delays do not add up");
}
