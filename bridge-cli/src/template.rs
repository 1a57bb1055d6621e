//! What a new connector is made of.
//!
//! The sources are those of the examples, which are compiled, tested and read as they are: there is no second copy that could
//! be older. `templates` holds what only a project of its own has.

use clap::ValueEnum;

/// A file, by its path in the project.
pub type File = (&'static str, &'static str);

macro_rules! sources {
    ($example:literal: $($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../examples/", $example, "/", $file)))),*]
    };
}

/// The system that the connector reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// A database: SQLite, all six tasks
    Sql,
    /// A JSON API with pages, all six tasks
    Rest,
    /// A folder of CSV files, read only
    Csv,
    /// An LDAP directory, all six tasks
    Ldap,
}

impl Template {
    /// The example that it is made from.
    pub fn example(self) -> &'static str {
        match self {
            Template::Sql => "acme_hr",
            Template::Rest => "rest_paged",
            Template::Csv => "csv_folder",
            Template::Ldap => "ldap_directory",
        }
    }

    /// The example's name for itself, in front of Iden.
    pub fn title(self) -> &'static str {
        match self {
            Template::Sql => "Acme HR",
            Template::Rest => "REST directory",
            Template::Csv => "CSV folder",
            Template::Ldap => "LDAP directory",
        }
    }

    /// What the environment variables begin with that have the example's name; those of a project have its own. Others name
    /// the system, as `LDAP_URL` does.
    pub fn variables(self) -> Option<&'static str> {
        match self {
            Template::Sql => Some("ACME_HR_"),
            Template::Rest => Some("REST_PAGED_"),
            Template::Csv | Template::Ldap => None,
        }
    }

    /// The crates that its `Cargo.toml` names.
    pub fn crates(self) -> impl Iterator<Item = &'static str> {
        self.dependencies().lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name)
    }

    /// The example's files, by their paths in it.
    pub fn sources(self) -> &'static [File] {
        match self {
            Template::Sql => sources!("acme_hr":
                "database.rs", "error.rs", "main.rs", "model.rs", "people.rs", "rehearsal.rs", "seed.rs", "source.rs",
                "tasks.rs", "tests.rs"),
            Template::Rest => sources!("rest_paged":
                "api.rs", "directory.rs", "error.rs", "main.rs", "model.rs", "rehearsal.rs", "service.rs", "source.rs",
                "tasks.rs", "tests.rs"),
            Template::Csv => sources!("csv_folder":
                "export.rs", "folder.rs", "line.rs", "main.rs", "model.rs", "sample/departments.csv",
                "sample/members.csv", "sample/people.csv", "source.rs", "table.rs", "tests.rs"),
            Template::Ldap => sources!("ldap_directory":
                "connection.rs", "directory.rs", "entry.rs", "error.rs", "login.rs", "main.rs", "members.rs", "model.rs",
                "rehearsal.rs", "source.rs", "tasks.rs", "tests.rs"),
        }
    }

    /// Files that its tests share with those of the repository.
    pub fn fixtures(self) -> &'static [File] {
        match self {
            Template::Ldap => &[("tests/common/slapd.rs", include_str!("../../tests/common/slapd.rs"))],
            _ => &[],
        }
    }

    /// What `Cargo.toml` says of other crates, dependencies first.
    pub fn dependencies(self) -> &'static str {
        match self {
            Template::Sql => include_str!("../templates/sql/dependencies.toml"),
            Template::Rest => include_str!("../templates/rest/dependencies.toml"),
            Template::Csv => include_str!("../templates/csv/dependencies.toml"),
            Template::Ldap => include_str!("../templates/ldap/dependencies.toml"),
        }
    }

    /// `bridge.toml`.
    pub fn settings(self) -> &'static str {
        match self {
            Template::Sql => include_str!("../templates/sql/bridge.toml"),
            Template::Rest => include_str!("../templates/rest/bridge.toml"),
            Template::Csv => include_str!("../templates/csv/bridge.toml"),
            Template::Ldap => include_str!("../templates/ldap/bridge.toml"),
        }
    }

    /// What its `README.md` says of the system.
    pub fn about(self) -> &'static str {
        match self {
            Template::Sql => {
                "It begins with a database of 312 people, which it makes: `src/database.rs` opens yours instead, and \
                 `src/seed.rs` goes."
            }
            Template::Rest => {
                "It begins with an API that it serves for itself. REST_PAGED_URL and REST_PAGED_TOKEN lead to yours. Then remove the \
                 marked lines in `src/directory.rs`, and put `#[cfg(test)]` before `mod service;` in `src/main.rs`: the tests go on \
                 with that API, until you change it to what yours does."
            }
            Template::Csv => "It begins with the files in `sample`. `folder` in `bridge.toml` leads to yours.",
            Template::Ldap => {
                "LDAP_URL, LDAP_BASE, LDAP_BIND_DN and LDAP_PASSWORD lead to your directory: `dev` needs them, too, and \
                 carries its tasks out there. The tests start an OpenLDAP server (slapd) of their own, and skip where it is \
                 not installed."
            }
        }
    }

    /// `tests/system/mod.rs`: the system that the test against the sandbox reads.
    pub fn system(self) -> &'static str {
        match self {
            Template::Sql => include_str!("../templates/sql/system.rs"),
            Template::Rest => include_str!("../templates/rest/system.rs"),
            Template::Csv => include_str!("../templates/system.rs"),
            Template::Ldap => include_str!("../templates/ldap/system.rs"),
        }
    }
}

/// Files of every project, in which `{{name}}` and the like are filled in.
pub const COMMON: &[File] = &[
    (".dockerignore", include_str!("../templates/dockerignore")),
    (".gitignore", include_str!("../templates/gitignore")),
    // The examples are formatted by it.
    ("rustfmt.toml", include_str!("../../rustfmt.toml")),
    ("Cargo.toml", include_str!("../templates/Cargo.toml.in")),
    ("Dockerfile", include_str!("../templates/Dockerfile.in")),
    ("README.md", include_str!("../templates/README.md.in")),
    ("{{name}}.service", include_str!("../templates/connector.service.in")),
    ("tests/sandbox.rs", include_str!("../templates/sandbox.rs.in")),
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    fn files(folder: &Path, prefix: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        entries
            .flat_map(|entry| {
                let name = format!("{prefix}{}", entry.file_name().display());
                if entry.path().is_dir() { files(&entry.path(), &format!("{name}/")) } else { BTreeSet::from([name]) }
            })
            .collect()
    }

    #[test]
    fn a_template_has_every_file_of_its_example() {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        for template in Template::value_variants() {
            let listed: BTreeSet<_> = template.sources().iter().map(|(path, _)| (*path).to_owned()).collect();
            assert_eq!(listed, files(&examples.join(template.example()), ""), "{template:?}");
        }
    }

    /// A project is no place for other versions than those that the examples are tested with.
    #[test]
    fn dependencies_are_those_that_the_examples_are_tested_with() {
        let root = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml")).unwrap();
        let root: toml::Table = root.parse().unwrap();
        let version = |of: &toml::Value| of.as_str().or_else(|| of.get("version")?.as_str()).unwrap().to_owned();
        for template in Template::value_variants() {
            let project: toml::Table = template.dependencies().parse().unwrap();
            for table in ["dependencies", "dev-dependencies"] {
                for (name, dependency) in project[table].as_table().unwrap() {
                    let ours = &root["workspace"]["dependencies"][name];
                    assert_eq!(version(dependency), version(ours), "{name} of {template:?}");
                }
            }
        }
    }
}
