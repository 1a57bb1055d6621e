//! Where Bridge is.

use bridge_core::wire::text::printable;
use url::{Host, Url};

/// The root of all paths: `https://developer.idenhq.com/org/{tenant}` (protocol.md section 1).
///
/// ```
/// use bridge_runtime::client::BaseUrl;
///
/// let base = BaseUrl::for_tenant("acme")?;
/// assert_eq!(base.to_string(), "https://developer.idenhq.com/org/acme");
/// assert_eq!(base, "https://developer.idenhq.com/org/acme/".parse()?);
/// assert!("https://developer.idenhq.com/".parse::<BaseUrl>().is_err());
/// # Ok::<(), bridge_runtime::client::BaseUrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    /// Without a slash at the end.
    url: Url,
    tenant: String,
}

/// The text cannot be Bridge's base URL. It is repeated only as far as it can hold no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// Not a URL.
    #[error("the base URL is not a URL ({why}): expected {EXPECTED}")]
    NotAUrl {
        /// What the parser stumbled over.
        why: String,
    },
    /// Something else than HTTP.
    #[error("the base URL has the scheme `{scheme}`: expected {EXPECTED}")]
    Scheme {
        /// The scheme found.
        scheme: String,
    },
    /// A part that a base URL must not have: user name, password, query, fragment.
    #[error("the base URL has a {part}, which it must not have: expected {EXPECTED}")]
    ExtraPart {
        /// The name of the part.
        part: &'static str,
    },
    /// The path does not end in `/org/{tenant}`.
    #[error("the base URL must end in /org/{{tenant}}, but its path is `{path}`: expected {EXPECTED}")]
    NoTenant {
        /// The path found.
        path: String,
    },
    /// The tenant is not a slug. Which characters a slug may have is an assumption.
    #[error(
        "`{tenant}` is not a tenant: expected the slug that stands behind /org/ in Iden's address, of letters, digits, - and _"
    )]
    Tenant {
        /// The text found.
        tenant: String,
    },
}

const EXPECTED: &str = "an address like https://developer.idenhq.com/org/acme";

impl BaseUrl {
    /// A tenant on Iden's own host.
    pub fn for_tenant(tenant: &str) -> Result<Self, BaseUrlError> {
        check_tenant(tenant)?;
        format!("https://developer.idenhq.com/org/{tenant}").parse()
    }

    /// The tenant's slug, the last part of the path.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The host, with the port where one is given.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The host alone, and the port that is used.
    #[cfg(feature = "cli")]
    pub(crate) fn host_and_port(&self) -> (String, u16) {
        let host = self.url.host_str().unwrap_or_default().to_owned();
        (host, self.url.port_or_known_default().unwrap_or(443))
    }

    /// Whether the host is this machine: `localhost`, a name below it, or a loopback address.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Whether the connection is encrypted.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The base itself.
    pub(super) fn as_url(&self) -> &Url {
        &self.url
    }

    /// An address below the base. Each part is escaped, so that a slash in it stays inside it. Every path ends in `/`.
    pub(super) fn below(&self, parts: &[&str]) -> Url {
        let mut url = self.url.clone();
        // Fails only for addresses without a path, such as `mailto:`; `from_str` lets none through.
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(parts).push("");
        }
        url
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.url.as_str().fmt(f)
    }
}

impl std::str::FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        let mut url = Url::parse(text).map_err(|fault| BaseUrlError::NotAUrl { why: fault.to_string() })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme { scheme: printable(url.scheme(), 40) });
        }
        let extra = [
            ("user name", !url.username().is_empty()),
            ("password", url.password().is_some()),
            ("query", url.query().is_some()),
            ("fragment", url.fragment().is_some()),
        ];
        if let Some((part, _)) = extra.into_iter().find(|(_, there)| *there) {
            return Err(BaseUrlError::ExtraPart { part });
        }
        let path = url.path().strip_suffix('/').unwrap_or(url.path()).to_owned();
        let tenant = match path.rsplit_once('/') {
            Some((before, tenant)) if before.ends_with("/org") => tenant.to_owned(),
            _ => return Err(BaseUrlError::NoTenant { path: printable(url.path(), 100) }),
        };
        check_tenant(&tenant)?;
        url.set_path(&path);
        Ok(Self { url, tenant })
    }
}

fn check_tenant(tenant: &str) -> Result<(), BaseUrlError> {
    let slug = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if tenant.is_empty() || !tenant.bytes().all(slug) {
        return Err(BaseUrlError::Tenant { tenant: printable(tenant, 64) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_base_url_is_refused_with_what_is_expected() {
        for (text, said) in [
            ("developer.idenhq.com/org/acme", "is not a URL"),
            ("ftp://developer.idenhq.com/org/acme", "scheme `ftp`"),
            ("mailto:a@b.c", "scheme `mailto`"),
            ("https://joe:hunter2@developer.idenhq.com/org/acme", "user name"),
            ("https://:hunter2@developer.idenhq.com/org/acme", "password"),
            ("https://developer.idenhq.com/org/acme?key=hunter2", "query"),
            ("https://developer.idenhq.com/org/acme#hunter2", "fragment"),
            ("https://developer.idenhq.com", "must end in /org/{tenant}"),
            ("https://developer.idenhq.com/org/acme/api/v1/", "`/org/acme/api/v1/`"),
            ("https://developer.idenhq.com/borg/acme", "must end in /org/{tenant}"),
            ("https://developer.idenhq.com/org/", "must end in /org/{tenant}"),
            ("https://developer.idenhq.com/org/a%2Fb", "`a%2Fb` is not a tenant"),
        ] {
            let fault = text.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(fault.contains(said) && !fault.contains("hunter2"), "{text}: {fault}");
        }
        assert!(BaseUrl::for_tenant("https://developer.idenhq.com/org/acme").is_err());
        assert!(BaseUrl::for_tenant("").is_err());
    }

    #[test]
    fn loopback_is_known_in_every_spelling() {
        let loopback = |host: &str| format!("http://{host}/org/acme").parse::<BaseUrl>().unwrap().is_loopback();
        assert!(
            ["localhost", "a.localhost", "127.0.0.1:80", "127.9.9.9", "[::1]:8080", "0x7f.1"].into_iter().all(loopback)
        );
        assert!(!["example.com", "localhost.example.com", "10.0.0.1", "[::2]"].into_iter().any(loopback));
    }

    #[test]
    fn parts_are_escaped() {
        let base: BaseUrl = "https://h:8443/proxy/org/acme/".parse().unwrap();
        assert_eq!((base.host().as_str(), base.tenant()), ("h:8443", "acme"));
        assert_eq!(
            base.below(&["api", "v1", "a/b?c#d"]).as_str(),
            "https://h:8443/proxy/org/acme/api/v1/a%2Fb%3Fc%23d/"
        );
    }
}
