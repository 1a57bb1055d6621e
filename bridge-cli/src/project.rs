//! A new connector, written to disk.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    library::Library,
    name::Name,
    template::{COMMON, Template},
};

/// A connector that is not there yet.
#[derive(Debug)]
pub struct Project {
    pub name: Name,
    pub template: Template,
    pub library: Library,
}

impl Project {
    /// Writes it into a folder of its name here, and says what to do next.
    ///
    /// # Errors
    /// There is something of that name, or it cannot be written. Nothing that is there is ever changed.
    pub fn write(&self) -> Result<String, String> {
        if let Some(taken) = self.template.crates().find(|taken| self.name.is_crate(taken)) {
            let name = &self.name;
            return Err(format!(
                "`{name}` depends on the crate `{taken}`, so it needs another name; try `{name}-connector`"
            ));
        }
        self.write_to(Path::new(&self.name.to_string()))?;
        Ok(format!(
            "{name}: a connector, from the template `{template}`\n\n  cd {name}\n  cargo test\n  cargo run -- dev{once}\n\n\
             README.md says what to change, and how to run it against Iden.",
            name = self.name,
            template = format!("{:?}", self.template).to_lowercase(),
            once = if self.template == Template::Ldap {
                " --once        # on a test directory: see README.md"
            } else {
                " --once"
            },
        ))
    }

