//! What goes wrong in the HR system, and what Iden is told of it.

use iden_bridge::BridgeError;

/// Every one of these is found before anything is changed, or undone with the transaction: only of a failure of the
/// database itself nobody knows how far it came.
#[derive(Debug, BridgeError, thiserror::Error)]
pub enum HrError {
    #[error("there is no employee {0}")]
    #[bridge(code = "account_not_found")]
    NoSuchEmployee(u32),

    #[error("`{0}` is somebody's e-mail address already")]
    #[bridge(code = "account_already_exists")]
    EmailTaken(String),

    #[error("employee {0} has left; coming back is a new contract, made by people")]
    #[bridge(code = "employee_has_left")]
    HasLeft(u32),

    #[error("there is no team `{0}`")]
    #[bridge(code = "unknown_team")]
    NoSuchTeam(String),

    #[error("there is no seat `{0}`")]
    #[bridge(code = "unknown_seat")]
    NoSuchSeat(String),

    #[error("an employee needs a value in `{0}`")]
    #[bridge(code = "invalid_payload")]
    Missing(&'static str),

    #[error("`{0}` cannot be changed here")]
    #[bridge(code = "unsupported_change")]
    Unsupported(String),

    #[error("the HR database failed")]
    #[bridge(code = "external_system_error", unknown)]
    Database(#[from] rusqlite::Error),
}
