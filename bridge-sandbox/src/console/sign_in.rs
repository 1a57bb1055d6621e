//! Asking for the key, where other machines can reach the sandbox.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::answer::{Answer, page, render, see};
use super::fields::Posted;
use super::frame::{Frame, Place};
use super::{Console, links};

const COOKIE: &str = "bridge-console";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    is_wrong: bool,
}

fn form(is_wrong: bool) -> SignInPage {
    SignInPage { frame: Frame::new("Sign in", Place::Nowhere).still(), is_wrong }
}

pub(super) async fn ask() -> Answer {
    page(&form(false))
}

pub(super) async fn sign_in(State(console): State<Arc<Console>>, Posted(fields): Posted) -> Answer {
    if fields.get("key") != console.key() {
        return render(StatusCode::FORBIDDEN, &form(true));
    }
    Ok(with_cookie(see(links::HOME), &format!("{COOKIE}={}; Path=/console; HttpOnly; SameSite=Strict", console.pass)))
}

pub(super) async fn sign_out() -> Response {
    with_cookie(see(links::SIGN_IN), &format!("{COOKIE}=; Path=/console; HttpOnly; SameSite=Strict; Max-Age=0"))
}

fn with_cookie(mut answer: Response, cookie: &str) -> Response {
    // Names, a random number in hexadecimal and attributes: all may stand in a header.
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

/// The value of our cookie, which a browser may send among others.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}
