//! The sockets, each with a pair of scissors. A fault that loses an answer must close the socket before any byte of the
//! answer leaves. An error in a response body would not do: whether the head is out by then is the HTTP library's choice.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::connections::{Connections, Cut, Phase, Wire};

/// How long the head of a request may take to arrive, from its first byte on.
const LONGEST_HEAD: Duration = Duration::from_secs(10);

/// Accepts connections as [`Line`]s.
pub(crate) struct Lines {
    listener: TcpListener,
    connections: Connections,
}

impl Lines {
    pub(crate) fn new(listener: TcpListener) -> Self {
        Self { listener, connections: Connections::default() }
    }
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            // Small answers leave at once; a failure costs some milliseconds and nothing else.
            let _ = stream.set_nodelay(true);
            // Without a place for it, the new connection is closed.
            if let Some(wire) = self.connections.admit(address.ip()) {
                let shed = Box::pin(wire.shed().cancelled_owned());
                return (Line { stream, wire, shed, deadline: None, connections: self.connections.clone() }, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Lines>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().wire.clone()
    }
}

/// Around every request: its connection is busy until the response is there.
pub(crate) async fn attend(ConnectInfo(wire): ConnectInfo<Wire>, request: Request, next: Next) -> Response {
    wire.enter(Phase::Busy);
    let response = next.run(request).await;
    wire.enter(Phase::Idle);
    response
}

/// A TCP connection that can be cut.
pub(crate) struct Line {
    stream: TcpStream,
    wire: Wire,
    shed: Pin<Box<WaitForCancellationFutureOwned>>,
    /// When the head of a request must be complete.
    deadline: Option<Pin<Box<Sleep>>>,
    connections: Connections,
}

impl Line {
    /// An error once the line is cut.
    fn check(&self) -> io::Result<()> {
        let Some(cut) = self.wire.is_cut() else { return Ok(()) };
        if let Cut::Reset = cut {
            self.stream.set_zero_linger()?;
        }
        Err(io::ErrorKind::ConnectionAborted.into())
    }

    /// An error once the line is shed, or the head of a request takes too long.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.shed.as_mut().poll(cx).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if self.wire.phase() != Phase::Head {
            self.deadline = None;
        }
        let is_late = self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready());
        if is_late { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.connections.remove(&self.wire);
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.poll_late(cx)?;
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if buf.filled().len() > before && this.wire.phase() == Phase::Idle {
            this.wire.enter(Phase::Head);
            this.deadline = Some(Box::pin(tokio::time::sleep(LONGEST_HEAD)));
        }
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
