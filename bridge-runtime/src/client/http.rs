//! HTTP, by reqwest.

use std::error::Error as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bridge_core::wire::text::printable;
use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use url::Origin;

use super::authorization::Authorization;
use super::redaction::Redaction;
use super::{
    ANSWER_LIMIT, ApiKey, BaseUrl, ClientBuildError, Method, Request, Response, Transport, TransportError,
    TransportErrorKind, retry_after, retry_after::http_date, tls,
};

/// Settings of [`HttpTransport`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpOptions {
    /// Allows `http` to other hosts than this one.
    pub allow_http: bool,
    /// A PEM file with CA certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Name look-up, connection and TLS; 10 s.
    pub connect_timeout: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { allow_http: false, ca_file: None, connect_timeout: Duration::from_secs(10) }
    }
}

impl HttpOptions {
    /// reqwest without its own mind: no redirect, no retry, our TLS. `direct`: past every proxy.
    pub(crate) fn client(&self, secure: bool, direct: bool) -> Result<reqwest::Client, ClientBuildError> {
        let tls = if secure { tls::trusting(self.ca_file.as_deref())? } else { tls::trusting_nobody()? };
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(secure)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            // Shorter than gateways keep an idle connection, so that a request rarely meets one that is closing.
            .pool_idle_timeout(Duration::from_secs(20))
            .user_agent(concat!("iden-bridge/", env!("CARGO_PKG_VERSION")));
        if direct {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|fault| ClientBuildError::Http { why: causes(&fault) })
    }
}

/// The [`Transport`] of a real connector.
///
/// It talks to the base URL's origin and to nothing else, and follows no redirect. Over `https` it uses a proxy where
/// `HTTPS_PROXY` or `ALL_PROXY` names one and `NO_PROXY` does not exclude the host; over `http` and to this machine it
/// uses none. Over `https` it speaks HTTP/2 where the server does, else HTTP/1.1.
///
/// Where 401 or 403 comes and the key is from a file ([`ApiKey::from_file`]) that has another one by now, it sends the
/// request once more with that. Nothing can happen twice by it: the server says that the first request had no effect.
pub struct HttpTransport {
    client: reqwest::Client,
    authorization: Authorization,
    origin: Origin,
}

impl std::fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpTransport").field("origin", &self.origin.ascii_serialization()).finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// Builds it. Fails for `http` to another host that is not allowed, and where TLS cannot be set up.
    pub fn new(base: &BaseUrl, key: &ApiKey, options: &HttpOptions) -> Result<Self, ClientBuildError> {
        let secure = base.is_https();
        if !secure && !base.is_loopback() && !options.allow_http {
            return Err(ClientBuildError::PlainHttp { host: base.host() });
        }
        let client = options.client(secure, !secure || base.is_loopback())?;
        Ok(Self { client, authorization: Authorization::new(key)?, origin: base.as_url().origin() })
    }

    fn request(&self, request: Request, authorization: HeaderValue) -> reqwest::RequestBuilder {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
        };
        let reads = request.method == Method::Get;
        let built = self
            .client
            .request(method, request.url)
            .timeout(request.timeout)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json");
        match request.body {
            Some(body) => built.body(body),
            // Some gateways answer 411 to a POST that says nothing about its length.
            None if !reads => built.header(CONTENT_LENGTH, "0"),
            None => built,
        }
    }

    async fn exchange(&self, request: Request, authorization: HeaderValue) -> Result<Response, TransportError> {
        let redaction = Redaction::of(&authorization);
        let exchanged = self.exchange_openly(request, authorization).await;
        exchanged.map(|response| redacted(response, &redaction)).map_err(|mut error| {
            redaction.hide_in(&mut error.message);
            error
        })
    }

    /// The response as the server sent it.
    async fn exchange_openly(&self, request: Request, authorization: HeaderValue) -> Result<Response, TransportError> {
        let mut answer = self.request(request, authorization).send().await.map_err(fault)?;
        let text = |name: HeaderName| {
            let value = answer.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let mut response = Response::new(answer.status().as_u16(), Bytes::new());
        response.content_type = text(CONTENT_TYPE);
        response.location = text(LOCATION);
        response.date = text(DATE).and_then(|value| http_date(&value));
        response.retry_after = text(RETRY_AFTER).and_then(|value| retry_after(&value, text(DATE).as_deref()));
        response.body = read(&mut answer).await?;
        Ok(response)
    }
}

