//! How our values stand in the database.

use bridge_core::Status;
use jiff::Timestamp;
use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::fault::{Fault, Result};
use crate::journal::{Change, EdgeKey, LoginKey, LossKind, TaskState};

/// A type that stands in the database as one of a few numbers. They are part of the format: never give one another meaning.
macro_rules! numbered {
    ($type:ty { $($variant:path = $number:literal,)+ }) => {
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let number: i64 = match self { $($variant => $number,)+ };
                Ok(number.into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_i64()? {
                    $($number => Ok($variant),)+
                    other => Err(FromSqlError::OutOfRange(other)),
                }
            }
        }
    };
}

/// What the known set says of a record's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KnownStatus {
    /// Only a task has named the record.
    Unknown,
    /// The record says nothing; Iden takes an account for active then.
    Unsaid,
    Active,
    Inactive,
    Suspended,
}

numbered!(KnownStatus {
    KnownStatus::Unknown = 0,
    KnownStatus::Unsaid = 1,
    KnownStatus::Active = 2,
    KnownStatus::Inactive = 3,
    KnownStatus::Suspended = 4,
});

numbered!(Change {
    Change::Created = 0,
    Change::Changed = 1,
    Change::Same = 2,
});

numbered!(LossKind {
    LossKind::Removed = 0,
    LossKind::Deactivated = 1,
    LossKind::Edge = 2,
});

// The views of tasks that are open and settled name these numbers.
numbered!(TaskState {
    TaskState::Seen = 0,
    TaskState::Started = 1,
    TaskState::Executed = 2,
    TaskState::Reported = 3,
    TaskState::Interrupted = 4,
    TaskState::Parked = 5,
    TaskState::Conflict = 6,
    TaskState::Gone = 7,
});

impl KnownStatus {
    /// Whether Iden surely takes the account for active.
    pub(super) fn is_active(self) -> bool {
        matches!(self, KnownStatus::Unsaid | KnownStatus::Active)
    }

    pub(super) fn is_in_use(self) -> bool {
        !matches!(self, KnownStatus::Inactive | KnownStatus::Suspended)
    }
}

impl From<Option<Status>> for KnownStatus {
    fn from(status: Option<Status>) -> Self {
        match status {
            None => KnownStatus::Unsaid,
            Some(Status::Active) => KnownStatus::Active,
            Some(Status::Inactive) => KnownStatus::Inactive,
            Some(Status::Suspended) => KnownStatus::Suspended,
        }
    }
}

/// A time, in nanoseconds since 1970. The end of its range lies in the year 2262.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(pub(super) Timestamp);

impl At {
    pub(super) fn nanoseconds(self) -> i64 {
        let exact = self.0.as_nanosecond();
        i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
    }
}

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.nanoseconds().into())
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let nanoseconds = value.as_i64()?;
        Timestamp::from_nanosecond(nanoseconds.into()).map(At).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

/// A type that stands in the database as its number.
macro_rules! keys {
    ($($type:ident,)+) => {$(
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map($type)
            }
        }
    )+};
}

keys!(EdgeKey, LoginKey,);

/// The edges of a record, each once and in order, so that equal sets are equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edges(Vec<EdgeKey>);

impl Edges {
    pub(super) fn of(mut keys: Vec<EdgeKey>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        Edges(keys)
    }

    pub(super) fn len(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    pub(super) fn contains(&self, key: EdgeKey) -> bool {
        self.0.binary_search(&key).is_ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = EdgeKey> {
        self.0.iter().copied()
    }

    /// Those that are none of these.
    pub(super) fn without(&self, these: &[EdgeKey]) -> Self {
        Edges::of(self.iter().filter(|key| !these.contains(key)).collect())
    }

    /// Those of both.
    pub(super) fn and(&self, other: &Edges) -> Self {
        Edges::of(self.iter().chain(other.iter()).collect())
    }
}

impl ToSql for Edges {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|key| key.0.to_be_bytes()).collect();
        Ok(bytes.into())
    }
}

impl FromSql for Edges {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let (keys, rest) = value.as_blob()?.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(FromSqlError::InvalidType);
        }
        Ok(Edges(keys.iter().map(|key| EdgeKey(i64::from_be_bytes(*key))).collect()))
    }
}

/// A count that SQL made.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A number that SQL takes.
pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A limit that SQL takes.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The word that stands for a variant without contents.
pub(super) fn word(variant: &impl Serialize) -> Result<String> {
    match serde_json::to_value(variant)? {
        Value::String(word) => Ok(word),
        _ => Err(Fault::other("a word was expected")),
    }
}

/// The variant that a word stands for.
pub(super) fn from_word<T: DeserializeOwned>(word: String) -> Result<T> {
    Ok(serde_json::from_value(Value::String(word))?)
}
