//! One file, line by line.

use std::{fs::File, marker::PhantomData, path::Path};

use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use iden_bridge::SourceError;
use serde::de::DeserializeOwned;

/// A line of a file of this name.
pub trait Line: DeserializeOwned {
    const FILE: &'static str;
    /// The column that says which line it is.
    const ID: &'static str;
    /// The columns that have to be there.
    const COLUMNS: &'static [&'static str];
}

/// A line that says nothing sensible.
#[derive(Debug)]
pub struct BadLine {
    /// What stands in its id column, if it has one.
    pub id: Option<String>,
    pub why: String,
}

pub struct Table<L> {
    reader: Reader<File>,
    headers: StringRecord,
    _line: PhantomData<L>,
}

impl<L: Line> Table<L> {
    pub fn open(folder: &Path) -> Result<Self, SourceError> {
        let path = folder.join(L::FILE);
        let file = File::open(&path).map_err(|error| SourceError::new(format!("{}: {error}", path.display())))?;
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(file);
        let headers = reader.headers()?.clone();
        // Said once, instead of once for each line.
        if let Some(missing) = L::COLUMNS.iter().find(|column| !headers.iter().any(|header| header == **column)) {
            let there = headers.iter().collect::<Vec<_>>().join("`, `");
            return Err(SourceError::new(format!("{} has no column `{missing}`; it has `{there}`", path.display())));
        }
        Ok(Table { reader, headers, _line: PhantomData })
    }

    /// The next line; `None` at the end of the file.
    pub fn next(&mut self) -> Result<Option<Result<L, BadLine>>, SourceError> {
        let mut record = StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(false) => Ok(None),
            Ok(true) => {
                let line = record.deserialize(Some(&self.headers));
                Ok(Some(line.map_err(|error| BadLine { id: self.id(&record), why: error.to_string() })))
            }
            // The disk failed, which is no matter of one line.
            Err(error) if error.is_io_error() => Err(error.into()),
            // Too many fields, or no UTF-8: the next line may be good.
            Err(error) => Ok(Some(Err(BadLine { id: None, why: error.to_string() }))),
        }
    }

    fn id(&self, record: &StringRecord) -> Option<String> {
        let at = self.headers.iter().position(|header| header == L::ID)?;
        record.get(at).map(str::to_owned)
    }
}
