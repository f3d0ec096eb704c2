//! A server under test: a program of its own, held to one core, with what the kernel says it has used.

use std::{
    fs,
    io::{Error, Result},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{net::TcpStream, time::sleep};

/// How often a server that starts is tried, and how long each time is waited.
const TRIES: usize = 200;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
/// The kernel's clock ticks per second in `/proc`, on every Linux that a hub runs on.
const TICKS_PER_SECOND: u32 = 100;

/// The hub's limits are there for strangers, and load is nothing else. And an idle socket here is idle: its heartbeat
/// is sent once, and not again while its memory is looked at.
const HUB_ARGUMENTS: [&str; 4] =
    ["--limits=off", "--heartbeat-interval=5m", "--heartbeat-timeout=10m", "--log=warn"];

/// A running server; ended when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    data: Option<PathBuf>,
}

impl Server {
    /// Starts the hub at `program` on `core`, with its limits lifted.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn hub(program: &Path, core: usize) -> Result<Self> {
        let address = free_address()?;
        let data = std::env::temp_dir().join(format!("holdfast-bench-{}", address.port()));
        let mut command = on_core(core, program);
        command.args(["--listen", &address.to_string(), "--data-dir"]).arg(&data);
        command.args(HUB_ARGUMENTS);
        Self::start(command, address, Some(data)).await
    }

    /// Starts a bare relay on `core`; `program` takes its address as the last argument.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn bare(program: &Path, arguments: &[&str], core: usize) -> Result<Self> {
        let address = free_address()?;
        let mut command = on_core(core, program);
        command.args(arguments).arg(address.to_string());
        Self::start(command, address, None).await
    }

    async fn start(mut command: Command, address: SocketAddr, data: Option<PathBuf>) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut server = Self { child, address, data };
        for _ in 0..TRIES {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                return Err(Error::other(format!("{command:?} ended: {status}")));
            }
            sleep(BETWEEN_TRIES).await;
        }
        Err(Error::other(format!("{command:?} does not listen on {address}")))
    }

    /// Memory it has in RAM, in bytes.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.map(|kib| kib * 1_024).ok_or_else(|| Error::other("no VmRSS"))
    }

    /// Processor time it has used, its own and the kernel's for it.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn processor_time(&self) -> Result<Duration> {
        processor_time(&self.child.id().to_string())
    }
}

/// Processor time of the process so named in `/proc`.
///
/// # Errors
/// When the kernel does not say.
pub fn processor_time(process: &str) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name before may have spaces; user and system time are the 14th and 15th field.
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u32 =
        after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    Ok(Duration::from_secs(u64::from(ticks)) / TICKS_PER_SECOND)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(data) = &self.data {
            let _ = fs::remove_dir_all(data);
        }
    }
}

fn on_core(core: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]).arg(program);
    command
}

fn free_address() -> Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
