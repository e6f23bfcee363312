//! A provider and a verifier that other people wrote.

use std::time::Duration;

use authkeeper_testbed::idp::{Credentials, OidcProvider, Verifier};
use serde_json::Value;

async fn issue(provider: &OidcProvider, resource: Option<&str>) -> Value {
    let Credentials { id, secret } = provider.post_client();
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("scope", "read"),
    ];
    form.extend(resource.map(|resource| ("resource", resource)));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(provider.token_url())
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

#[tokio::test]
async fn jose_verifies_what_oidc_provider_issues_until_it_expires() {
    let provider = OidcProvider::start(2).unwrap();
    let verifier = Verifier::start().unwrap();
    let audience = "https://api.example.test";
    let issued = issue(&provider, Some(audience)).await;
    assert_eq!(issued["expires_in"], 2);
    let token = issued["access_token"].as_str().unwrap();
    let claims = verifier
        .verify(token, &provider.jwks_url(), &provider.issuer(), audience)
        .await
        .unwrap();
    assert_eq!(claims["client_id"], provider.post_client().id.as_str());
    let other = verifier
        .verify(
            token,
            &provider.jwks_url(),
            &provider.issuer(),
            "https://other.test",
        )
        .await;
    assert!(other.unwrap_err().to_string().contains("aud"));
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let late = verifier
        .verify(token, &provider.jwks_url(), &provider.issuer(), audience)
        .await;
    assert!(late.unwrap_err().to_string().contains("ERR_JWT_EXPIRED"));
    assert_eq!(provider.token_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn basic_credentials_must_be_form_encoded_and_opaque_tokens_are_introspected() {
    let provider = OidcProvider::start(60).unwrap();
    let opaque = issue(&provider, None).await;
    let token = opaque["access_token"].as_str().unwrap();
    assert!(provider.is_active(token).await.unwrap());
    assert!(!provider.is_active("made-up").await.unwrap());

    let Credentials { id, secret } = provider.basic_client();
    let encode =
        |value: &str| form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = |id: String, secret: String| {
        let form = [("grant_type", "client_credentials")];
        client
            .post(provider.token_url())
            .basic_auth(id, Some(secret))
            .form(&form)
            .send()
    };
    assert_eq!(ask(encode(id), encode(secret)).await.unwrap().status(), 200);
    assert_ne!(ask(id.clone(), secret.clone()).await.unwrap().status(), 200);
    let statuses: Vec<u16> = provider
        .token_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses.len(), 3);
    assert_eq!(&statuses[..2], [200, 200]);
}
