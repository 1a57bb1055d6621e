//! A loopback proxy that does to some requests what a [`Fault`] says.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::fault::{Answer, End, Fault, Place};

/// Which requests it is about.
#[derive(Clone, Debug)]
pub struct Rule {
    pub method: &'static str,
    /// What the path, without its query, ends with.
    pub end: &'static str,
    pub after: usize,
    pub times: usize,
    pub fault: Fault,
}

struct State {
    upstream: SocketAddr,
    rule: Mutex<Option<Rule>>,
    seen: Mutex<Vec<String>>,
}

pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl Proxy {
    pub async fn before(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State { upstream, rule: Mutex::default(), seen: Mutex::default() });
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = shared.clone();
                // A connection that breaks is what this is about.
                tokio::spawn(async move { carry(client, &state).await.unwrap_or_default() });
            }
        });
        Proxy { address, state }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/org/acme", self.address)
    }

    pub fn begin(&self, rule: Rule) {
        self.state.seen.lock().unwrap().clear();
        *self.state.rule.lock().unwrap() = Some(rule);
    }

    pub fn end(&self) {
        *self.state.rule.lock().unwrap() = None;
    }

    /// The requests that came since the last rule: method and path.
    pub fn seen(&self) -> Vec<String> {
        self.state.seen.lock().unwrap().clone()
    }
}

impl State {
    /// What is to happen to this request.
    fn pick(&self, head: &str) -> Option<Fault> {
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        self.seen.lock().unwrap().push(format!("{method} {target}"));
        let path = target.split('?').next().unwrap_or_default();
        let mut rule = self.rule.lock().unwrap();
        let fits = |rule: &&mut Rule| (rule.method == "*" || rule.method == method) && path.ends_with(rule.end);
        let rule = rule.as_mut().filter(fits)?;
        if rule.after > 0 {
            rule.after -= 1;
            return None;
        }
        rule.times = rule.times.checked_sub(1)?;
        Some(rule.fault)
    }
}

/// One message: the head, the blank line included, and as many bytes behind it as it says.
async fn read(from: &mut TcpStream, rest: &mut Vec<u8>) -> io::Result<Option<(String, Vec<u8>)>> {
    let Some(head) = read_head(from, rest).await? else { return Ok(None) };
    let body = read_body(from, rest, &head).await?;
    Ok(Some((head, body)))
}

async fn read_head(from: &mut TcpStream, rest: &mut Vec<u8>) -> io::Result<Option<String>> {
    loop {
        if let Some(end) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = rest.drain(..end + 4).collect();
            return Ok(Some(String::from_utf8(head).unwrap()));
        }
        if from.read_buf(rest).await? == 0 {
            return Ok(None);
        }
    }
}

async fn read_body(from: &mut TcpStream, rest: &mut Vec<u8>, head: &str) -> io::Result<Vec<u8>> {
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
    let length = length.unwrap_or(0);
    while rest.len() < length {
        if from.read_buf(rest).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(rest.drain(..length).collect())
}

async fn carry(mut client: TcpStream, state: &State) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut server = TcpStream::connect(state.upstream).await?;
    let (mut from_client, mut from_server) = (Vec::new(), Vec::new());
    while let Some(head) = read_head(&mut client, &mut from_client).await? {
        let fault = state.pick(&head);
        if let Some(Fault::Early(answer)) = fault {
            client.write_all(answer.as_bytes()).await?;
            return finish(client).await;
        }
        let body = read_body(&mut client, &mut from_client, &head).await?;
        let request = [head.as_bytes(), &body].concat();
        if let Some(Fault::CutRequest(at)) = fault {
            server.write_all(&request[..at.min(request.len() - 1)]).await?;
            return client.set_zero_linger();
        }
        server.write_all(&request).await?;
        let Some((head, body)) = read(&mut server, &mut from_server).await? else { return Ok(()) };
        let answer = Answer { head, body };
        match fault {
            None => client.write_all(&answer.bytes()).await?,
            Some(fault) => {
                if !spoil(&mut client, &answer, fault).await? {
                    return finish(client).await;
                }
            }
        }
    }
    Ok(())
}

/// Closes it so that what was sent arrives: not before the client has closed, too.
async fn finish(mut client: TcpStream) -> io::Result<()> {
    client.shutdown().await?;
    tokio::io::copy(&mut client, &mut tokio::io::sink()).await.map(drop)
}

/// Answers in the manner of the fault. Whether the connection goes on.
async fn spoil(client: &mut TcpStream, answer: &Answer, fault: Fault) -> io::Result<bool> {
    let bytes = answer.bytes();
    match fault {
        Fault::CutRequest(_) | Fault::Early(_) => unreachable!("it has been dealt with"),
        Fault::CutAnswer(place, end) => {
            client.write_all(&bytes[..place.of(answer)]).await?;
            if end == End::Reset {
                // What was sent is to arrive before the reset does.
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                client.set_zero_linger()?;
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            Ok(false)
        }
        Fault::Drip(size, pause) => {
            for drop in bytes.chunks(size) {
                client.write_all(drop).await?;
                tokio::time::sleep(pause).await;
            }
            Ok(true)
        }
        Fault::LastByteAfter(pause) => {
            let place = Place::LastByte.of(answer);
            client.write_all(&bytes[..place]).await?;
            tokio::time::sleep(pause).await;
            client.write_all(&bytes[place..]).await.map(|()| true)
        }
        // Until the client gives up.
        Fault::Silence => tokio::io::copy(client, &mut tokio::io::sink()).await.map(|_| false),
        Fault::Rewrite(rewrite, goes_on) => client.write_all(&rewrite(answer)).await.map(|()| goes_on),
        Fault::CloseAfter => {
            client.write_all(&bytes).await?;
            client.shutdown().await?;
            Err(io::ErrorKind::ConnectionAborted.into())
        }
        Fault::HalfClose => client.write_all(&bytes).await.map(|()| false),
    }
}
