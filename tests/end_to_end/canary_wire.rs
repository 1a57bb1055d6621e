//! A wire that is listened to: everything that a connector sends, byte for byte, headers too.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::canary_handlers::{FIRST, KEY, RESET};

/// In front of a sandbox.
pub struct Wire {
    address: SocketAddr,
    /// What came over each connection.
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// A request as it was sent.
#[derive(Debug)]
pub struct Sent {
    /// Its first line and its headers.
    pub head: String,
    pub body: String,
}

impl Wire {
    pub async fn to(sandbox: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Wire { address: listener.local_addr().unwrap(), sent: Arc::default() };
        let sent = wire.sent.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(sandbox).await else { continue };
                tokio::spawn(pass_on(near, far, sent.clone()));
            }
        });
        wire
    }

    /// The sandbox's address, by way of the wire.
    pub fn url(&self, sandbox: &str) -> String {
        let (_, path) = sandbox.split_once("/org/").unwrap();
        format!("http://{}/org/{path}", self.address)
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().iter().flat_map(|bytes| requests(bytes)).collect()
    }
}

async fn pass_on(near: TcpStream, far: TcpStream, sent: Arc<Mutex<Vec<Vec<u8>>>>) {
    let connection = {
        let mut sent = sent.lock().unwrap();
        sent.push(Vec::new());
        sent.len() - 1
    };
    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) = (near.into_split(), far.into_split());
    let there = async {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_near.read(&mut bytes).await {
            sent.lock().unwrap()[connection].extend_from_slice(&bytes[..count]);
            if to_far.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    let back = async { tokio::io::copy(&mut from_far, &mut to_near).await };
    tokio::select! { () = there => {}, _ = back => {} }
}

/// Requests that follow each other on one connection (RFC 9112): a head, and as many bytes as it says.
fn requests(mut bytes: &[u8]) -> Vec<Sent> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        let length: usize = length.unwrap_or(0).min(bytes.len() - end);
        all.push(Sent { head, body: String::from_utf8_lossy(&bytes[end..end + length]).into_owned() });
        bytes = &bytes[end + length..];
    }
    all
}

/// How often each secret was where it belongs.
#[derive(Debug, Default)]
pub struct Places {
    pub keys: usize,
    pub resets: usize,
    pub firsts: usize,
}

impl Places {
    /// The one header that carries the key.
    pub fn is_authorization(&mut self, line: &str) -> bool {
        let own =
            line.to_lowercase().starts_with("authorization: ") && line.ends_with(&format!(" Api-Key {}", KEY.text));
        self.keys += usize::from(own);
        own
    }

    /// The report's body without the one field that is a new password.
    pub fn without_reported_password(&mut self, head: &str, body: String) -> String {
        if !(head.starts_with("PATCH ") && head.lines().next().is_some_and(|line| line.contains("/status/ "))) {
            return body;
        }
        let Ok(mut report) = serde_json::from_str::<serde_json::Value>(&body) else { return body };
        let Some(password) = report["result"].as_object_mut().and_then(|result| result.remove("password")) else {
            return body;
        };
        self.resets += usize::from(password == RESET.text);
        self.firsts += usize::from(password == FIRST.text);
        report.to_string()
    }
}
