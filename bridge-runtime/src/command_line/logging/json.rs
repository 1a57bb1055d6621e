//! The log for machines: each line is one JSON object.

use std::{error::Error, fmt, io::Write as _};

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::MakeWriter,
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

/// What a field may not be named, beside what the line itself says. One that is gets this before its name.
const BEFORE_A_TAKEN_NAME: &str = "field.";

/// Writes each event as one line.
pub(super) struct JsonLines<W>(pub(super) W);

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    target: &'static str,
    #[serde(flatten)]
    fields: Map<String, Value>,
    /// From the outermost one.
    spans: Vec<SpanLine<'a>>,
}

#[derive(Serialize)]
struct SpanLine<'a> {
    name: &'static str,
    #[serde(flatten)]
    fields: &'a Map<String, Value>,
}

/// The fields of an event or a span.
struct Fields {
    /// Names that stand beside them already.
    taken: &'static [&'static str],
    values: Map<String, Value>,
}

impl Fields {
    fn of_event() -> Self {
        Fields { taken: &["timestamp", "level", "target", "spans"], values: Map::new() }
    }

    fn of_span() -> Self {
        Fields { taken: &["name"], values: Map::new() }
    }

    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        // The name in Rust of a field that is called like a keyword.
        let name = field.name().trim_start_matches("r#");
        let before = if self.taken.contains(&name) { BEFORE_A_TAKEN_NAME } else { "" };
        self.values.insert(format!("{before}{name}"), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no number for what is none, and for infinity.
        if value.is_finite() { self.set(field, value) } else { self.set(field, value.to_string()) }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        match i64::try_from(value) {
            Ok(value) => self.set(field, value),
            Err(_) => self.set(field, value.to_string()),
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.set(field, value),
            Err(_) => self.set(field, value.to_string()),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            text += &format!(": {cause}");
            source = cause.source();
        }
        self.set(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::of_span();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            record.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::of_event();
        event.record(&mut fields);
        let spans: Vec<_> = context.event_scope(event).map(|scope| scope.from_root().collect()).unwrap_or_default();
        let extensions: Vec<_> = spans.iter().map(SpanRef::extensions).collect();
        let line = Line {
            timestamp: format!("{:.6}", jiff::Timestamp::now()),
            level: event.metadata().level().as_str(),
            target: event.metadata().target(),
            fields: fields.values,
            spans: spans
                .iter()
                .zip(&extensions)
                .filter_map(|(span, extensions)| {
                    Some(SpanLine { name: span.name(), fields: &extensions.get::<Fields>()?.values })
                })
                .collect(),
        };
        let Ok(mut text) = serde_json::to_vec(&line) else { return };
        text.push(b'\n');
        // A log that cannot be written is nothing to end for.
        drop(self.0.make_writer_for(event.metadata()).write_all(&text));
    }
}

#[cfg(test)]
mod tests;
