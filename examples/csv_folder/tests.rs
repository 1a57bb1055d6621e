//! Exports as they should not be.

use std::{fs, path::Path};

use iden_bridge::testing;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    export::Export,
    folder::{Folder, Settings},
    model::{Department, Person},
};

const PEOPLE: &str = "\
status,number,email,first_name,last_name,room
employed, 7 ,ann@acme.example,Ann,Lee,1
on_leave,8,bob@acme.example,Bob,,2
left,9,eve@acme.example,Eve,\"O'Neill, jr.\",3
";

/// A folder of these people, with Ann in two departments.
fn export(people: &str) -> (TempDir, Folder) {
    let folder = TempDir::new().unwrap();
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
    write("people.csv", people);
    write("departments.csv", "id,name\neng,Engineering\nfin,Finance\n");
    write("members.csv", "department,person\neng,7\nfin,7\nfin,8\n");
    let path = folder.path().to_owned();
    (folder, Folder { path })
}

async fn people(folder: &Folder) -> testing::Read {
    testing::read::<Person>(folder).await
}

#[tokio::test]
async fn columns_are_found_by_name_and_people_have_their_departments() {
    let (_files, folder) = export(PEOPLE);
    let read = people(&folder).await;
    assert!(read.end.is_ok() && read.unreadable.is_empty());
    let expected: [Value; 3] = [
        json!({"id": "7", "email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee", "status": "active",
            "memberships": {"department": ["eng", "fin"]}}),
        json!({"id": "8", "email": "bob@acme.example", "first_name": "Bob", "status": "suspended",
            "memberships": {"department": ["fin"]}}),
        json!({"id": "9", "email": "eve@acme.example", "first_name": "Eve", "last_name": "O'Neill, jr.",
            "status": "inactive", "memberships": {"department": []}}),
    ];
    assert_eq!(read.records, expected);
    assert_eq!(testing::read::<Department>(&folder).await.records.len(), 2);
}

#[tokio::test]
async fn a_line_that_cannot_be_read_is_reported_and_keeps_its_person() {
    let (_files, folder) = export(&format!("{PEOPLE}retired,10,pat@acme.example,Pat,Doe,4\nemployed,11\n"));
    let read = people(&folder).await;
    assert!(read.end.is_ok());
    assert_eq!(read.records.len(), 3);
    let [(Some(id), why), (None, short)] = &read.unreadable[..] else { panic!("{:?}", read.unreadable) };
    assert!(id == "10" && why.contains("retired"), "{why}");
    assert!(short.contains("2 fields"), "{short}");
}

#[tokio::test]
async fn a_missing_column_or_file_is_an_error_and_no_empty_list() {
    let (files, folder) = export("number,first_name,status\n7,Ann,employed\n");
    let error = people(&folder).await.end.unwrap_err().to_string();
    assert!(error.contains("people.csv has no column `email`; it has `number`, `first_name`, `status`"), "{error}");
    fs::remove_file(files.path().join("departments.csv")).unwrap();
    let error = testing::read::<Department>(&folder).await.end.unwrap_err().to_string();
    assert!(error.contains("departments.csv"), "{error}");
}

/// Which membership a broken line was, nobody can tell; without it somebody would lose a department.
#[tokio::test]
async fn a_membership_that_cannot_be_read_stops_the_sync() {
    let (files, folder) = export(PEOPLE);
    fs::write(files.path().join("members.csv"), "department,person\neng,seven\n").unwrap();
    let error = people(&folder).await.end.unwrap_err().to_string();
    assert!(error.contains("members.csv cannot be read"), "{error}");
}

#[tokio::test]
async fn an_export_that_is_written_while_it_is_read_is_not_taken_for_one() {
    let (files, folder) = export(PEOPLE);
    let export = Export::read(folder.path).unwrap();
    assert!(export.must_be_unchanged().is_ok());
    fs::write(files.path().join("people.csv"), "number,email,first_name,last_name,status\n").unwrap();
    assert!(export.must_be_unchanged().unwrap_err().is_busy());
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said_before_anything_else() {
    let settings = serde_json::from_value::<Settings>(json!({"folder": "/no/such/folder"})).unwrap();
    let error = Folder::open(settings).await.unwrap_err().to_string();
    assert!(error.contains("/no/such/folder is no folder") && !Path::new("/no/such/folder").exists(), "{error}");
}
