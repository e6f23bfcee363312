//! The HTTP/1.1 server below identity providers and the fault proxy: a thread and runtime of its own,
//! TLS when wanted, and replies that are not HTTP.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures::future::{BoxFuture, poll_fn};
use futures::{Stream, StreamExt as _};
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::pki::Identity;
use crate::{crypto, ports};

const ACKNOWLEDGE: Duration = Duration::from_secs(10);

pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;
pub(crate) type Service = Arc<dyn Fn(Request<Incoming>) -> BoxFuture<'static, Reply> + Send + Sync>;

/// What the server does with a request.
#[derive(Debug)]
pub(crate) enum Reply {
    Answer(Response<Body>),
    /// The connection is closed without an answer.
    Drop,
    /// These bytes instead of an HTTP answer; then the connection is closed.
    Raw(Bytes),
}

/// A running server; its port is closed and its connections are cut when this is dropped.
#[derive(Debug)]
pub(crate) struct HttpServer {
    address: SocketAddr,
    commands: UnboundedSender<Command>,
}

#[derive(Debug)]
struct Command {
    open: bool,
    done: Sender<()>,
}

/// What each connection needs.
#[derive(Clone)]
struct Connections {
    tls: Option<TlsAcceptor>,
    service: Service,
}

/// A body that is there already.
pub(crate) fn whole(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A body that comes in pieces and may fail.
pub(crate) fn streamed(chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))).boxed_unsync()
}

// === impl HttpServer ===

impl HttpServer {
    pub(crate) fn start(identity: Option<&Identity>, service: Service) -> Result<Self> {
        let tls = identity.map(acceptor).transpose()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free()));
        let (commands, receiver) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::spawn(move || {
            runtime.block_on(serve(address, receiver, Connections { tls, service }));
        });
        let server = Self { address, commands };
        server.set_open(true)?;
        Ok(server)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port and cuts every connection, or opens the same port again.
    pub(crate) fn set_open(&self, open: bool) -> Result<()> {
        let (done, acknowledged) = channel();
        self.commands
            .send(Command { open, done })
            .context("the server has stopped")?;
        acknowledged
            .recv_timeout(ACKNOWLEDGE)
            .context("the server could not open its port")
    }
}

fn acceptor(identity: &Identity) -> Result<TlsAcceptor> {
    crypto::install();
    let certificate = CertificateDer::from_pem_slice(identity.certificate_pem.as_bytes())?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Ends when the handle is dropped.
async fn serve(
    address: SocketAddr,
    mut commands: UnboundedReceiver<Command>,
    connections: Connections,
) {
    while let Some(command) = commands.recv().await {
        if !command.open {
            command.acknowledge();
            continue;
        }
        let Ok(listener) = TcpListener::bind(address).await else {
            continue;
        };
        command.acknowledge();
        let closed = accept(listener, &mut commands, &connections).await;
        if let Some(command) = closed {
            command.acknowledge();
        }
    }
}

/// Takes connections until told to close; leaving cuts those that are open.
async fn accept(
    listener: TcpListener,
    commands: &mut UnboundedReceiver<Command>,
    connections: &Connections,
) -> Option<Command> {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) if command.open => command.acknowledge(),
                closed => {
                    drop(listener);
                    open.shutdown().await;
                    return closed;
                }
            },
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                open.spawn(connections.clone().connection(stream));
            },
            Some(_) = open.join_next() => {}
        }
    }
}

// === impl Command ===

impl Command {
    fn acknowledge(&self) {
        let _ = self.done.send(());
    }
}

// === impl Connections ===

impl Connections {
    async fn connection(self, stream: TcpStream) {
        drop(stream.set_nodelay(true));
        match &self.tls {
            None => self.exchange(stream).await,
            Some(tls) => {
                if let Ok(stream) = tls.accept(stream).await {
                    self.exchange(stream).await;
                }
            }
        }
    }

    async fn exchange<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, stream: S) {
        let raw = Arc::new(Mutex::new(None));
        let service = service_fn(
            |request| -> BoxFuture<'static, Result<Response<Body>, io::Error>> {
                let (reply, raw) = ((self.service)(request), Arc::clone(&raw));
                Box::pin(async move {
                    match reply.await {
                        Reply::Answer(response) => return Ok(response),
                        Reply::Drop => {}
                        Reply::Raw(bytes) => {
                            *raw.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
                        }
                    }
                    // An error makes hyper stop without writing anything.
                    Err(io::Error::other("no answer"))
                })
            },
        );
        let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        drop(poll_fn(|context| connection.poll_without_shutdown(context)).await);
        let bytes = raw.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(bytes) = bytes {
            let mut stream = connection.into_parts().io.into_inner();
            drop(stream.write_all(&bytes).await);
            drop(stream.shutdown().await);
        }
    }
}
