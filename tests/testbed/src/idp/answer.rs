//! What a scripted identity provider says, including what no sane server says.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::Response;
use serde_json::Value;

use crate::http_server::{Body, Reply, streamed, whole};

/// Long enough for what was sent before to have left.
const FLUSH: Duration = Duration::from_millis(50);

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    delay: Duration,
    manner: Manner,
}

#[derive(Clone, Copy, Debug)]
enum Manner {
    Whole,
    /// Announces the whole body, sends so many bytes and closes.
    Truncated(usize),
    /// One byte, a pause, one byte, …
    Dribbled(Duration),
    /// The body again and again, for ever.
    Endless,
    Dropped,
    Raw,
}

// === impl Answer ===

impl Answer {
    /// A status with an empty body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            delay: Duration::ZERO,
            manner: Manner::Whole,
        }
    }

    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::status(status)
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    /// The usual answer of a token endpoint.
    pub fn token(access_token: &str, expires_in: u64) -> Self {
        let body = serde_json::json!({"access_token": access_token, "token_type": "Bearer", "expires_in": expires_in});
        Self::json(200, &body)
    }

    /// The usual refusal of a token endpoint.
    pub fn error(status: u16, error: &str, description: &str) -> Self {
        Self::json(
            status,
            &serde_json::json!({"error": error, "error_description": description}),
        )
    }

    /// Never answers; the connection stays open.
    pub fn hang() -> Self {
        Self::status(200).after(Duration::MAX)
    }

    /// Closes the connection instead of answering.
    pub fn drop_connection() -> Self {
        Self {
            manner: Manner::Dropped,
            ..Self::status(200)
        }
    }

    /// These bytes instead of an HTTP answer, then the end of the connection.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self {
            manner: Manner::Raw,
            body: bytes.into(),
            ..Self::status(200)
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Waits before answering.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Announces the whole body, sends only so many bytes of it and closes the connection.
    #[must_use]
    pub fn truncated_at(mut self, bytes: usize) -> Self {
        self.manner = Manner::Truncated(bytes);
        self
    }

    /// Sends the body byte by byte.
    #[must_use]
    pub fn dribbled(mut self, pause: Duration) -> Self {
        self.manner = Manner::Dribbled(pause);
        self
    }

    /// Sends the body again and again and never ends.
    #[must_use]
    pub fn endless(mut self) -> Self {
        self.manner = Manner::Endless;
        self
    }

    pub(crate) async fn reply(self) -> Reply {
        tokio::time::sleep(self.delay).await;
        let length = self.body.len();
        let bytes = self.body.clone();
        let (length, body) = match self.manner {
            Manner::Dropped => return Reply::Drop,
            Manner::Raw => return Reply::Raw(bytes),
            Manner::Whole => (None, whole(bytes)),
            Manner::Truncated(at) => (Some(length), truncated(bytes.slice(..at.min(length)))),
            Manner::Dribbled(pause) => (Some(length), dribbled(bytes, pause)),
            Manner::Endless => (None, streamed(stream::repeat(bytes).map(Ok))),
        };
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        if let Some(length) = length {
            response = response.header("content-length", length);
        }
        response.body(body).map_or(Reply::Drop, Reply::Answer)
    }
}

fn truncated(part: Bytes) -> Body {
    let end = stream::once(async {
        tokio::time::sleep(FLUSH).await;
        Err(io::Error::other("truncated"))
    });
    streamed(stream::iter([Ok(part)]).chain(end))
}

fn dribbled(bytes: Bytes, pause: Duration) -> Body {
    let length = bytes.len();
    streamed(stream::iter(0..length).then(move |at| {
        let byte = bytes.slice(at..=at);
        async move {
            tokio::time::sleep(pause).await;
            Ok(byte)
        }
    }))
}