/// The response without the key in whatever an error may repeat of it.
fn redacted(mut response: Response, redaction: &Redaction) -> Response {
    for text in [&mut response.content_type, &mut response.location].into_iter().flatten() {
        redaction.hide_in(text);
    }
    // Errors repeat nothing of a success that is JSON.
    let is_repeated = response.status >= 300 || !matches!(response.body.trim_ascii().first(), Some(b'{' | b'['));
    if is_repeated && let Some(hidden) = redaction.hide(&response.body) {
        response.body = hidden.into();
    }
    response
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        if request.url.origin() != self.origin {
            let message = "the address is not below the base URL, so the API key is not sent there";
            return Err(TransportError::new(TransportErrorKind::NotSent, message));
        }
        let authorization = self.authorization.header();
        let began = Instant::now();
        let response = self.exchange(request.clone(), authorization.clone()).await?;
        if !matches!(response.status, 401 | 403) {
            return Ok(response);
        }
        match self.authorization.instead_of(&authorization) {
            // Not before the end of a pause, and not beyond the time of the one request that the caller waits for. The next
            // call has the new key.
            Some(other) if response.retry_after.is_none() => {
                let timeout = request.timeout.saturating_sub(began.elapsed());
                if timeout.is_zero() {
                    Ok(response)
                } else {
                    self.exchange(Request { timeout, ..request }, other).await
                }
            }
            _ => Ok(response),
        }
    }
}