    fn write_to(&self, folder: &Path) -> Result<(), String> {
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |error: std::io::Error| format!("{path} cannot be written: {error}")
        };
        match fs::create_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(format!("there is a `{}` already; choose another name, or remove it", folder.display()));
            }
            made => made.map_err(failed(folder))?,
        }
        for (path, text) in self.files() {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(failed(parent))?;
            }
            fs::write(&path, text).map_err(failed(&path))?;
        }
        Ok(())
    }

    /// All files, by their paths in the project.
    fn files(&self) -> Vec<(PathBuf, String)> {
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        for (path, text) in COMMON {
            files.push((self.filled(path).into(), self.filled(text)));
        }
        files.push(("bridge.toml".into(), self.filled(self.template.settings())));
        files.push(("tests/system/mod.rs".into(), self.filled(self.template.system())));
        for (path, text) in self.template.fixtures() {
            files.push((path.into(), (*text).to_owned()));
        }
        for (path, text) in self.template.sources() {
            let folder = if path.ends_with(".rs") { "src" } else { "" };
            files.push((Path::new(folder).join(path), self.moved(text)));
        }
        files
    }

    /// With this project's environment variables in place of the example's.
    fn renamed(&self, text: &str) -> String {
        match self.template.variables() {
            Some(theirs) => text.replace(theirs, &self.name.variables()),
            None => text.to_owned(),
        }
    }

    fn filled(&self, text: &str) -> String {
        let text = text
            .replace("{{name}}", &self.name.to_string())
            .replace("{{title}}", &self.name.title())
            .replace("{{dependencies}}", self.template.dependencies().trim_end())
            .replace("{{iden-bridge}}", &self.library.dependency(""))
            .replace("{{bridge-sandbox}}", &self.library.dependency("bridge-sandbox"))
            .replace("{{about}}", self.template.about());
        self.renamed(&text)
    }

    /// A file of an example, where the example has become a project.
    fn moved(&self, text: &str) -> String {
        let example = self.template.example();
        let text = text
            .replace(&format!("CSV_FOLDER=examples/{example}/sample "), "")
            .replace(&format!("cargo run --example {example} -- "), "cargo run -- ")
            .replace("../../tests/common/", "../tests/common/")
            .replace(&format!("\"{}\"", self.template.title()), &format!("\"{}\"", self.name.title()));
        self.renamed(&text)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use clap::ValueEnum;
    use tempfile::TempDir;

    use super::*;

    fn projects() -> impl Iterator<Item = Project> {
        Template::value_variants().iter().map(|template| Project {
            name: "my-connector".parse().unwrap(),
            template: *template,
            library: Library::Folder("/repository".into()),
        })
    }

    #[test]
    fn nothing_in_a_project_is_left_open_or_points_back_to_the_example() {
        for project in projects() {
            for (path, text) in project.files() {
                let title = format!("\"{}\"", project.template.title());
                let open = ["{{name", "{{title", "{{about", "{{depend", "{{iden", "{{bridge"];
                for left in open.into_iter().chain(["--example", "../../tests", "../../examples", "examples/", &title])
                {
                    let line = text.lines().find(|line| line.contains(left));
                    assert!(line.is_none(), "`{left}` in {}: {line:?}", path.display());
                }
                assert!(!path.display().to_string().contains('{'), "{}", path.display());
            }
        }
    }

    #[test]
    fn its_manifest_names_the_library_and_the_program() {
        for project in projects() {
            let files = project.files();
            let (_, manifest) = files.iter().find(|(path, _)| path == Path::new("Cargo.toml")).unwrap();
            let manifest: toml::Table = manifest.parse().unwrap();
            assert_eq!(manifest["package"]["name"].as_str(), Some("my-connector"));
            let path = |table: &str, name: &str| manifest[table][name]["path"].as_str().unwrap().to_owned();
            assert_eq!(path("dependencies", "iden-bridge"), "/repository/");
            assert_eq!(path("dev-dependencies", "bridge-sandbox"), "/repository/bridge-sandbox");
            let (_, settings) = files.iter().find(|(path, _)| path == Path::new("bridge.toml")).unwrap();
            assert!(settings.parse::<toml::Table>().is_ok(), "{settings}");
        }
    }

    #[test]
    fn a_name_of_a_crate_that_the_connector_depends_on_is_refused() {
        for (name, template, taken) in [
            ("serde", Template::Rest, "serde"),
            ("serde-json", Template::Sql, "serde_json"),
            ("axum", Template::Rest, "axum"),
        ] {
            let project =
                Project { name: name.parse().unwrap(), template, library: Library::Folder("/repository".into()) };
            let why = project.write().unwrap_err();
            assert!(why.contains(&format!("depends on the crate `{taken}`")), "{why}");
            assert!(!Path::new(name).exists());
        }
    }

    #[test]
    fn its_environment_variables_have_its_own_name() {
        for project in projects() {
            let ours = ["ACME_HR_", "REST_PAGED_"];
            for (path, text) in project.files() {
                let line = text.lines().find(|line| ours.iter().any(|ours| line.contains(ours)));
                assert!(line.is_none(), "{}: {line:?}", path.display());
            }
        }
        let rest = projects().find(|project| project.template == Template::Rest).unwrap();
        let all: String = rest.files().into_iter().map(|(_, text)| text).collect();
        assert!(all.contains("MY_CONNECTOR_URL") && all.contains("MY_CONNECTOR_TOKEN"));
    }

    /// Skipped where rustfmt is not installed.
    #[test]
    fn its_code_is_formatted_whatever_its_name() {
        for name in ["a", "my-connector", "a-connector-with-the-longest-name-of-all"] {
            for project in projects() {
                let here = TempDir::new().unwrap();
                let project = Project { name: name.parse().unwrap(), ..project };
                let folder = here.path().join(name);
                project.write_to(&folder).unwrap();
                let sources = project.files().into_iter().map(|(path, _)| folder.join(path));
                let sources = sources.filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
                let mut rustfmt = Command::new("rustfmt");
                match rustfmt.args(["--check", "--edition", "2024"]).args(sources).output() {
                    Ok(said) => assert!(
                        said.status.success(),
                        "{name}, {:?}:\n{}{}",
                        project.template,
                        String::from_utf8_lossy(&said.stdout),
                        String::from_utf8_lossy(&said.stderr)
                    ),
                    Err(why) => {
                        assert!(std::env::var_os("BRIDGE_REQUIRE_TOOLS").is_none(), "rustfmt: {why}");
                        eprintln!("SKIPPED: rustfmt: {why}");
                    }
                }
            }
        }
    }

    /// What `systemd-analyze` says of the unit, and whether it is content. `None`, with a line that says so, if it is not
    /// installed.
    fn analyze(arguments: &[&str]) -> Option<(bool, String)> {
        let here = TempDir::new().unwrap();
        let folder = here.path().join("my-connector");
        projects().next().unwrap().write_to(&folder).unwrap();
        let unit = folder.join("my-connector.service");
        let text = fs::read_to_string(&unit).unwrap();
        // The program is not installed here.
        fs::write(&unit, text.replace("/usr/local/bin/my-connector", "/bin/sh")).unwrap();
        match Command::new("systemd-analyze").args(arguments).arg(&unit).output() {
            Ok(said) => {
                let text = [said.stdout, said.stderr].concat();
                Some((said.status.success(), String::from_utf8_lossy(&text).into_owned()))
            }
            Err(why) => {
                assert!(std::env::var_os("BRIDGE_REQUIRE_TOOLS").is_none(), "systemd-analyze: {why}");
                eprintln!("SKIPPED: systemd-analyze: {why}");
                None
            }
        }
    }

    #[test]
    fn systemd_takes_its_unit() {
        let Some((passed, said)) = analyze(&["verify", "--man=no"]) else { return };
        assert!(passed && !said.contains("my-connector.service:"), "{said}");
    }

    #[test]
    fn its_unit_is_exposed_less_than_2_of_10() {
        // In tenths. It fails above the threshold.
        let Some((passed, said)) = analyze(&["security", "--offline=true", "--threshold=20"]) else { return };
        assert!(passed && said.contains("Overall exposure level"), "{said}");
    }

    /// Answers one request with this status line.
    fn answer_once(listener: std::net::TcpListener, status: &'static str) -> std::thread::JoinHandle<String> {
        use std::io::{Read as _, Write as _};

        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = String::new();
            // bash sends it line by line.
            while !request.ends_with("\r\n\r\n") {
                let mut bytes = [0; 1024];
                let length = stream.read(&mut bytes).unwrap();
                assert!(length > 0, "it ends in the middle: {request:?}");
                request.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
            }
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
            request
        })
    }

    #[cfg(unix)]
    #[test]
    fn the_health_check_of_its_image_follows_livez() {
        let (_, dockerfile) =
            projects().next().unwrap().files().into_iter().find(|(path, _)| path == Path::new("Dockerfile")).unwrap();
        let check = dockerfile.lines().find(|line| line.starts_with("HEALTHCHECK ")).unwrap();
        let (_, command) = check.split_once(" CMD ").unwrap();
        let command: toml::Table = format!("command = {command}").parse().unwrap();
        let words: Vec<&str> =
            command["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        let run = |port: u16| {
            let script = words[2].replace("9480", &port.to_string());
            Command::new(words[0]).args([words[1], &script]).output().unwrap().status.success()
        };
        for (status, healthy) in [("200 OK", true), ("503 Service Unavailable", false)] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let answering = answer_once(listener, status);
            assert_eq!(run(port), healthy, "{status}");
            assert_eq!(answering.join().unwrap(), "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assert!(!run(port), "nobody listens any more");
        }
    }

    #[test]
    fn what_is_there_is_left_alone() {
        let here = TempDir::new().unwrap();
        let folder = here.path().join("my-connector");
        let project = projects().next().unwrap();
        project.write_to(&folder).unwrap();
        fs::write(folder.join("README.md"), "mine").unwrap();
        let error = project.write_to(&folder).unwrap_err();
        assert!(error.contains("already"), "{error}");
        assert_eq!(fs::read_to_string(folder.join("README.md")).unwrap(), "mine");
    }
}
