//! What can happen to a call on the wire, and what comes of it.

use std::{fmt::Write as _, time::Duration};

use iden_bridge::client::{ClientError, ErrorKind};

use crate::{
    fault::{
        Answer,
        End::{Close, Reset},
        Fault::{self, CloseAfter, CutAnswer, CutRequest, Drip, Early, HalfClose, LastByteAfter, Rewrite, Silence},
        Place::{BehindHead, Byte, LastByte, MiddleOfHead},
    },
    gzip::gzip,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    Fine,
    Lost,
    TimedOut,
    Unreadable,
    Refused(u16),
    Redirected,
    TooLarge,
}
use self::Outcome::{Fine, Lost, Redirected, Refused, TimedOut, TooLarge, Unreadable};

impl Outcome {
    pub fn of(error: &ClientError) -> Option<Self> {
        Some(match error.kind() {
            ErrorKind::Lost { .. } => Lost,
            ErrorKind::TimedOut { .. } => TimedOut,
            ErrorKind::Unreadable { .. } => Unreadable,
            ErrorKind::Refused { status, .. } => Refused(*status),
            ErrorKind::Redirected { .. } => Redirected,
            ErrorKind::TooLarge => TooLarge,
            _ => return None,
        })
    }

    /// How many requests a call that may be repeated makes, where each comes to this (reliability.md section 4.4).
    pub fn attempts(self) -> usize {
        match self {
            Fine | Redirected | TooLarge => 1,
            Unreadable => 3,
            Lost | TimedOut | Refused(_) => 6,
        }
    }
}

