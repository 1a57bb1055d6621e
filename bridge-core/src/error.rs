//! What goes wrong in a source and in a task, and what that means.

use std::{error::Error, fmt, time::Duration};

use crate::payload::AccountChange;

/// Any error that may cross threads.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// What stops the reading of a source.
///
/// Every error converts into it, so `?` works on whatever the external system's client returns. It keeps the text of the
/// error and of its causes, not the error itself. It is no `std::error::Error` itself, for the same reason that
/// `anyhow::Error` is none; a `#[from] SourceError` in an error enum therefore does not compile.
///
/// Like a failed task, a failed read has a verdict: [`SourceError::fail`] is final, [`SourceError::busy`] asks to come back
/// later, and everything else may succeed if it is tried again.
pub struct SourceError {
    why: String,
    verdict: SourceVerdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SourceVerdict {
    Retry,
    Busy(Option<Duration>),
    Final,
    NoFind,
}

impl SourceError {
    /// An error in words. A page that failed with it is requested again.
    pub fn new(why: impl fmt::Display) -> Self {
        SourceError { why: why.to_string(), verdict: SourceVerdict::Retry }
    }

    /// A final error: the same request would fail again, as after a 403 or a 404. A page that failed with it is not
    /// requested again; the sync ends, and the next one starts at its usual time.
    ///
    /// ```
    /// use bridge_core::SourceError;
    ///
    /// let error = SourceError::fail("the HR system refuses the token: 403");
    /// assert!(error.is_final());
    /// ```
    pub fn fail(why: impl fmt::Display) -> Self {
        SourceError::new(why).into_final()
    }

    /// The system asks to come back later, after `after` if it said when.
    pub fn busy(after: Option<Duration>, why: impl fmt::Display) -> Self {
        SourceError { why: why.to_string(), verdict: SourceVerdict::Busy(after) }
    }

    /// What the default `Source::find` answers: this source cannot look up one record. It is never "absent".
    #[must_use]
    pub fn no_find() -> Self {
        let why = "this source cannot look up a single record: it has no `find`".to_owned();
        SourceError { why, verdict: SourceVerdict::NoFind }
    }

    /// The same error as a final one, for an error of another library: `SourceError::from(error).into_final()`.
    ///
    /// An error that says "no `find`" stays as it is: it is about the source, not about one request.
    #[must_use]
    pub fn into_final(self) -> Self {
        let verdict = if self.is_no_find() { self.verdict } else { SourceVerdict::Final };
        SourceError { verdict, ..self }
    }

    /// Whether trying again is of no use.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.verdict == SourceVerdict::Final
    }

    /// Whether this says that the source has no `find`.
    #[must_use]
    pub fn is_no_find(&self) -> bool {
        self.verdict == SourceVerdict::NoFind
    }

    /// Whether the system asked to come back later.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self.verdict, SourceVerdict::Busy(_))
    }

    /// When to come back, if the system said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.verdict {
            SourceVerdict::Busy(after) => after,
            _ => None,
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl fmt::Debug for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceError({self})")
    }
}

impl<E: Into<BoxError>> From<E> for SourceError {
    fn from(error: E) -> Self {
        SourceError::new(text_of(error))
    }
}

/// The text of a foreign error with its causes: libraries often say what happened only in the cause.
///
/// Errors are rendered where they are converted, in the user's own call: an error whose `Display` or `Drop` panics does so
/// there, and never in an engine that shows or drops it later.
fn text_of(error: impl Into<BoxError>) -> String {
    struct Chain(BoxError);
    impl fmt::Display for Chain {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write_chain(f, self.0.as_ref())
        }
    }
    Chain(error.into()).to_string()
}

/// Writes an error with its causes.
fn write_chain(f: &mut fmt::Formatter<'_>, error: &(dyn Error + 'static)) -> fmt::Result {
    write!(f, "{error}")?;
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !said.contains(&text) {
            write!(f, ": {text}")?;
        }
        said = text;
        cause = error.source();
    }
    Ok(())
}

/// What the failure of a task means for its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The task cannot be done. It is reported failed.
    Final,
    /// Nothing happened; trying again may help, after the given time if there is one.
    Retry(Option<Duration>),
    /// Nobody knows whether the effect happened. What follows is what the handler declared for an interruption.
    Unknown,
}

/// Why a task failed: a code and a message for Iden, and what it means for the effect.
///
/// Every foreign error converts into it with `?`. Then the verdict is [`Verdict::Unknown`], and the error's own text
/// stays in the local log: it may hold what must not leave, such as a URL with a token.
pub struct TaskError {
    code: String,
    message: String,
    verdict: Verdict,
    cause: Option<String>,
}

