use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use uuid::Uuid;

use crate::assumptions::Assumptions;
use crate::line::{Lines, Scissors};
use crate::routes;
use crate::sandbox::Sandbox;
use crate::server::Server;

/// How a [`Sandbox`] is to be started.
#[derive(Clone, Debug)]
#[must_use = "nothing is started before `start`"]
pub struct SandboxBuilder {
    tenant: String,
    api_key: Option<String>,
    listen: SocketAddr,
    assumptions: Assumptions,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self {
            tenant: "acme".to_owned(),
            api_key: None,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            assumptions: Assumptions::default(),
        }
    }

    /// The tenant's slug, part of every path. Default: `acme`.
    pub fn tenant(mut self, slug: impl Into<String>) -> Self {
        self.tenant = slug.into();
        self
    }

    /// The API key that is valid from the start. Default: a random one.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Where to listen. Default: 127.0.0.1 and a free port.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// What to take for granted where the protocol is silent.
    pub fn assumptions(mut self, assumptions: Assumptions) -> Self {
        self.assumptions = assumptions;
        self
    }

    /// Starts the server on the present tokio runtime.
    ///
    /// # Errors
    /// Where the address is taken or not ours, or the tenant or key cannot stand in a request.
    pub async fn start(self) -> io::Result<Sandbox> {
        let is_slug_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if self.tenant.is_empty() || !self.tenant.bytes().all(is_slug_byte) {
            return Err(invalid(format!("tenant `{}` must be made of letters, digits, `-` and `_`", self.tenant)));
        }
        let key = self.api_key.unwrap_or_else(|| format!("sandbox-{}", Uuid::new_v4().simple()));
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid("the API key must be made of visible ASCII characters".to_owned()));
        }

        let listener = TcpListener::bind(self.listen)
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {}: {error}", self.listen)))?;
        let server = Arc::new(Server::new(self.tenant, key, listener.local_addr()?, self.assumptions));
        let service = routes::router(&server).into_make_service_with_connect_info::<Scissors>();
        let serving =
            axum::serve(Lines(listener), service).with_graceful_shutdown(server.stopping.clone().cancelled_owned());
        let serving = tokio::spawn(async move {
            // The future never ends with an error: axum waits out failing accepts.
            let _ = serving.await;
        });
        Ok(Sandbox::new(server, serving))
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
