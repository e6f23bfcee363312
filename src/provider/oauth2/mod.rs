//! An access token from an OAuth 2.0 token endpoint.

#[expect(
    clippy::doc_markdown,
    reason = "comments on fields are the descriptions in the schema"
)]
mod config;
mod fields;
mod inputs;
mod request;
mod reserved;
mod response;
mod rules;

use futures::future::BoxFuture;

pub use config::{ClientAuth, Grant, OAuth2};

use super::{Ask, Credential, Material, Provider, Refusal};
use crate::field::DefaultField;
use inputs::Inputs;
use request::Style;

// === impl OAuth2 ===

impl OAuth2 {
    async fn ask(&self, ask: Ask<'_>) -> Result<Credential, Refusal> {
        let inputs = Inputs::find(self, ask.material)?;
        let (first, second) = Style::order(self, ask.learned_client_auth);
        let Some(second) = second else {
            return self.ask_once(ask, &inputs, first).await;
        };
        let (style, outcome) = match self.ask_once(ask, &inputs, first).await {
            Err(refusal) if response::doubts_the_client(&refusal) => {
                let outcome = self.ask_once(ask, &inputs, second).await;
                let outcome = outcome.map_err(|other| response::telling(refusal, other));
                (second, outcome)
            }
            outcome => (first, outcome),
        };
        outcome.map(|credential| Credential {
            learned_client_auth: Some(style.name()),
            ..credential
        })
    }

    async fn ask_once(
        &self,
        ask: Ask<'_>,
        inputs: &Inputs<'_>,
        style: Style,
    ) -> Result<Credential, Refusal> {
        let request = request::build(self, inputs, style)?;
        let response = ask
            .http
            .send(request)
            .await
            .map_err(|refusal| refusal.at(&inputs.endpoint))?;
        response::read(&response, self, inputs, ask.material, ask.now)
    }
}

impl Provider for OAuth2 {
    fn scheme(&self) -> &'static str {
        match self.grant.unwrap_or_default() {
            Grant::ClientCredentials => "OAuthClientCredentials",
        }
    }

    fn default_fields(&self) -> &'static [DefaultField] {
        self.fields()
    }

    fn asks(&self) -> bool {
        true
    }

    fn check(&self, material: &Material) -> Result<(), Refusal> {
        Inputs::find(self, material).map(drop)
    }

    fn endpoint(&self, material: &Material) -> Option<url::Url> {
        inputs::endpoint(self, material).ok()
    }

    fn issue<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Credential, Refusal>> {
        Box::pin(self.ask(ask))
    }
}
