//! One call of a program.

use std::{
    fmt,
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
};

use iden_bridge::Secret;

use crate::error::HostError;

/// A program and its arguments. They stay apart until the kernel gets them: no shell reads them, so nothing in them is
/// ever special.
#[derive(Debug)]
pub struct CommandLine {
    program: &'static str,
    arguments: Vec<String>,
    input: Option<Secret>,
}

impl CommandLine {
    pub fn new(program: &'static str) -> Self {
        CommandLine { program, arguments: Vec::new(), input: None }
    }

    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// What it reads from standard input. Everybody on the machine can see arguments, and nobody sees this.
    pub fn input(mut self, input: Secret) -> Self {
        self.input = Some(input);
        self
    }

    /// The same for the files below `root`.
    pub fn below(mut self, root: &Path) -> Self {
        if root != Path::new("/") {
            self.arguments.splice(0..0, ["--prefix".to_owned(), root.display().to_string()]);
        }
        self
    }

    pub fn run(&self) -> Result<(), HostError> {
        let mut command = Command::new(self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("`{}` cannot be run: {error}", self.program)))?;
        if let (Some(input), Some(mut stdin)) = (&self.input, child.stdin.take()) {
            match stdin.write_all(input.expose().as_bytes()) {
                // It ended without reading; its exit code says more.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                written => written?,
            }
        }
        let output = child.wait_with_output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(HostError::Refused { program: self.program, status: output.status.to_string(), said })
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program)?;
        for argument in &self.arguments {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=+@".contains(c);
            if !argument.is_empty() && argument.chars().all(plain) {
                write!(f, " {argument}")?;
            } else {
                write!(f, " '{}'", argument.replace('\'', r"'\''"))?;
            }
        }
        if self.input.is_some() { f.write_str(" < (a secret)") } else { Ok(()) }
    }
}