/// Reads the body, and stops where it is too long: a server that never ends must not fill the memory.
async fn read(answer: &mut reqwest::Response) -> Result<Bytes, TransportError> {
    let too_large = || TransportError::new(TransportErrorKind::TooLarge, "the answer is too large");
    if answer.content_length().is_some_and(|length| length > ANSWER_LIMIT as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(fault)? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What can be concluded from reqwest's error. `is_connect` comes first: a connection that took too long is also a
/// time-out, but one at which the request had surely not left.
fn fault(error: reqwest::Error) -> TransportError {
    let kind = if error.is_connect() || error.is_builder() {
        TransportErrorKind::NotSent
    } else if error.is_timeout() {
        TransportErrorKind::TimedOut
    } else {
        TransportErrorKind::Lost
    };
    // The address is in the message otherwise, and its query can hold an e-mail address.
    TransportError::new(kind, causes(&error.without_url()))
}

/// The causes below reqwest's own words ("error sending request"), which say nothing.
fn causes(error: &reqwest::Error) -> String {
    let below = std::iter::successors(error.source(), |&cause| cause.source());
    let mut said: Vec<String> = below.map(ToString::to_string).collect();
    if said.is_empty() {
        said.push(error.to_string());
    }
    // hyper's outermost words say no more than reqwest's.
    if said.len() > 1 {
        said.retain(|words| !words.starts_with("client error ("));
    }
    // Some causes end with the words of the one below.
    let mut told: Vec<&str> = Vec::new();
    for (index, words) in said.iter().enumerate() {
        if said.get(index + 1).is_none_or(|below| !words.contains(below.as_str())) {
            told.push(words);
        }
    }
    printable(&told.join(": "), 300)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Client, ClientError, Timeouts};
    use std::fs;
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const REFUSED: &str = "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n";
    const REVOKED: &str = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n";

    /// A server that takes the key `new` and answers `refusal` to any other, and a client whose key is in a file.
    struct Stage {
        folder: tempfile::TempDir,
        client: Client,
        /// The keys of the requests, as they came.
        keys: Arc<Mutex<Vec<String>>>,
    }

    impl Stage {
        async fn new(refusal: String) -> Self {
            Stage::slow(refusal, Duration::ZERO, Timeouts::default()).await
        }

        /// Each answer takes so long.
        async fn slow(refusal: String, takes: Duration, timeouts: Timeouts) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let base = format!("http://{}/org/acme", listener.local_addr().unwrap()).parse().unwrap();
            let keys = Arc::new(Mutex::new(Vec::new()));
            let seen = keys.clone();
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let mut request = String::new();
                    while !request.contains("\r\n\r\n") {
                        request.push(stream.read_u8().await.unwrap().into());
                    }
                    let (_, key) = request.split_once("authorization: Api-Key ").unwrap();
                    let key = key.lines().next().unwrap().to_owned();
                    let empty = r#"{"count":0,"next":null,"previous":null,"results":[]}"#;
                    let page = format!(
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{empty}",
                        empty.len()
                    );
                    let answer = if key == "new" { &page } else { &refusal };
                    seen.lock().unwrap().push(key);
                    tokio::time::sleep(takes).await;
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("key");
            fs::write(&file, "old\n").unwrap();
            let client = Client::builder(base, ApiKey::from_file(file).unwrap()).timeouts(timeouts).build().unwrap();
            Self { folder, client, keys }
        }

        fn replace_key(&self, key: &str) {
            fs::write(self.folder.path().join("key"), key).unwrap();
        }

        async fn call(&self) -> Result<(), ClientError> {
            self.client.lighthouse_apps(50, 0).await.map(|_| ())
        }

        /// The keys of the requests since the last time.
        fn keys(&self) -> Vec<String> {
            std::mem::take(&mut self.keys.lock().unwrap())
        }
    }

    #[tokio::test]
    async fn a_key_that_was_replaced_in_its_file_is_taken_up_without_a_restart() {
        for refusal in [REFUSED, REVOKED] {
            let stage = Stage::new(format!("{refusal}\r\n")).await;
            stage.replace_key("new\n");
            stage.call().await.unwrap();
            assert_eq!(stage.keys(), ["old", "new"]);
            stage.call().await.unwrap();
            assert_eq!(stage.keys(), ["new"]);
        }
    }

    #[tokio::test]
    async fn a_refused_key_is_not_sent_again_and_another_only_once() {
        let stage = Stage::new(format!("{REFUSED}\r\n")).await;
        assert!(stage.call().await.unwrap_err().is_unauthorized());
        assert_eq!(stage.keys(), ["old"], "the file has the same key");
        stage.replace_key("other");
        assert!(stage.call().await.unwrap_err().is_unauthorized());
        assert_eq!(stage.keys(), ["old", "other"], "one key re-read, then stop");
    }

    #[tokio::test]
    async fn not_even_a_new_key_is_sent_before_a_pause_is_over() {
        let stage = Stage::new(format!("{REFUSED}Retry-After: 3600\r\n\r\n")).await;
        stage.replace_key("new");
        assert!(stage.call().await.unwrap_err().is_unauthorized());
        assert_eq!(stage.keys(), ["old"]);
    }

    #[tokio::test]
    async fn a_request_with_another_key_has_no_time_of_its_own() {
        let (takes, limit) = (Duration::from_millis(700), Duration::from_secs(1));
        let timeouts = Timeouts::default().attempt(limit).operation(limit);
        let stage = Stage::slow(format!("{REFUSED}\r\n"), takes, timeouts).await;
        stage.replace_key("new");
        let error = stage.call().await.unwrap_err();
        assert!(!error.is_unauthorized(), "the second answer is not waited for any longer: {error}");
    }
    /// A server that repeats the key in every part of its response that a message may show.
    #[tokio::test]
    async fn no_spelling_of_the_key_in_a_response_reaches_a_message() {
        const KEY: &str = "sk_live_4eC39/HqLyjWDarjtT1";
        // base64 of "Api-Key sk_live_4eC39/HqLyjWDarjtT1".
        const BASE64: &str = "QXBpLUtleSBza19saXZlXzRlQzM5L0hxTHlqV0Rhcmp0VDE=";
        let spellings = [
            KEY.to_owned(),
            KEY.replace('/', "\\/"),
            KEY.replace('s', "\\u0073").replace('_', "\\u005F"),
            KEY.replace('/', "%2F"),
            KEY.replace('/', "%252f"),
            BASE64.to_owned(),
            KEY[..16].to_owned(),
        ];
        for spelling in spellings {
            let body = format!(r#"{{"detail":"sent: {spelling}"}}"#);
            let page = format!("<p>{spelling}</p>");
            for answer in [
                format!("400 Bad Request\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
                format!("502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len()),
                format!("200 OK\r\nContent-Type: text/{spelling}\r\nContent-Length: {}\r\n\r\n{page}", page.len()),
                format!("302 Found\r\nLocation: https://login.example/?next={spelling}&x\r\nContent-Length: 0\r\n\r\n"),
            ] {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let base = format!("http://{}/org/acme", listener.local_addr().unwrap()).parse().unwrap();
                let answer = format!("HTTP/1.1 {answer}");
                tokio::spawn(async move {
                    while let Ok((mut stream, _)) = listener.accept().await {
                        let mut request = [0; 4096];
                        let _ = stream.read(&mut request).await;
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                });
                let client = Client::builder(base, ApiKey::new(KEY).unwrap()).build().unwrap();
                // The one call that is never repeated.
                let error = client.create_app(&bridge_core::wire::NewApp::new("Acme HR")).await.unwrap_err();
                let said = format!("{error} {error:?} {} {:?}", error.body().unwrap_or_default(), error.hint());
                for secret in ["4eC3", "eC39", "HqLy", "tT1", "XzRl", "V0Rh", "sk_", "\\u0073"] {
                    assert!(!said.contains(secret), "`{secret}` of {spelling} in {said}");
                }
                assert!(said.contains('…'), "{said}");
            }
        }
    }
}
