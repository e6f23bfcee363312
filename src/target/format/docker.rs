//! The document of type `kubernetes.io/dockerconfigjson`, which kubelets use to pull images.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

use super::{Data, Shape, bytes, login::login};
use crate::target::fault::Fault;

/// Docker Hub is looked up under this name and no other.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

#[derive(Serialize)]
struct Config<'a> {
    auths: BTreeMap<String, Auth<'a>>,
}

#[derive(Serialize)]
struct Auth<'a> {
    username: &'a str,
    password: &'a str,
    #[serde(rename = "auth")]
    pair: String,
}

pub(super) fn data(shape: &Shape<'_>) -> Result<Data, Fault> {
    let (username, password) = login(shape)?;
    let config = Config {
        auths: shape
            .target
            .hosts
            .iter()
            .map(|host| {
                let auth = Auth {
                    username,
                    password,
                    pair: STANDARD.encode(format!("{username}:{password}")),
                };
                (registry(host), auth)
            })
            .collect(),
    };
    let document = serde_json::to_string(&config)
        .map_err(|_| Fault::spec("format", "cannot be written as JSON"))?;
    Ok(Data::from([(
        ".dockerconfigjson".to_owned(),
        bytes(&document),
    )]))
}

/// Host, with port and path where there are any, and without a scheme.
fn registry(host: &str) -> String {
    let bare = super::netrc::without_scheme(host).trim_end_matches('/');
    match bare {
        "docker.io" | "index.docker.io" | "index.docker.io/v1" | "registry-1.docker.io" => {
            DOCKER_HUB.to_owned()
        }
        _ => bare.to_owned(),
    }
}
