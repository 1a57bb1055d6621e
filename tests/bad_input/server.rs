//! A server that answers what a case says, byte by byte. The tenant in the path tells which case.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What one tenant is answered.
pub struct Tenant {
    pub answer: Vec<u8>,
    /// Answered from the second request on, if there is one.
    pub then: Option<Vec<u8>>,
    pub requests: AtomicUsize,
}

type Tenants = Arc<Mutex<HashMap<String, Arc<Tenant>>>>;

pub struct Server {
    pub address: String,
    tenants: Tenants,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let tenants = Tenants::default();
        let known = tenants.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let known = known.clone();
                // A client that goes away is no fault of the server.
                tokio::spawn(async move { serve(stream, &known).await.unwrap_or_default() });
            }
        });
        Server { address, tenants }
    }

    pub fn host(&self, tenant: &str, answer: Vec<u8>, then: Option<Vec<u8>>) -> Arc<Tenant> {
        let hosted = Arc::new(Tenant { answer, then, requests: AtomicUsize::new(0) });
        self.tenants.lock().unwrap().insert(tenant.to_owned(), hosted.clone());
        hosted
    }
}

/// One request to a connection.
async fn serve(mut stream: TcpStream, tenants: &Tenants) -> std::io::Result<()> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&request[..head]).into_owned();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    while request.len() < head + length.unwrap_or(0) {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let tenant = text.split("/org/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let tenant = tenants.lock().unwrap().get(tenant).unwrap_or_else(|| panic!("who is `{tenant}`?")).clone();
    let earlier = tenant.requests.fetch_add(1, Ordering::SeqCst);
    let answer = if earlier == 0 { &tenant.answer } else { tenant.then.as_ref().unwrap_or(&tenant.answer) };
    stream.write_all(answer).await?;
    stream.shutdown().await?;
    // Until the client closes, too: a close with unread bytes would be a reset, and could lose the answer.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
}

/// A host that nothing may be sent to. Counts who comes all the same.
pub struct Elsewhere {
    pub address: String,
    visits: Arc<AtomicUsize>,
}

impl Elsewhere {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = visits.clone();
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Elsewhere { address, visits }
    }

    #[track_caller]
    pub fn assert_never_visited(&self) {
        assert_eq!(self.visits.load(Ordering::SeqCst), 0, "an address from an answer was called");
    }
}
