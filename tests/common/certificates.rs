//! The certificates of the tests. How they were made stands in `tests/wire/certificates/make`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

pub fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/certificates").join(name)
}

/// What a server with this certificate is set to.
pub fn server_config(name: &str) -> ServerConfig {
    let chain = CertificateDer::pem_file_iter(certificate(&format!("{name}.pem"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificate(&format!("{name}.key"))).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = chain.collect::<Result<_, _>>().unwrap();
    config.with_no_client_auth().with_single_cert(chain, key).unwrap()
}
