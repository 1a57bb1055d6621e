//! Reading the export.

use std::sync::Arc;

use iden_bridge::{BlockingOut, Resource, prelude::*};

use crate::{
    export::Export,
    folder::Folder,
    line::{DepartmentLine, PersonLine},
    model::{Department, Person},
    table::{BadLine, Line},
};

impl Source<Department> for Folder {
    // One export is one state of the system.
    const SNAPSHOT: bool = true;

    async fn read(&self, out: &Out<Department>) -> Result<(), SourceError> {
        each_line(self, out, |_, line: Result<DepartmentLine, BadLine>, out| match line {
            Ok(line) => out.push(Department::from(line)),
            Err(bad) => out.unreadable(bad.id, bad.why),
        })
        .await
    }
}

impl Source<Person> for Folder {
    const SNAPSHOT: bool = true;

    async fn read(&self, out: &Out<Person>) -> Result<(), SourceError> {
        each_line(self, out, |export, line: Result<PersonLine, BadLine>, out| match line {
            Ok(line) => {
                let departments = export.departments_of(line.number);
                out.push(line.into_person(departments))
            }
            // Such a person counts as present: nobody loses an account for a typing error in a file.
            Err(bad) => out.unreadable(bad.id.and_then(|id| id.parse().ok()), bad.why),
        })
        .await
    }
}

/// Walks over the lines of a file on a thread of its own: files block, and so does `push` while Iden is busy.
async fn each_line<R: Resource, L: Line>(
    folder: &Folder,
    out: &Out<R>,
    take: impl Fn(&Export, Result<L, BadLine>, &BlockingOut<R>) -> Result<(), SourceError> + Send + 'static,
) -> Result<(), SourceError> {
    // The export of this session: read once for both types, so that both are of the same night.
    let path = folder.path.clone();
    let export: Arc<Export> =
        out.shared(|| async { tokio::task::spawn_blocking(move || Export::read(path)).await? }).await?;
    out.blocking(move |out| {
        let mut table = export.table::<L>()?;
        while let Some(line) = table.next()? {
            take(&export, line, out)?;
        }
        export.must_be_unchanged()
    })
    .await
}
