//! The hub as a program of its own, on real sockets: started, killed and started again on the same port and data.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// How long a hub may take to listen on a busy machine.
const START_MAX: Duration = Duration::from_mins(1);
/// The operator's token of these hubs.
pub const ADMIN_TOKEN: &str = "the-operator-of-this-test";

/// A hub's program with its data.
pub struct HubProgram {
    /// Where it listens.
    pub address: SocketAddr,
    data: TempDir,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl HubProgram {
    /// Starts a hub on a free port of the loopback interface.
    ///
    /// # Errors
    /// When it was not built or does not start.
    pub async fn start(arguments: &[&str]) -> io::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let mut hub = Self { address, data: tempfile::tempdir()?, arguments, child: None };
        hub.restart().await?;
        Ok(hub)
    }

    /// Starts it again, and returns once it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&mut self) -> io::Result<()> {
        let mut child = Command::new(built("holdfast-server")?)
            .args(["--listen", &self.address.to_string(), "--admin-token", ADMIN_TOKEN, "--data-dir"])
            .arg(self.data.path())
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let listens = async {
            // Its banner is printed when it listens.
            while let Some(line) = lines.next_line().await? {
                if line.contains("/r/") {
                    return Ok(());
                }
            }
            Err(io::Error::other("the hub ended before it listened"))
        };
        timeout(START_MAX, listens).await??;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        self.child = Some(child);
        Ok(())
    }

    /// Ends it without a word (SIGKILL).
    ///
    /// # Errors
    /// When it is not running.
    pub async fn kill(&mut self) -> io::Result<()> {
        match self.child.take() {
            Some(mut child) => child.kill().await,
            None => Err(io::Error::other("it is not running")),
        }
    }
}

/// A program of the workspace, built before the tests (tests/run.sh).
///
/// # Errors
/// When it is not there.
pub fn built(name: &str) -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(|deps| deps.parent()).ok_or(io::ErrorKind::NotFound)?;
    let program = folder.join(name);
    let missing = || io::Error::other(format!("{} is not there: cargo build --workspace", program.display()));
    if program.is_file() { Ok(program) } else { Err(missing()) }
}
