//! A server of one answer, over TLS or not, with every fault a network can have.

use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::certificates::Leaf;

#[derive(Clone, Default)]
pub(crate) struct Answer {
    pub status: u16,
    /// Lines, each with its line break.
    pub headers: String,
    pub body: Vec<u8>,
    /// The length is not announced.
    pub chunked: bool,
    /// A length other than the body's.
    pub announced: Option<usize>,
    pub pause_before_head: Duration,
    pub pause_before_body: Duration,
    /// The connection is closed without an answer.
    pub silent: bool,
}

/// What it was asked.
pub(crate) struct Server {
    scheme: &'static str,
    port: u16,
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

/// Lines of a log.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

// === impl Answer ===

impl Answer {
    pub(crate) fn ok(body: Vec<u8>) -> Self {
        Self {
            status: 200,
            body,
            ..Self::default()
        }
    }

    pub(crate) fn redirect(status: u16) -> Self {
        Self {
            status,
            headers: "location: /elsewhere\r\n".to_owned(),
            ..Self::default()
        }
    }

    async fn write(&self, stream: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
        if self.silent {
            return Ok(());
        }
        tokio::time::sleep(self.pause_before_head).await;
        let length = if self.chunked {
            "transfer-encoding: chunked".to_owned()
        } else {
            let length = self.announced.unwrap_or(self.body.len());
            format!("content-length: {length}")
        };
        let head = format!(
            "HTTP/1.1 {} -\r\n{}{length}\r\nconnection: close\r\n\r\n",
            self.status, self.headers
        );
        stream.write_all(head.as_bytes()).await?;
        stream.flush().await?;
        tokio::time::sleep(self.pause_before_body).await;
        if self.chunked {
            let size = format!("{:x}\r\n", self.body.len());
            stream.write_all(size.as_bytes()).await?;
            stream.write_all(&self.body).await?;
            stream.write_all(b"\r\n0\r\n\r\n").await?;
        } else {
            stream.write_all(&self.body).await?;
        }
        stream.shutdown().await
    }
}

// === impl Server ===

impl Server {
    pub(crate) async fn plain(answer: Answer) -> Arc<Self> {
        Self::start("http", None, answer).await
    }

    pub(crate) async fn tls(leaf: &Leaf, answer: Answer) -> Arc<Self> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.certificate.clone()], leaf.key())
            .unwrap();
        Self::start("https", Some(TlsAcceptor::from(Arc::new(config))), answer).await
    }

    async fn start(scheme: &'static str, tls: Option<TlsAcceptor>, answer: Answer) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Arc::new(Self {
            scheme,
            port: listener.local_addr().unwrap().port(),
            connections: AtomicUsize::new(0),
            requests: Mutex::default(),
        });
        tokio::spawn(Arc::clone(&server).serve(listener, tls, answer));
        server
    }

    async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        answer: Answer,
    ) {
        while let Ok((mut stream, _)) = listener.accept().await {
            self.connections.fetch_add(1, Ordering::Relaxed);
            // A client that goes away is what many tests are about.
            let _ = match &tls {
                None => self.talk(&mut stream, &answer).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(mut stream) => self.talk(&mut stream, &answer).await,
                    Err(error) => Err(error),
                },
            };
        }
    }

    async fn talk(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        answer: &Answer,
    ) -> std::io::Result<()> {
        let mut seen = Vec::new();
        while !is_whole(&seen) {
            if stream.read_buf(&mut seen).await? == 0 {
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(&seen).into_owned();
        self.requests.lock().unwrap().push(text);
        answer.write(stream).await
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://localhost:{}/token", self.scheme, self.port)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

// === impl Lines ===

impl Lines {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
