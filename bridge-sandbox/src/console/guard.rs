//! Who may use the console. It queues tasks that change the real system, so it asks who calls, on loopback too: other users of
//! the machine can connect as well. And a browser sends requests for any web page that asks it to: what such a page could send is
//! refused here, with the reason in words.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::{Problem, see};
use super::{Console, links};
use crate::connections::Wire;
use crate::key;

/// On every answer. No script and no style but our own files, nothing from elsewhere, nobody's frame.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: a browser would then send our own forms with `Origin: null`.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

pub(super) async fn pass(
    State(console): State<Arc<Console>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
    next: Next,
) -> Response {
    let mut answer = match check(&console, &wire, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => *refusal,
    };
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

fn check(console: &Console, wire: &Wire, request: &Request) -> Result<(), Box<Response>> {
    let (headers, address) = (request.headers(), console.server.address);
    let host = host(request);
    check_host(host.as_ref(), address).map_err(refused)?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        check_origin(headers, host.as_ref()).map_err(refused)?;
    }
    if links::is_open(request.uri().path()) || console.server.passes.is_signed_in(headers) {
        return Ok(());
    }
    // A program sends the key as it does to the Bridge API. A web page of another origin cannot send this header.
    if headers.contains_key(header::AUTHORIZATION) {
        let is_key = |key: &str| key::sent(headers).is_ok_and(|sent| sent == key);
        if check_key(console, wire, is_key).map_err(refused)? {
            return Ok(());
        }
        let words = "The `Authorization` header does not read `Api-Key <key>` with the key that the sandbox printed.";
        return Err(refused(Problem::new(StatusCode::UNAUTHORIZED, "This is not the key", words)));
    }
    // A script that asks for events cannot read a page that asks for a key.
    if request.uri().path() == links::EVENTS {
        let words = "Sign in first: open the address of the console that the sandbox printed.";
        return Err(refused(Problem::new(StatusCode::UNAUTHORIZED, "Nobody is signed in", words)));
    }
    Err(Box::new(see(links::SIGN_IN)))
}

/// Whether a caller has the key of the console. Callers on other machines can try only a few keys a minute.
pub(super) fn check_key(console: &Console, wire: &Wire, is_key: impl Fn(&str) -> bool) -> Result<bool, Problem> {
    if let Some(wait) = console.server.wrong_key_wait(wire.peer()) {
        let words = format!("Several wrong keys came from your address. Wait {} seconds.", wait.as_secs() + 1);
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many wrong keys", words));
    }
    let is_right = is_key(&console.key());
    if !is_right {
        console.server.note_wrong_key(wire.peer());
    }
    Ok(is_right)
}

fn refused(problem: Problem) -> Box<Response> {
    Box::new(problem.into_response())
}

/// The host that the browser believes to talk to.
fn host(request: &Request) -> Option<Authority> {
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()?.parse().ok());
    header.or_else(|| request.uri().authority().cloned())
}

/// Against DNS rebinding: a web page whose own name was made to point here. A sandbox that other machines reach has many
/// names; there the cookie guards, which a browser does not send to another name.
fn check_host(host: Option<&Authority>, address: SocketAddr) -> Result<(), Problem> {
    let name = host.map(|host| host.host().trim_start_matches('[').trim_end_matches(']')).unwrap_or_default();
    let is_ours = match name.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback() || ip == address.ip(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    };
    if is_ours || !address.ip().is_loopback() {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "The console does not answer to this name",
        format!(
            "It answers to `localhost` and to its own address, and was asked as `{name}`. Open http://{address}{}.",
            links::HOME
        ),
    ))
}

/// A form of ours says so: browsers tell from where a request comes. Programs without a browser tell nothing, and are let in.
fn check_origin(headers: &HeaderMap, host: Option<&Authority>) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let foreign = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) if site != "same-origin" => Some(format!("`Sec-Fetch-Site: {site}`")),
        (_, Some(origin)) if !is_origin_of(origin, host) => Some(format!("`Origin: {origin}`")),
        _ => None,
    };
    let Some(sign) = foreign else { return Ok(()) };
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "Another web page sent this",
        format!(
            "Only the console's own forms may change something here, and this request came with {sign}. \
             Nothing was done. If it was you: open the console, and use its form."
        ),
    ))
}

fn is_origin_of(origin: &str, host: Option<&Authority>) -> bool {
    host.is_some_and(|host| {
        origin.split_once("://").is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers_to(host: &str, listen: &str) -> bool {
        check_host(host.parse().ok().as_ref(), listen.parse().expect("an address")).is_ok()
    }

    #[test]
    fn on_loopback_only_names_of_loopback_are_answered() {
        for host in ["127.0.0.1:8480", "localhost:8480", "LOCALHOST", "[::1]:8480", "127.9.9.9"] {
            assert!(answers_to(host, "127.0.0.1:8480"), "{host}");
        }
        for host in ["evil.example:8480", "localhost.evil.example", "10.0.0.7:8480", "127.0.0.1.evil.example", ""] {
            assert!(!answers_to(host, "127.0.0.1:8480"), "{host}");
        }
        assert!(answers_to("build.acme.example:8480", "0.0.0.0:8480"), "there the key guards");
    }

    #[test]
    fn only_the_consoles_own_forms_may_change_something() {
        let may = |pairs: &[(&'static str, &str)]| {
            let pairs =
                pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value")));
            check_origin(&pairs.collect(), "127.0.0.1:8480".parse().ok().as_ref()).is_ok()
        };
        assert!(may(&[]), "a program without a browser");
        assert!(may(&[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:8480")]));
        assert!(may(&[("origin", "http://127.0.0.1:8480")]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(!may(&[("sec-fetch-site", site), ("origin", "http://127.0.0.1:8480")]), "{site}");
        }
        for origin in ["http://evil.example", "http://127.0.0.1:9", "null", "http://127.0.0.1:8480.evil.example"] {
            assert!(!may(&[("origin", origin)]), "{origin}");
        }
    }
}