fn html(_: &Answer) -> Vec<u8> {
    let page = "<html><h1>502 Bad Gateway</h1></html>";
    format!("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len())
        .into()
}

fn chunked(answer: &Answer, chunks: &str) -> Vec<u8> {
    chunked_beside(answer, "", chunks)
}

fn chunked_beside(answer: &Answer, headers: &str, chunks: &str) -> Vec<u8> {
    let body = chunks.replace("BODY", &String::from_utf8_lossy(&answer.body));
    let body = body.replace("SIZE", &format!("{:x}", answer.body.len()));
    answer.with(&format!("{headers}transfer-encoding: chunked\r\n"), body.as_bytes())
}

fn length(answer: &Answer, say: &str) -> Vec<u8> {
    answer.with(&format!("content-length: {}\r\n", say.replace("SIZE", &answer.body.len().to_string())), &answer.body)
}

fn beside(answer: &Answer, headers: &str) -> Vec<u8> {
    answer.with(&format!("content-length: {}\r\n{headers}", answer.body.len()), &answer.body)
}

fn many_headers(count: usize) -> String {
    (0..count).fold(String::new(), |mut all, number| {
        write!(all, "x-{number}: y\r\n").unwrap();
        all
    })
}

/// What happens, and what a call with an answer of several bytes comes to.
pub const SCENARIOS: &[(&str, Fault, Outcome)] = &[
    ("the request breaks off before its first byte", CutRequest(0), Lost),
    ("the request breaks off in its first line", CutRequest(9), Lost),
    ("the request breaks off in its head", CutRequest(90), Lost),
    ("the request breaks off before its last byte", CutRequest(usize::MAX), Lost),
    ("no byte of the answer, and a reset", CutAnswer(Byte(0), Reset), Lost),
    ("no byte of the answer, and an end", CutAnswer(Byte(0), Close), Lost),
    ("one byte, and a reset", CutAnswer(Byte(1), Reset), Lost),
    ("one byte, and an end", CutAnswer(Byte(1), Close), Lost),
    ("half of the status line, and a reset", CutAnswer(Byte(8), Reset), Lost),
    ("the status and no more, and an end", CutAnswer(Byte(12), Close), Lost),
    ("half of the head, and a reset", CutAnswer(MiddleOfHead, Reset), Lost),
    ("half of the head, and an end", CutAnswer(MiddleOfHead, Close), Lost),
    ("the head, and a reset", CutAnswer(BehindHead(0), Reset), Lost),
    ("the head, and an end", CutAnswer(BehindHead(0), Close), Lost),
    ("the first byte of the body, and a reset", CutAnswer(BehindHead(1), Reset), Lost),
    ("some of the body, and an end", CutAnswer(BehindHead(7), Close), Lost),
    ("all but the last byte, and a reset", CutAnswer(LastByte, Reset), Lost),
    ("all but the last byte, and an end", CutAnswer(LastByte, Close), Lost),
    ("slowly, and in time", Drip(16, Duration::from_millis(1)), Fine),
    ("too slowly", Drip(16, Duration::from_millis(100)), TimedOut),
    ("the last byte comes in time", LastByteAfter(Duration::from_millis(100)), Fine),
    ("the last byte comes too late", LastByteAfter(Duration::from_millis(2000)), TimedOut),
    ("nothing ever comes", Silence, TimedOut),
    ("a length that is too large, and an end", Rewrite(|a| length(a, "99999"), false), Lost),
    ("a length that is too large, and silence", Rewrite(|a| length(a, "99999"), true), TimedOut),
    ("a length that is too small", Rewrite(|a| length(a, "5"), false), Unreadable),
    ("a length of more than is read", Rewrite(|a| length(a, "8388609"), false), TooLarge),
    ("a length of more than there is", Rewrite(|a| length(a, "18446744073709551615"), false), Lost),
    ("a length below nothing", Rewrite(|a| length(a, "-1"), false), Lost),
    ("a length that is no number", Rewrite(|a| length(a, "many"), false), Lost),
    ("two lengths", Rewrite(|a| length(a, "5\r\ncontent-length: SIZE"), false), Lost),
    ("the same length twice", Rewrite(|a| length(a, "SIZE\r\ncontent-length: SIZE"), false), Fine),
    ("chunks", Rewrite(|a| chunked(a, "SIZE\r\nBODY\r\n0\r\n\r\n"), true), Fine),
    ("chunks with more to them", Rewrite(|a| chunked(a, "SIZE;a=b\r\nBODY\r\n0\r\nx: y\r\n\r\n"), true), Fine),
    ("a chunk whose size is no number", Rewrite(|a| chunked(a, "zz\r\nBODY\r\n0\r\n\r\n"), false), Lost),
    ("a chunk that is longer than it says", Rewrite(|a| chunked(a, "2\r\nBODY\r\n0\r\n\r\n"), false), Lost),
    ("a chunk that is shorter than it says", Rewrite(|a| chunked(a, "fff\r\nBODY\r\n0\r\n\r\n"), false), Lost),
    ("a chunk of a size beyond all measure", Rewrite(|a| chunked(a, "ffffffffffffffffff\r\nBODY"), false), Lost),
    ("chunks without an end", Rewrite(|a| chunked(a, "SIZE\r\nBODY\r\n"), false), Lost),
    ("chunks, and silence", Rewrite(|a| chunked(a, "SIZE\r\nBODY\r\n"), true), TimedOut),
    (
        "chunks with a length beside them",
        Rewrite(|a| chunked_beside(a, "content-length: 3\r\n", "SIZE\r\nBODY\r\n0\r\n\r\n"), false),
        Fine,
    ),
    // As long as the connection, by RFC 9112 section 6.3.
    ("an unknown manner of transfer", Rewrite(|a| a.with("transfer-encoding: zip\r\n", &a.body), false), Fine),
    ("an answer of HTTP/1.0, up to the end", Rewrite(|a| [b"HTTP/1.0 200 OK\r\n\r\n", &*a.body].concat(), false), Fine),
    ("an answer that is as long as the connection", Rewrite(|a| a.with("", &a.body), false), Fine),
    ("a body without a head", Rewrite(|a| a.body.clone(), false), Lost),
    ("garbage before the answer", Rewrite(|a| [b"\x16\x03\x01\0garbage", &*a.bytes()].concat(), false), Lost),
    ("a line before the answer", Rewrite(|a| [b"Welcome!\r\n", &*a.bytes()].concat(), false), Lost),
    ("an answer of another protocol", Rewrite(|_| b"SSH-2.0-OpenSSH_9.6\r\n".into(), false), Lost),
    ("an answer of HTTP/3.0", Rewrite(|_| b"HTTP/3.0 200 OK\r\n\r\n{}".into(), false), Lost),
    ("two answers in one", Rewrite(|a| [a.bytes(), a.bytes()].concat(), true), Fine),
    ("an answer, and another one behind it", Rewrite(|a| [a.bytes(), html(a)].concat(), false), Fine),
    ("bytes behind the answer", Rewrite(|a| [&*a.bytes(), b"more"].concat(), false), Fine),
    ("a word in advance", Rewrite(|a| [b"HTTP/1.1 100 Continue\r\n\r\n", &*a.bytes()].concat(), true), Fine),
    (
        "a hundred words in advance",
        Rewrite(|a| [&*b"HTTP/1.1 103 Hint\r\n\r\n".repeat(100), &a.bytes()].concat(), true),
        Fine,
    ),
    ("a header of 1 MB", Rewrite(|a| beside(a, &format!("x: {}\r\n", "y".repeat(1 << 20))), false), Lost),
    ("a header of 16 KB", Rewrite(|a| beside(a, &format!("x: {}\r\n", "y".repeat(16 << 10))), true), Fine),
    ("a thousand headers", Rewrite(|a| beside(a, &many_headers(1000)), false), Lost),
    (
        "a head that never ends",
        Rewrite(|a| [a.head_without_length().as_bytes(), many_headers(50_000).as_bytes()].concat(), false),
        Lost,
    ),
    ("a header without a colon", Rewrite(|a| beside(a, "nonsense\r\n"), false), Lost),
    ("a header with NUL", Rewrite(|a| beside(a, "x: a\0b\r\n"), false), Lost),
    ("the page of a gateway", Rewrite(html, false), Refused(502)),
    (
        "compressed, as it says",
        // Nobody asked for it: nothing is unpacked, whatever it would unpack to.
        Rewrite(|a| a.with("content-encoding: gzip\r\n", &gzip(&a.body)), false),
        Unreadable,
    ),
    ("not compressed, though it says so", Rewrite(|a| beside(a, "content-encoding: gzip\r\n"), true), Fine),
    ("the connection ends behind the answer", CloseAfter, Fine),
    ("the connection half ends behind the answer", HalfClose, Fine),
    (
        "a gateway that does not wait for the body",
        Early("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        Refused(502),
    ),
    (
        "a redirect to another host",
        Rewrite(|_| b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n".into(), false),
        Redirected,
    ),
];
