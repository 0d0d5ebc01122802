//! A function as Lambda runs it: its program as a process, and what the system knows about that.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tempfile::NamedTempFile;

use super::runtime_api::{Invocation, RuntimeApi};
use crate::Outcome;

/// A running function. It is killed when dropped.
pub(crate) struct Function {
    child: Child,
    runtime: RuntimeApi,
    log: NamedTempFile,
    /// From its spawn until it asked for its first event.
    pub(crate) init: Duration,
}

impl Function {
    /// Starts a program with the environment that Lambda gives it, and `settings`; waits for the end of INIT.
    pub(crate) async fn start(program: &Path, settings: &[(&str, String)]) -> Outcome<Self> {
        let mut runtime = RuntimeApi::serve().await?;
        let log = NamedTempFile::new()?;
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", &runtime.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "measured")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/measured")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/02/[$LATEST]0")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "an example")
            .env("AWS_SESSION_TOKEN", "an example")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(File::options().append(true).open(log.path())?)
            .stderr(File::options().append(true).open(log.path())?);
        let spawned = Instant::now();
        let mut child = command
            .spawn()
            .map_err(|e| format!("{}: {e}", program.display()))?;
        let init = match runtime.ready().await {
            Ok(ready) => ready.duration_since(spawned),
            Err(e) => {
                let _ = child.kill();
                let said = fs::read_to_string(log.path())?;
                return Err(format!("{}: {e}: {said}", program.display()).into());
            }
        };
        Ok(Self {
            child,
            runtime,
            log,
            init,
        })
    }

    /// Has it answer an event, and waits until it asks for the next one.
    pub(crate) async fn invoke(&mut self, event: impl Into<Bytes>) -> Outcome<Invocation> {
        let answer = self.runtime.invoke(event.into()).await;
        let answer = answer.map_err(|e| format!("{e}: {}", self.log()))?;
        self.runtime.ready().await?;
        Ok(answer)
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// The processor time of all its threads so far.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        let mut sum = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may end in between.
            if let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) {
                sum += on_cpu(&text)?;
            }
        }
        Ok(sum)
    }

    /// The most memory that it ever held, in bytes.
    pub(crate) fn peak_memory(&self) -> Outcome<u64> {
        high_water(&fs::read_to_string(format!(
            "/proc/{}/status",
            self.child.id()
        ))?)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first figure of a `schedstat` file: nanoseconds on a processor.
fn on_cpu(schedstat: &str) -> Outcome<Duration> {
    let first = schedstat.split_whitespace().next();
    Ok(Duration::from_nanos(
        first.ok_or("an empty schedstat")?.parse()?,
    ))
}

/// The line `VmHWM` of a `status` file, in bytes.
fn high_water(status: &str) -> Outcome<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let figure = line.and_then(|line| line.split_whitespace().next());
    Ok(figure
        .ok_or("no VmHWM in the process's status")?
        .parse::<u64>()?
        * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_understood() {
        let status = "Name:\tget-app\nVmPeak:\t  9000 kB\nVmHWM:\t    3412 kB\nVmRSS:\t 3000 kB\n";
        assert_eq!(high_water(status).unwrap(), 3412 * 1024);
        assert!(high_water("Name: x").is_err());
        assert_eq!(on_cpu("1500 22 3\n").unwrap(), Duration::from_nanos(1500));
        assert!(on_cpu("").is_err());
    }

    #[test]
    fn the_kernel_says_so_here() {
        let own = fs::read_to_string("/proc/self/status").unwrap();
        assert!(high_water(&own).unwrap() > 1_000_000);
        let own = fs::read_to_string("/proc/self/schedstat").unwrap();
        assert!(on_cpu(&own).unwrap() > Duration::ZERO);
    }
}
