//! Putting a client together.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::budget::Budget;
use super::exchange::Wire;
use super::pause::Pause;
use super::watch::Watch;
use super::{ApiKey, BaseUrl, Client, HttpOptions, HttpTransport, Transport};
use crate::clock::{Clock, SystemClock};
use crate::random::{Random, SystemRandom};
use crate::telemetry::Meter;

/// How long things may take (reliability.md section 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Name look-up, connection and TLS; 10 s. Used by [`HttpTransport`] only.
    pub connect: Duration,
    /// One attempt, up to the last byte of the answer; 30 s.
    pub attempt: Duration,
    /// A whole call with its retries and pauses; 5 min. No attempt begins later, so a call takes at most this and one
    /// attempt more.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), attempt: Duration::from_secs(30), operation: Duration::from_secs(300) }
    }
}

impl Timeouts {
    /// Sets the time for a connection.
    #[must_use]
    pub fn connect(mut self, limit: Duration) -> Self {
        self.connect = limit;
        self
    }

    /// Sets the time for one attempt.
    #[must_use]
    pub fn attempt(mut self, limit: Duration) -> Self {
        self.attempt = limit;
        self
    }

    /// Sets the time for a whole call.
    #[must_use]
    pub fn operation(mut self, limit: Duration) -> Self {
        self.operation = limit;
        self
    }
}

/// Builds a [`Client`].
#[must_use]
pub struct ClientBuilder {
    base: BaseUrl,
    key: ApiKey,
    options: HttpOptions,
    timeouts: Timeouts,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    random: Option<Arc<dyn Random>>,
    pause: Arc<Pause>,
    watch: Watch,
}

impl ClientBuilder {
    pub(super) fn new(base: BaseUrl, key: ApiKey) -> Self {
        let (options, timeouts) = (HttpOptions::default(), Timeouts::default());
        Self {
            base,
            key,
            options,
            timeouts,
            transport: None,
            clock: None,
            random: None,
            pause: Arc::default(),
            watch: Watch::default(),
        }
    }

    /// Sends through `transport` instead of HTTP. Then neither the key nor the settings of HTTP are used.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Takes time from `clock` instead of the system.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Takes chance from `random` instead of the system.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = Some(random);
        self
    }

    /// Counts what it does.
    pub(crate) fn meter(mut self, meter: Arc<Meter>) -> Self {
        self.watch = Watch(Some(meter));
        self
    }

    /// Allows `http` to other hosts than this one. The key and all records then travel readable for everyone between.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.options.allow_http = allow;
        self
    }

    /// Trusts the CA certificates in this PEM file too.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.ca_file = Some(path.into());
        self
    }

    /// Pauses with other clients of the same server.
    pub(crate) fn pause(mut self, pause: Arc<Pause>) -> Self {
        self.pause = pause;
        self
    }

    /// Sets how long things may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Builds the client. Nothing is sent. Certificates are read only for an `https` address.
    pub fn build(self) -> Result<Client, ClientBuildError> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => {
                let options = HttpOptions { connect_timeout: self.timeouts.connect, ..self.options };
                Arc::new(HttpTransport::new(&self.base, &self.key, &options)?)
            }
        };
        let wire = Wire {
            base: self.base,
            transport,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            random: self.random.unwrap_or_else(|| Arc::new(SystemRandom::new())),
            timeouts: self.timeouts,
            pause: self.pause,
            budget: Budget::default(),
            throttles: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            watch: self.watch,
        };
        Ok(Client { wire: Arc::new(wire) })
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder").field("base", &self.base.to_string()).finish_non_exhaustive()
    }
}

/// A client cannot be built: a matter of configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientBuildError {
    /// `http` to another host.
    #[error("the base URL is http, so the API key would travel unencrypted to {host}")]
    PlainHttp {
        /// The host.
        host: String,
    },
    /// The extra CA file cannot be used.
    #[error("the CA file {} cannot be used: {why}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// TLS cannot be set up; nearly always there are no CA certificates on the machine.
    #[error("TLS cannot be set up: {why}")]
    Tls {
        /// What rustls says.
        why: String,
    },
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up: {why}")]
    Http {
        /// What reqwest says.
        why: String,
    },
}

impl ClientBuildError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PlainHttp { .. } => Some("use https, or allow plain http with --allow-http if you trust the network"),
            Self::CaFile { .. } => Some("give a readable PEM file with at least one certificate"),
            Self::Tls { .. } => Some(
                "install the CA certificates (Debian, Ubuntu and Alpine: the package ca-certificates), \
                 or set SSL_CERT_FILE to a PEM bundle",
            ),
            Self::Http { .. } => None,
        }
    }
}
