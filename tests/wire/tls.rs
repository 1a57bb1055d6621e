//! Whom the client trusts.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use iden_bridge::{
    client::{ApiKey, Client, ClientError, ErrorKind},
    clock::SystemClock,
};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::{
    certificates::{certificate, server_config},
    time::HasteClock,
};

pub const PAGE: &str = r#"{"count":0,"next":null,"previous":null,"results":[]}"#;

/// How a server ends what it has to say.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// With a length.
    Length,
    /// The answer is as long as the connection, which ends as TLS wants it.
    Goodbye,
    /// The same, cut off.
    NoGoodbye,
    /// No TLS at all.
    Plain,
    /// It closes before the first byte.
    Silent,
    /// It breaks off in the middle of the handshake.
    Halfway,
}

/// A server with this certificate. Counts the requests that it could read.
fn serve(name: &str, manner: Manner) -> (SocketAddr, Arc<AtomicUsize>) {
    let config = Arc::new(server_config(name));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, requests) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = requests.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, count) = (config.clone(), count.clone());
            // A client that does not trust the server breaks off: no fault of the server's.
            thread::spawn(move || answer(stream.unwrap(), config, manner, &count).unwrap_or_default());
        }
    });
    (address, requests)
}

fn answer(
    mut stream: TcpStream,
    config: Arc<ServerConfig>,
    manner: Manner,
    requests: &AtomicUsize,
) -> std::io::Result<()> {
    match manner {
        Manner::Silent => return Ok(()),
        Manner::Plain => return stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        Manner::Halfway => {
            let mut hello = [0; 100];
            stream.read_exact(&mut hello)?;
            return stream.write_all(&[0x16, 3, 3, 0x40, 0, 2]);
        }
        Manner::Length | Manner::Goodbye | Manner::NoGoodbye => {}
    }
    let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tls.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    requests.fetch_add(1, Ordering::SeqCst);
    let length = if manner == Manner::Length { format!("Content-Length: {}\r\n", PAGE.len()) } else { String::new() };
    write!(tls, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n{length}\r\n{PAGE}")?;
    tls.flush()?;
    if manner != Manner::NoGoodbye {
        tls.conn.send_close_notify();
        tls.flush()?;
    }
    Ok(())
}

/// What a call to a server with this certificate comes to, by this name of it, where `ca` is trusted beside the system's.
async fn call(name: &str, host: &str, ca: Option<&str>, manner: Manner) -> (Result<(), ClientError>, usize) {
    let (address, requests) = serve(name, manner);
    let base = format!("https://{host}:{}/org/acme", address.port()).parse().unwrap();
    let mut client = Client::builder(base, ApiKey::new("key-6fd1c0ffee").unwrap());
    if let Some(ca) = ca {
        client = client.ca_file(certificate(ca));
    }
    let client = client.clock(Arc::new(HasteClock(SystemClock::new()))).build().unwrap();
    let ended = client.lighthouse_apps(50, 0).await.map(drop);
    (ended, requests.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_certificate_of_a_trusted_ca_is_taken() {
    for host in ["localhost", "127.0.0.1"] {
        let (ended, requests) = call("good", host, Some("trusted.pem"), Manner::Length).await;
        ended.unwrap();
        assert_eq!(requests, 1);
    }
}

#[tokio::test]
async fn a_server_that_is_not_trusted_gets_no_request_and_no_key() {
    let trusted = Some("trusted.pem");
    for (name, host, ca, says) in [
        ("expired", "localhost", trusted, "expired"),
        ("other_host", "localhost", trusted, "not valid for name"),
        ("other_host", "127.0.0.1", trusted, "not valid for name"),
        ("no_name", "localhost", trusted, "not valid for name"),
        ("self_signed", "localhost", trusted, "UnknownIssuer"),
        ("self_signed", "localhost", None, "UnknownIssuer"),
        ("foreign", "localhost", trusted, "UnknownIssuer"),
        ("good", "localhost", None, "UnknownIssuer"),
        ("good", "localhost", Some("stranger.pem"), "UnknownIssuer"),
        ("for_clients", "localhost", trusted, "certificate"),
    ] {
        let (ended, requests) = call(name, host, ca, Manner::Length).await;
        let error = ended.expect_err(name);
        let told = format!("{error}\n{}", error.hint().unwrap_or_default());
        assert!(matches!(error.kind(), ErrorKind::Unreachable { .. }), "{name}: {error:?}");
        assert!(told.contains(says) && told.contains("the server's certificate is not trusted"), "{name}: {told}");
        assert_eq!((requests, error.outcome_unknown()), (0, false), "{name}");
    }
}

#[tokio::test]
async fn a_handshake_that_breaks_off_has_sent_nothing() {
    for manner in [Manner::Plain, Manner::Silent, Manner::Halfway] {
        let (ended, requests) = call("good", "localhost", Some("trusted.pem"), manner).await;
        let error = ended.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unreachable { .. }), "{error:?}");
        assert_eq!((requests, error.attempts(), error.outcome_unknown()), (0, 6, false), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_not_taken_for_its_end() {
    let (ended, _) = call("good", "localhost", Some("trusted.pem"), Manner::Goodbye).await;
    ended.unwrap();
    let (ended, requests) = call("good", "localhost", Some("trusted.pem"), Manner::NoGoodbye).await;
    let error = ended.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Lost { .. }), "{error:?}");
    assert_eq!((requests, error.outcome_unknown()), (6, true));
}

#[tokio::test]
async fn http_on_a_port_of_tls_is_not_understood() {
    let (address, requests) = serve("good", Manner::Length);
    let base = format!("http://{address}/org/acme").parse().unwrap();
    let client = Client::builder(base, ApiKey::new("key-6fd1c0ffee").unwrap());
    let client = client.clock(Arc::new(HasteClock(SystemClock::new()))).build().unwrap();
    let error = client.lighthouse_apps(50, 0).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Lost { .. }), "{error:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}
