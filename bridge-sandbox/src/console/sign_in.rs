//! Signing in: with the one-time address that the sandbox printed, or with the API key.

use std::sync::Arc;

use askama::Template;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use super::answer::{Answer, page, render, see};
use super::fields::{Fields, Posted};
use super::frame::{Frame, Place};
use super::{Console, guard, links};
use crate::connections::Wire;

/// The largest form that is read of a browser that is not signed in.
const LARGEST_FORM: usize = 4 * 1024;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    is_wrong: bool,
    is_used: bool,
}

fn form() -> SignInPage {
    SignInPage { frame: Frame::new("Sign in", Place::Nowhere).still(), is_wrong: false, is_used: false }
}

pub(super) async fn ask(
    State(console): State<Arc<Console>>,
    method: Method,
    headers: HeaderMap,
    fields: Fields,
) -> Answer {
    let (token, passes) = (fields.get("token"), &console.server.passes);
    if token.is_empty() {
        return page(&form());
    }
    // A program that checks links asks with HEAD: it must not use the address up.
    if method == Method::GET && passes.redeem(token) {
        return Ok(with_cookie(see(links::HOME), &passes.cookie()));
    }
    if passes.is_signed_in(&headers) {
        return Ok(see(links::HOME));
    }
    render(StatusCode::FORBIDDEN, &SignInPage { is_used: true, ..form() })
}

pub(super) async fn sign_in(
    State(console): State<Arc<Console>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Posted(fields): Posted<LARGEST_FORM>,
) -> Answer {
    if !guard::check_key(&console, &wire, |key| fields.get("key") == key)? {
        return render(StatusCode::FORBIDDEN, &SignInPage { is_wrong: true, ..form() });
    }
    Ok(with_cookie(see(links::HOME), &console.server.passes.cookie()))
}

pub(super) async fn sign_out(State(console): State<Arc<Console>>) -> Response {
    with_cookie(see(links::SIGN_IN), &console.server.passes.no_cookie())
}

fn with_cookie(mut answer: Response, cookie: &str) -> Response {
    // Names, a random number in hexadecimal and attributes: all may stand in a header.
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}
