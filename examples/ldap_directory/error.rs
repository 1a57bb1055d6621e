//! What a result of the directory means for a task.

use iden_bridge::BridgeError;
use ldap3::LdapError;
use uuid::Uuid;

#[derive(Debug, BridgeError, thiserror::Error)]
pub enum DirectoryError {
    #[error("there is no entry {0}")]
    #[bridge(code = "account_not_found")]
    NoSuchPerson(Uuid),

    #[error("the directory has an entry of that name already")]
    #[bridge(code = "account_already_exists")]
    Exists,

    #[error("there is no group {0}")]
    #[bridge(code = "unknown_group")]
    NoSuchGroup(Uuid),

    #[error("{0:?} is no login name: small letters, digits, `.`, `_` and `-` are, and a letter first")]
    #[bridge(code = "invalid_payload")]
    BadLogin(String),

    #[error("a person needs a value in `{0}`")]
    #[bridge(code = "invalid_payload")]
    Missing(&'static str),

    #[error("`{0}` cannot be changed here")]
    #[bridge(code = "unsupported_change")]
    Unsupported(String),

    /// For instance the last member of a group: a `groupOfNames` has to have one.
    #[error("the directory's rules do not allow it (result {code}): {text}")]
    #[bridge(code = "invalid_payload")]
    Refused { code: u32, text: String },

    #[error("the directory does not let this connector do that")]
    #[bridge(code = "permission_denied")]
    Forbidden,

    /// It says so instead of doing anything.
    #[error("the directory is busy")]
    #[bridge(code = "external_system_error", retry)]
    Busy,

    /// Nothing was asked of it yet.
    #[error("the directory cannot be reached")]
    #[bridge(code = "external_system_error", retry)]
    Unreachable(#[source] LdapError),

    /// Another copy of the directory may have been asked, which does not know it yet.
    #[error("the new entry is not there, or cannot be read")]
    #[bridge(code = "external_system_error", unknown)]
    Vanished,

    #[error("the directory failed, or its answer was lost")]
    #[bridge(code = "external_system_error", unknown)]
    Lost(#[source] LdapError),
}

impl From<LdapError> for DirectoryError {
    fn from(error: LdapError) -> Self {
        let LdapError::LdapResult { result } = &error else { return DirectoryError::Lost(error) };
        // RFC 4511, appendix A.
        match result.rc {
            // constraintViolation, invalidAttributeSyntax, namingViolation, objectClassViolation
            19 | 21 | 64 | 65 => DirectoryError::Refused { code: result.rc, text: result.text.clone() },
            // strongerAuthRequired, insufficientAccessRights, unwillingToPerform
            8 | 50 | 53 => DirectoryError::Forbidden,
            // busy, unavailable
            51 | 52 => DirectoryError::Busy,
            // entryAlreadyExists
            68 => DirectoryError::Exists,
            _ => DirectoryError::Lost(error),
        }
    }
}
