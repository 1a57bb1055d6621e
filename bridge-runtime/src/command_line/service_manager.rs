//! What systemd, or another service manager that speaks its protocol, hears: `Type=notify` and `WatchdogSec=`.

use std::{env, ffi::OsString, time::Duration};

use crate::telemetry::Telemetry;

/// The way to the service manager. Where there is none, nothing is said.
pub(super) struct ServiceManager {
    socket: Option<OsString>,
    /// How often it wants to hear from us, if it does.
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// By the variables that a service is started with.
    pub(super) fn find() -> Self {
        let socket = env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty());
        let text = |name| env::var(name).ok();
        // The variables are inherited; those of another process are not meant for this one.
        let is_ours = text("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let watchdog = text("WATCHDOG_USEC").filter(|_| is_ours).and_then(|text| text.parse().ok());
        ServiceManager { socket, watchdog: watchdog.filter(|us| *us > 0).map(Duration::from_micros) }
    }

    /// Says these lines. Nobody depends on them, so what goes wrong is logged.
    pub(super) fn tell(&self, lines: &str) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = send(socket, lines) {
            tracing::warn!(error = %error, "the service manager could not be told: {lines}");
        }
    }

    /// Says twice as often as it has to that the connector lives, as long as it does. It never ends.
    pub(super) async fn keep_alive(&self, telemetry: &Telemetry) {
        let Some(often) = self.watchdog.filter(|_| self.socket.is_some()) else { return std::future::pending().await };
        loop {
            let health = telemetry.liveness();
            if health.is_good() {
                self.tell("WATCHDOG=1");
            } else {
                tracing::error!("the service manager is not told that the connector lives: {health}");
            }
            tokio::time::sleep(often / 2).await;
        }
    }
}

#[cfg(target_os = "linux")]
fn send(socket: &OsString, lines: &str) -> std::io::Result<()> {
    use std::os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    };
    // One that begins with `@` has a name and no file.
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let ours = UnixDatagram::unbound()?;
    // A manager that does not read must not stop the connector.
    ours.set_nonblocking(true)?;
    ours.send_to_addr(lines.as_bytes(), &address).map(drop)
}

#[cfg(not(target_os = "linux"))]
fn send(_: &OsString, _: &str) -> std::io::Result<()> {
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "there is no such protocol on this system"))
}
