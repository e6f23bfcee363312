//! A port that answers from a script and notes what differs from it.

use std::sync::{Mutex, PoisonError};

use authkeeper::{
    provider::{
        Refusal,
        http::{Http, Request, Response},
    },
    reason::Reason,
    sensitive::SecretBytes,
};
use futures::future::BoxFuture;

use super::case::{Answer, Exchange, ExpectedRequest};

pub(super) struct Script {
    steps: Vec<Exchange>,
    pub requests: Mutex<Vec<Request>>,
    /// What the script answers, to be formatted by the leak test.
    pub responses: Vec<Response>,
}

// === impl Script ===

impl Script {
    pub(super) fn new(steps: &[Exchange]) -> Self {
        let answers = steps.iter().filter_map(|step| step.answer.as_ref());
        Self {
            steps: steps.to_vec(),
            requests: Mutex::default(),
            responses: answers.map(response).collect(),
        }
    }

    /// What was sent and should not have been, or the other way round.
    pub(super) fn faults(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults = Vec::new();
        if requests.len() != self.steps.len() {
            faults.push(format!(
                "{} requests were sent, not {}",
                requests.len(),
                self.steps.len()
            ));
        }
        for (request, step) in requests.iter().zip(&self.steps) {
            let sent = sent(request);
            if step.request.as_ref() != Some(&sent) {
                faults.push(format!("sent {sent:#?}, not {:#?}", step.request));
            }
        }
        faults
    }
}

impl Http for Script {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Refusal>> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let step = self.steps.get(requests.len());
        requests.push(request);
        let outcome = match step {
            Some(Exchange {
                answer: Some(answer),
                ..
            }) => Ok(response(answer)),
            Some(Exchange {
                fault: Some(fault), ..
            }) => Err(Refusal::new(fault.parse().unwrap(), "as scripted")),
            Some(_) | None => Err(Refusal::new(Reason::InternalError, "the script has ended")),
        };
        Box::pin(async { outcome })
    }
}

fn sent(request: &Request) -> ExpectedRequest {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    ExpectedRequest {
        method: request.method.to_string(),
        url: request.url.to_string(),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
            .collect(),
        body: request
            .body
            .as_ref()
            .map(|body| text(body.expose()))
            .unwrap_or_default(),
    }
}

fn response(answer: &Answer) -> Response {
    Response {
        status: answer.status,
        headers: answer
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.parse::<http::HeaderName>().unwrap(),
                    value.parse().unwrap(),
                )
            })
            .collect(),
        body: SecretBytes::new(answer.bytes()),
    }
}
