//! The files at one moment.

use std::{collections::HashMap, fs, path::PathBuf, time::SystemTime};

use iden_bridge::SourceError;

use crate::{
    line::{DepartmentLine, MemberLine, PersonLine},
    table::{Line, Table},
};

const FILES: [&str; 3] = [DepartmentLine::FILE, PersonLine::FILE, MemberLine::FILE];

/// One export: which files it is made of, and who is in which department. The other files are read line by line, so that
/// their size does not matter.
#[derive(Debug)]
pub struct Export {
    folder: PathBuf,
    stamps: Stamps,
    departments: HashMap<u32, Vec<String>>,
}

/// Length and time of the last change of each file.
type Stamps = [(u64, SystemTime); 3];

impl Export {
    pub fn read(folder: PathBuf) -> Result<Self, SourceError> {
        let stamps = stamps(&folder)?;
        let mut departments: HashMap<u32, Vec<String>> = HashMap::new();
        let mut members = Table::<MemberLine>::open(&folder)?;
        while let Some(line) = members.next()? {
            // Which membership is missing nobody can tell. Whoever it is must not lose it, so nothing is synced.
            let line =
                line.map_err(|bad| SourceError::new(format!("{} cannot be read: {}", MemberLine::FILE, bad.why)))?;
            departments.entry(line.person).or_default().push(line.department);
        }
        Ok(Export { folder, stamps, departments })
    }

    /// The departments of somebody.
    pub fn departments_of(&self, person: u32) -> &[String] {
        self.departments.get(&person).map_or(&[], Vec::as_slice)
    }

    pub fn table<L: Line>(&self) -> Result<Table<L>, SourceError> {
        Table::open(&self.folder)
    }

    /// Is it the same export still? One that is written while it is read is half of the old and half of the new.
    ///
    /// Asked when the end of a file was reached. An exporter that writes the files anew beside the folder and exchanges them
    /// by renaming is the better half of this.
    pub fn must_be_unchanged(&self) -> Result<(), SourceError> {
        if stamps(&self.folder)? == self.stamps {
            return Ok(());
        }
        Err(SourceError::busy(None, "the files changed while they were read: a new export is being written"))
    }
}

fn stamps(folder: &std::path::Path) -> Result<Stamps, SourceError> {
    let mut stamps = [(0, SystemTime::UNIX_EPOCH); 3];
    for (stamp, file) in stamps.iter_mut().zip(FILES) {
        let path = folder.join(file);
        let file = fs::metadata(&path).map_err(|error| SourceError::new(format!("{}: {error}", path.display())))?;
        *stamp = (file.len(), file.modified()?);
    }
    Ok(stamps)
}
