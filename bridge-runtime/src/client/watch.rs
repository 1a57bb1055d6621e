//! What calls tell of themselves: figures, spans, and whether Iden can be had.

use std::{sync::Arc, time::Duration};

use tracing::Span;

use super::{Call, ErrorKind, exchange::Exchange};
use crate::telemetry::{HTTP_DURATION, HTTP_REQUESTS, HTTP_RETRIES, Meter};

/// Sees every attempt. Without a meter it counts nothing.
#[derive(Default)]
pub(super) struct Watch(pub(super) Option<Arc<Meter>>);

impl Watch {
    /// The span of one attempt. No URL: a query can hold an e-mail address.
    pub(super) fn span(exchange: &Exchange, attempt: u32) -> Span {
        tracing::debug_span!(
            "bridge.http",
            otel.kind = "client",
            bridge.operation = exchange.call.label(),
            http.request.method = %exchange.method,
            http.request.resend_count = attempt - 1,
        )
    }

    pub(super) fn attempted<T>(&self, call: Call, outcome: &Result<T, ErrorKind>, took: Duration) {
        let Some(meter) = &self.0 else { return };
        meter.add(&HTTP_REQUESTS, &[call.label(), status(outcome)], 1);
        meter.observe(&HTTP_DURATION, &[call.label()], took);
    }

    pub(super) fn tries_again(&self, call: Call) {
        if let Some(meter) = &self.0 {
            meter.add(&HTTP_RETRIES, &[call.label()], 1);
        }
    }

    pub(super) fn pauses(&self, until: Duration) {
        if let Some(meter) = &self.0 {
            meter.pause(until);
        }
    }

    /// How a call ended, after all its attempts.
    pub(super) fn ended<T>(&self, outcome: &Result<T, ErrorKind>) {
        let Some(meter) = &self.0 else { return };
        match outcome {
            Ok(_) => meter.reached(),
            Err(kind) if is_answer(kind) => meter.reached(),
            Err(ErrorKind::Invalid { .. }) => {}
            Err(kind) => meter.not_reached(format!("Iden cannot be had: {}", kind.summary())),
        }
    }
}

fn status<T>(outcome: &Result<T, ErrorKind>) -> &'static str {
    match outcome {
        Ok(_) => "2xx",
        Err(ErrorKind::Refused { status: 429, .. }) => "429",
        Err(ErrorKind::Refused { status: 400..500, .. }) => "4xx",
        Err(ErrorKind::Refused { .. }) => "5xx",
        Err(ErrorKind::Redirected { .. }) => "3xx",
        Err(ErrorKind::Unreadable { .. } | ErrorKind::TooLarge) => "unreadable",
        Err(_) => "unreachable",
    }
}

/// Whether Iden has taken the key and said something about the matter itself.
fn is_answer(kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::Refused { status, .. } => (400..500).contains(status) && ![401, 403, 429].contains(status),
        ErrorKind::TooLarge => true,
        _ => false,
    }
}
