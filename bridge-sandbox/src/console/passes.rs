//! What opens the console: the cookie of a signed-in browser, and one-time addresses.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, header};
use uuid::Uuid;

/// The most addresses that can wait to be opened.
const MOST: usize = 100;

/// The secrets of one console. They are as old as the sandbox.
pub(crate) struct Passes {
    /// Cookies do not know ports: without the port in its name, two sandboxes would overwrite each other's cookie.
    name: String,
    value: String,
    tokens: Mutex<VecDeque<String>>,
}

impl Passes {
    pub(crate) fn new(port: u16) -> Self {
        Self { name: format!("bridge-console-{port}"), value: random(), tokens: Mutex::default() }
    }

    /// A token that signs a browser in once.
    pub(crate) fn issue(&self) -> String {
        let token = random();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() == MOST {
            tokens.pop_front();
        }
        tokens.push_back(token.clone());
        token
    }

    /// Uses a token up. Says whether it was valid.
    pub(super) fn redeem(&self, token: &str) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let at = tokens.iter().position(|known| known == token);
        at.and_then(|at| tokens.remove(at)).is_some()
    }

    /// Whether a request comes from a browser that is signed in.
    pub(super) fn is_signed_in(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == self.name && value == self.value)
    }

    /// What a browser keeps when it is signed in.
    pub(super) fn cookie(&self) -> String {
        format!("{}={}; Path=/console; HttpOnly; SameSite=Strict", self.name, self.value)
    }

    /// What makes a browser forget the cookie.
    pub(super) fn no_cookie(&self) -> String {
        format!("{}=; Path=/console; HttpOnly; SameSite=Strict; Max-Age=0", self.name)
    }
}

/// 122 random bits.
fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_signs_in_once() {
        let passes = Passes::new(8480);
        let (one, other) = (passes.issue(), passes.issue());
        assert!(passes.redeem(&one));
        assert!(!passes.redeem(&one), "it was used");
        assert!(passes.redeem(&other), "another one is untouched");
        assert!(!passes.redeem(""));
    }

    #[test]
    fn the_cookie_of_another_port_or_another_start_does_not_sign_in() {
        let (here, elsewhere) = (Passes::new(8480), Passes::new(8481));
        let of = |passes: &Passes| {
            let pair = passes.cookie().split(';').next().unwrap_or_default().to_owned();
            HeaderMap::from_iter([(header::COOKIE, format!("a=b; {pair}").parse().expect("a value"))])
        };
        assert!(here.is_signed_in(&of(&here)));
        assert!(!here.is_signed_in(&of(&elsewhere)) && !here.is_signed_in(&of(&Passes::new(8480))));
    }
}
