//! Over TLS the client speaks HTTP/2 where the server does. A server that goes away says so in a GOAWAY frame (RFC 9113
//! section 6.8): with the last request that it has looked at.

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
    client::{ApiKey, Client, ErrorKind},
    clock::SystemClock,
    wire::NewApp,
};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::{
    certificates::{certificate, server_config},
    time::HasteClock,
    tls::PAGE,
};

// Kinds of frames, and flags.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200` and `content-type: application/json`, by the static table of RFC 7541.
const OK: &[u8] = b"\x88\x0f\x10\x10application/json";
/// No stream has a higher number.
const ANY_STREAM: u32 = 0x7fff_ffff;
const NO_ERROR: u32 = 0;
const ENHANCE_YOUR_CALM: u32 = 11;

/// How the first connection ends, at its first request. Those after it answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Farewell {
    /// In good order: the server says that it is going, answers, and leaves.
    BeforeTheAnswer,
    AfterTheAnswer,
    /// It says that it has not looked at the request.
    NotLookedAt,
    /// It says that it has looked at the request, and there is no answer.
    InsteadOfTheAnswer,
    InTheMiddleOfTheAnswer,
}
use Farewell::{AfterTheAnswer, BeforeTheAnswer, InTheMiddleOfTheAnswer, InsteadOfTheAnswer, NotLookedAt};

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

fn serve(farewell: Farewell) -> (SocketAddr, Arc<Counts>) {
    let mut config = server_config("good");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, counts) = (listener.local_addr().unwrap(), Arc::new(Counts::default()));
    let shared = counts.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, counts) = (config.clone(), shared.clone());
            let is_first = counts.connections.fetch_add(1, Ordering::SeqCst) == 0;
            let farewell = is_first.then_some(farewell);
            // A connection that breaks is what this is about.
            thread::spawn(move || answer(stream.unwrap(), config, farewell, &counts).unwrap_or_default());
        }
    });
    (address, counts)
}

fn answer(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    farewell: Option<Farewell>,
    counts: &Counts,
) -> std::io::Result<()> {
    let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let mut preface = [0; 24];
    tls.read_exact(&mut preface)?;
    assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    tls.write_all(&frame(SETTINGS, 0, 0, &[]))?;
    loop {
        let mut head = [0; 9];
        tls.read_exact(&mut head)?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        tls.read_exact(&mut payload)?;
        let stream = u32::from_be_bytes(stream);
        match kind {
            SETTINGS if flags & ACK == 0 => tls.write_all(&frame(SETTINGS, ACK, 0, &[]))?,
            HEADERS => {
                counts.requests.fetch_add(1, Ordering::SeqCst);
                tls.write_all(&said(farewell, stream).concat())?;
                if farewell.is_some() {
                    tls.conn.send_close_notify();
                    return tls.flush();
                }
            }
            _ => {}
        }
        tls.flush()?;
    }
}

/// What the server says to the request on this stream.
fn said(farewell: Option<Farewell>, stream: u32) -> Vec<Vec<u8>> {
    let headers = frame(HEADERS, END_HEADERS, stream, OK);
    let body = frame(DATA, END_STREAM, stream, PAGE.as_bytes());
    match farewell {
        None => vec![headers, body],
        Some(BeforeTheAnswer) => vec![goaway(ANY_STREAM, NO_ERROR), headers, body, goaway(stream, NO_ERROR)],
        Some(AfterTheAnswer) => vec![headers, body, goaway(stream, NO_ERROR)],
        Some(NotLookedAt) => vec![goaway(0, NO_ERROR)],
        Some(InsteadOfTheAnswer) => vec![goaway(stream, ENHANCE_YOUR_CALM)],
        Some(InTheMiddleOfTheAnswer) => {
            let part = frame(DATA, 0, stream, &PAGE.as_bytes()[..7]);
            vec![headers, part, goaway(stream, ENHANCE_YOUR_CALM)]
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn goaway(last_stream: u32, why: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last_stream.to_be_bytes(), why.to_be_bytes()].concat())
}

fn client(address: SocketAddr) -> Client {
    let base = format!("https://localhost:{}/org/acme", address.port()).parse().unwrap();
    let client = Client::builder(base, ApiKey::new("key-6fd1c0ffee").unwrap()).ca_file(certificate("trusted.pem"));
    client.clock(Arc::new(HasteClock(SystemClock::new()))).build().unwrap()
}

#[tokio::test]
async fn a_call_that_may_be_repeated_gets_over_a_server_that_goes_away() {
    for (farewell, requests) in [
        (BeforeTheAnswer, 1),
        (AfterTheAnswer, 1),
        (NotLookedAt, 2),
        (InsteadOfTheAnswer, 2),
        (InTheMiddleOfTheAnswer, 2),
    ] {
        let (address, counts) = serve(farewell);
        let client = client(address);
        client.lighthouse_apps(50, 0).await.unwrap_or_else(|error| panic!("{farewell:?}: {error}"));
        assert_eq!(counts.requests.load(Ordering::SeqCst), requests, "{farewell:?}");
        // And over no connection that is going away.
        client.lighthouse_apps(50, 0).await.unwrap_or_else(|error| panic!("{farewell:?}: {error}"));
        assert_eq!(counts.requests.load(Ordering::SeqCst), requests + 1, "{farewell:?}");
        assert_eq!(counts.connections.load(Ordering::SeqCst), 2, "{farewell:?}");
    }
}

/// A second app cannot be taken back (protocol.md section 7).
#[tokio::test]
async fn a_call_that_must_not_be_repeated_is_sent_once_and_its_outcome_is_unknown() {
    for farewell in [NotLookedAt, InsteadOfTheAnswer, InTheMiddleOfTheAnswer] {
        let (address, counts) = serve(farewell);
        let error = client(address).create_app(&NewApp::new("Payroll")).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Lost { .. }), "{farewell:?}: {error:?}");
        assert_eq!((counts.requests.load(Ordering::SeqCst), error.outcome_unknown()), (1, true), "{farewell:?}");
    }
}
