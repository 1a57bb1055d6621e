//! Records that take something away, kept until the guard has passed.

use std::{
    fs::{DirBuilder, File},
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use bridge_core::Record;

/// A file without a name: it is gone when it is closed, or when the process is killed. Record contents stand in no other
/// file of ours.
///
/// Reading and writing are short and go to the page cache, so they are done in place.
#[derive(Debug)]
pub(super) struct HeldBack {
    /// `None`: a dry run, which counts the records and writes none of them.
    directory: Option<PathBuf>,
    file: Option<BufWriter<File>>,
    count: u64,
}

/// A record that was held back.
#[derive(Debug, PartialEq)]
pub(super) struct Kept {
    /// The journal's number for it.
    pub(super) number: u64,
    pub(super) id: String,
    /// As it goes over the wire.
    pub(super) json: Vec<u8>,
}

impl HeldBack {
    pub(super) fn within(directory: PathBuf) -> Self {
        HeldBack { directory: Some(directory), file: None, count: 0 }
    }

    /// For a dry run: nothing is pushed, so no record is kept.
    pub(super) fn only_counted() -> Self {
        HeldBack { directory: None, file: None, count: 0 }
    }

    /// How many records were added.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn add(&mut self, number: u64, record: &Record) -> io::Result<()> {
        let Some(directory) = &self.directory else {
            self.count += 1;
            return Ok(());
        };
        if self.file.is_none() {
            self.file = Some(BufWriter::new(unnamed_file(directory)?));
        }
        let file = self.file.as_mut().expect("it was just opened");
        let mut json = Vec::with_capacity(record.size());
        record.append_json(&mut json);
        file.write_all(&number.to_le_bytes())?;
        for part in [record.id().as_bytes(), &json] {
            file.write_all(&(part.len() as u64).to_le_bytes())?;
            file.write_all(part)?;
        }
        self.count += 1;
        Ok(())
    }

    /// The records in the order in which they were added.
    pub(super) fn into_records(self) -> io::Result<impl Iterator<Item = io::Result<Kept>>> {
        let mut reader = match self.file {
            Some(file) => {
                let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.seek(SeekFrom::Start(0))?;
                Some(BufReader::new(file))
            }
            None => None,
        };
        let mut left = self.count;
        Ok(std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            Some(read(reader.as_mut()?))
        }))
    }
}

/// A file without a name in the state directory, which a journal of the user's own does not create. Never in the system's
/// temporary directory: that is often in memory, and its mode is not ours.
fn unnamed_file(directory: &Path) -> io::Result<File> {
    match tempfile::tempfile_in(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut builder = DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.recursive(true).create(directory)?;
            tempfile::tempfile_in(directory)
        }
        file => file,
    }
}

fn read(file: &mut impl Read) -> io::Result<Kept> {
    let number = length(file)?;
    let mut part = || -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length(file)?).map_err(io::Error::other)?];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    let id = String::from_utf8(part()?).map_err(io::Error::other)?;
    Ok(Kept { number, id, json: part()? })
}

fn length(file: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use bridge_core::{BridgeResource, EdgeSchema, FieldError, RecordWriter, wire::Kind};

    use super::*;

    struct Team(u32);

    impl BridgeResource for Team {
        type Static = Team;
        type Id = u32;
        const SLUG: &'static str = "team";
        const NAME: &'static str = "Team";
        const KIND: Kind = Kind::Group;
        const EDGES: &'static [EdgeSchema] = &[];

        fn id(&self) -> u32 {
            self.0
        }

        fn write(&self, record: &mut RecordWriter) -> Result<(), FieldError> {
            record.text("name", "Änne\n")
        }
    }

    #[test]
    fn records_come_back_as_they_went_in_and_no_file_stays() {
        let directory = tempfile::tempdir().unwrap();
        let mut kept = HeldBack::within(directory.path().to_owned());
        for number in [7, 8] {
            kept.add(number, &Record::of(&Team(number as u32)).unwrap()).unwrap();
        }
        assert_eq!(kept.count(), 2);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "it has no name");
        let records: Vec<Kept> = kept.into_records().unwrap().map(Result::unwrap).collect();
        assert_eq!((records[1].number, records[1].id.as_str()), (8, "8"));
        assert_eq!(records[0].json, "{\"id\":\"7\",\"name\":\"Änne\\n\"}".as_bytes());
    }

    #[test]
    fn a_dry_run_counts_records_and_opens_no_file() {
        let mut kept = HeldBack::only_counted();
        kept.add(7, &Record::of(&Team(7)).unwrap()).unwrap();
        assert_eq!(kept.count(), 1);
        assert!(kept.file.is_none());
        assert_eq!(kept.into_records().unwrap().count(), 0);
    }

    #[test]
    fn a_state_directory_that_does_not_exist_is_created() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("state").join("app");
        let mut kept = HeldBack::within(state.clone());
        kept.add(7, &Record::of(&Team(7)).unwrap()).unwrap();
        assert!(state.is_dir());
        assert_eq!(kept.into_records().unwrap().count(), 1);
    }

    #[test]
    fn nothing_held_back_opens_no_file() {
        let kept = HeldBack::within("/nowhere".into());
        assert_eq!(kept.into_records().unwrap().count(), 0);
    }
}