impl TaskError {
    /// The task cannot be done. `code` is one of protocol.md section 6 or your own; `message` goes to Iden.
    pub fn fail(code: impl Into<String>, message: impl fmt::Display) -> Self {
        TaskError { code: code.into(), message: message.to_string(), verdict: Verdict::Final, cause: None }
    }

    /// Nothing happened; the task is tried again.
    pub fn retry(message: impl fmt::Display) -> Self {
        TaskError::fail("external_system_error", message).with_verdict(Verdict::Retry(None))
    }

    /// Nothing happened; the task is tried again, not before `after`, or an hour if that is longer: the other tasks of the
    /// account wait behind it.
    pub fn retry_after(after: Duration, message: impl fmt::Display) -> Self {
        TaskError::fail("rate_limited", message).with_verdict(Verdict::Retry(Some(after)))
    }

    /// Nobody knows whether the effect happened.
    pub fn unknown(message: impl fmt::Display) -> Self {
        TaskError::fail("external_system_error", message).with_verdict(Verdict::Unknown)
    }

    /// The account that the task is about does not exist: code `account_not_found`.
    pub fn account_not_found(id: impl fmt::Display) -> Self {
        TaskError::fail("account_not_found", format_args!("there is no account `{id}`"))
    }

    /// The account to create exists already: code `account_already_exists`.
    pub fn account_already_exists(who: impl fmt::Display) -> Self {
        TaskError::fail("account_already_exists", format_args!("`{who}` exists already"))
    }

    /// The handler cannot make this change: code `unsupported_change`. For the last arm of a `match` over
    /// `task.changes()`.
    #[must_use]
    pub fn unsupported(change: &AccountChange) -> Self {
        TaskError::fail("unsupported_change", format_args!("`{}` cannot be changed here", change.field()))
    }

    /// The same failure with another verdict.
    #[must_use]
    pub fn with_verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }

    /// The same with the error behind it, for the local log alone.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<BoxError>) -> Self {
        self.cause = Some(text_of(cause));
        self
    }

    /// The code that is reported.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The message that is reported.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the failure means for the effect.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The text of the foreign error behind it, with its causes: for the local log alone.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        self.cause.clone()
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl fmt::Debug for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("TaskError");
        debug.field("code", &self.code).field("message", &self.message).field("verdict", &self.verdict);
        if let Some(cause) = &self.cause {
            debug.field("cause", cause);
        }
        debug.finish()
    }
}

/// What Iden is told of a foreign error.
const FOREIGN: &str = "the external system failed; the connector's log says how";

impl<E: Into<BoxError>> From<E> for TaskError {
    fn from(error: E) -> Self {
        TaskError::unknown(FOREIGN).with_cause(error)
    }
}

impl From<SourceError> for TaskError {
    fn from(error: SourceError) -> Self {
        match error.verdict {
            SourceVerdict::Busy(Some(after)) => TaskError::retry_after(after, "the system is busy"),
            SourceVerdict::Busy(None) => TaskError::retry("the system is busy"),
            // A look-up that fails for good says nothing of what the handler did before it.
            SourceVerdict::Retry | SourceVerdict::Final | SourceVerdict::NoFind => error.why.into(),
        }
    }
}

/// An error of the user's that says what a failed task means to Iden.
///
/// Derive it on the enum of a connector's errors. `TaskError` has it too, for handlers without an error type of their
/// own. The derive implements this trait and not `From<E> for TaskError`, so it meets no other conversion.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what a failure means to Iden",
    label = "no `BridgeError`",
    note = "derive `BridgeError` on your error enum, or return `TaskError`: `?` converts any error into it"
)]
pub trait BridgeError: Sized + Send {
    /// The failure in Iden's terms.
    fn into_task_error(self) -> TaskError;
}

impl BridgeError for TaskError {
    fn into_task_error(self) -> TaskError {
        self
    }
}

/// What a handler may return: `Result<P, E>`, where `P` is the outcome that the payload asks for.
#[diagnostic::on_unimplemented(
    message = "the handler of this task must return `Result<{P}, E>`, not `{Self}`",
    label = "not the outcome of this task",
    note = "`E` is `TaskError`, or your own enum with `#[derive(BridgeError)]`"
)]
pub trait IntoOutcome<P> {
    /// The outcome, with the error in Iden's terms.
    ///
    /// # Errors
    /// Those of the handler.
    fn into_outcome(self) -> Result<P, TaskError>;
}

#[diagnostic::do_not_recommend]
impl<P, E: BridgeError> IntoOutcome<P> for Result<P, E> {
    fn into_outcome(self) -> Result<P, TaskError> {
        self.map_err(BridgeError::into_task_error)
    }
}
