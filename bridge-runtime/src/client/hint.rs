//! What a person can do about a failed call.

use bridge_core::wire::ErrorBody;

use super::{Call, ErrorKind};

const KEY: &str =
    "the API key is missing, wrong, expired or revoked: create a new one in Iden and set it as BRIDGE_API_KEY";
const ACCESS: &str = "the API key may be expired or revoked, or may have no access to this app: check it in Iden, then give it \
                      access or set a new one as BRIDGE_API_KEY";
const BASE: &str = "is BRIDGE_URL the base of Iden's API, like https://developer.idenhq.com/org/{tenant}? A proxy or a \
                    sign-in page in between can answer like this too";
const APP: &str = "this tenant has no app of that id: check BRIDGE_APP_ID or the state directory, and the tenant";
const REACH: &str = "check the host in BRIDGE_URL, the network, DNS, the firewall, and HTTPS_PROXY if there is a proxy";
const CERTIFICATE: &str = "the server's certificate is not trusted: check the host in BRIDGE_URL and this machine's clock; \
                           if a proxy opens TLS, give its CA certificate to the connector (`--ca-file`)";
const SERVER: &str = "this is on the server's side, and nothing is lost: `run` tries again by itself, another command can be \
                      given again; if it stays, ask Iden's support with the time and the path";
const LIMIT: &str = "the server asks for fewer calls: wait, sync less often, or ask Iden for a higher limit";
const SECOND_APP: &str = "the app may have been made although no answer came: look into Iden before you create it again, \
                          and give its id as BRIDGE_APP_ID";
const COMPLETED: &str = "the session may be completed although no answer came: its progress tells";
const BUSY_SESSION: &str =
    "the session is completed or abandoned, or a record does not fit the schema: the detail tells";
const UNKNOWN_SLUG: &str = "a membership or an assignment names a slug that is not registered, or a record breaks a rule of \
                            Iden's: the detail tells";

/// The remedy for one failure; `None` where the message says it all.
pub(super) fn hint(call: Call, kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Refused { status, body, .. } => refused(call, *status, body),
        ErrorKind::Paused { .. } => Some(LIMIT),
        ErrorKind::Unreachable { why } if why.contains("certificate") => Some(CERTIFICATE),
        ErrorKind::Unreachable { .. } => Some(REACH),
        ErrorKind::Redirected { .. } => Some(BASE),
        // Half of what reads oddly is the wrong address, but for an app the possible second one weighs more.
        _ if kind.outcome_unknown() && call == Call::CreateApp => Some(SECOND_APP),
        ErrorKind::Unreadable { .. } | ErrorKind::TooLarge => Some(BASE),
        _ if kind.outcome_unknown() && call == Call::CompleteSync => Some(COMPLETED),
        ErrorKind::TimedOut { .. } | ErrorKind::Lost { .. } => Some(SERVER),
        ErrorKind::Invalid { .. } => None,
    }
}

fn refused(call: Call, status: u16, body: &ErrorBody) -> Option<&'static str> {
    // Bridge sends JSON or nothing.
    let is_foreign = !body.is_json() && !body.raw().trim().is_empty();
    match (status, call) {
        (401, _) => Some(KEY),
        (403, _) => Some(ACCESS),
        (429, _) => Some(LIMIT),
        (500.., Call::CreateApp) => Some(SECOND_APP),
        (500.., Call::CompleteSync) => Some(COMPLETED),
        (500.., _) => Some(SERVER),
        (404, _) if is_foreign => Some(BASE),
        (404, Call::CreateApp) => Some("is the id in `clone_from` that of an app of this tenant?"),
        (404, Call::RegisterType | Call::StartSync | Call::ListTasks) => Some(APP),
        (404, Call::RenameType) => Some("the type is not registered, or this tenant has no app of that id"),
        (404, Call::PushPage | Call::SyncProgress | Call::CompleteSync | Call::AbandonSync) => {
            Some("the session is gone, the slug is not registered, or this tenant has no app of that id")
        }
        (404, Call::ReadTask | Call::ReportTask) => Some("the task is gone, or this tenant has no app of that id"),
        (404, Call::LighthouseApps | Call::LighthouseAccounts) => Some(BASE),
        (409, Call::RegisterType) => Some("a type with this slug is registered already"),
        (409, Call::ReportTask) => Some(
            "the task already has a final status; reading it shows the status, not who reported it or with which result",
        ),
        (400, Call::PushPage) => Some(BUSY_SESSION),
        (422, Call::PushPage) => Some(UNKNOWN_SLUG),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint_of(call: Call, status: u16, body: &str) -> &'static str {
        let body = ErrorBody::read(body.as_bytes());
        hint(call, &ErrorKind::Refused { status, body, retry_after: None }).unwrap_or_default()
    }

    #[test]
    fn both_refusals_of_a_key_name_its_expiry() {
        for status in [401, 403] {
            let hint = hint_of(Call::ListTasks, status, "");
            assert!(hint.contains("expired") && hint.contains("revoked") && hint.contains("BRIDGE_API_KEY"), "{hint}");
        }
        let forbidden = hint_of(Call::ListTasks, 403, "");
        assert!(forbidden.contains("may have no access to this app"), "it proves nothing: {forbidden}");
    }

    #[test]
    fn a_404_points_to_the_address_only_if_something_else_than_bridge_wrote_its_body() {
        for body in ["", " \n", "{}", r#"{"detail":null}"#, r#"{"detail":"Not found."}"#] {
            assert_eq!(hint_of(Call::ListTasks, 404, body), APP, "{body:?}");
        }
        for body in ["<html>404</html>", "no such route"] {
            assert_eq!(hint_of(Call::ListTasks, 404, body), BASE, "{body:?}");
        }
    }
}
