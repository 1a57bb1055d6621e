//! The machine.

use std::{env, io, path::PathBuf};

use crate::{command_line::CommandLine, error::HostError, etc::Etc};

#[derive(Debug)]
pub struct Host {
    /// `/`, or what stands for it.
    pub root: PathBuf,
    /// Whether tasks are carried out.
    pub apply: bool,
}

impl Host {
    pub async fn open(apply: bool) -> io::Result<Host> {
        let root = env::var_os("LINUX_HOST_ROOT").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let host = Host { root, apply };
        // Whatever is wrong with the files should be said now, and not in the middle of a sync.
        host.etc()?;
        Ok(host)
    }

    pub fn etc(&self) -> io::Result<Etc> {
        Etc::read(&self.root)
    }

    /// Runs these one after another, or only says so.
    pub fn execute(&self, commands: Vec<CommandLine>) -> Result<(), HostError> {
        let commands = commands.into_iter().map(|command| command.below(&self.root));
        if self.apply {
            return commands.into_iter().try_for_each(|command| command.run());
        }
        let commands = commands.map(|command| command.to_string()).collect::<Vec<_>>().join(" && ");
        // On standard error: standard output is for results, which may be JSON.
        eprintln!("would run: {commands}");
        Err(HostError::DryRun(commands))
    }
}
