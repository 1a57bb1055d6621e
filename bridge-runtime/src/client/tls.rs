//! TLS, without a process-wide crypto provider: one that the host program installs cannot clash with ours.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls_platform_verifier::Verifier;

use super::ClientBuildError;

/// Trusts what the system trusts, and the certificates in `ca_file`.
pub(super) fn trusting(ca_file: Option<&Path>) -> Result<ClientConfig, ClientBuildError> {
    let provider = provider();
    let extra = ca_file.map_or_else(|| Ok(Vec::new()), certificates)?;
    // Fails where the image has no CA bundle, which is a matter of configuration.
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone()).map_err(|fault| tls_fault(&fault))?;
    let mut tls =
        versions(provider)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
    // reqwest adds none to a finished configuration: without this line HTTP/2 would be off silently.
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

/// Trusts nobody. For plain http: reqwest wants a configuration even then (without one it looks for a process-wide
/// provider, and panics where there is none), and the system's certificates must not be needed for it.
pub(super) fn trusting_nobody() -> Result<ClientConfig, ClientBuildError> {
    let nobody = rustls::RootCertStore::empty();
    Ok(versions(provider())?.with_root_certificates(nobody).with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

type Versions = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

/// TLS 1.2 and 1.3.
fn versions(provider: Arc<CryptoProvider>) -> Result<Versions, ClientBuildError> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| tls_fault(&fault))
}

fn tls_fault(fault: &rustls::Error) -> ClientBuildError {
    ClientBuildError::Tls { why: fault.to_string() }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientBuildError> {
    let fault = |why: String| ClientBuildError::CaFile { path: path.to_owned(), why };
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|why| fault(why.to_string()))?;
    if found.is_empty() {
        return Err(fault("it holds no certificate".to_owned()));
    }
    // Once alone, so that a bad certificate is a fault of this file and not of "TLS".
    let mut store = rustls::RootCertStore::empty();
    for certificate in &found {
        store.add(certificate.clone()).map_err(|why| fault(why.to_string()))?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_that_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        for content in [None, Some(""), Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")] {
            if let Some(content) = content {
                std::fs::write(&file, content).unwrap();
            }
            let fault = trusting(Some(&file)).unwrap_err();
            assert!(matches!(fault, ClientBuildError::CaFile { .. }), "{fault}");
            assert!(fault.to_string().contains("ca.pem") && fault.hint().is_some());
        }
    }
}
