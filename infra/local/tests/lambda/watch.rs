//! The same tests through `cargo lambda watch`, which starts the processes.

use std::{
    ffi::OsString,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use load::SmokeTest;
use local::{DataLocation, LocalCloud, LocalOptions};
use tokio::time::{Instant, sleep};

use crate::binaries;

const START_TIMEOUT: Duration = Duration::from_secs(20);

/// `cargo lambda watch` with its child processes.
struct CargoLambdaWatch(Child);

impl CargoLambdaWatch {
    /// Starts it on a port, with the environment file of the local cloud.
    fn start(program: &OsString, port: u16, environment: &Path) -> Self {
        let child = Command::new(program)
            .args(["lambda", "watch", "--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()])
            .args(["--offline", "--ignore-changes", "--concurrency", "2", "--env-file"])
            .arg(environment)
            .current_dir(binaries::workspace())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.0.id());
        // the process may have ended already
        let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for CargoLambdaWatch {
    fn drop(&mut self) {
        // On SIGINT it ends the functions, which are in process groups of their own. If it is killed, their Runtime API
        // is gone and they end.
        self.signal("-INT");
        let asked = std::time::Instant::now();
        while asked.elapsed() < Duration::from_secs(5) {
            if self.0.try_wait().unwrap().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.signal("-KILL");
        self.0.wait().unwrap();
    }
}

/// The path of `cargo-lambda`, if it is installed.
fn cargo_lambda_path() -> Option<OsString> {
    let program = std::env::var_os("COLLOQUY_CARGO_LAMBDA").unwrap_or_else(|| "cargo-lambda".into());
    let found = Command::new(&program).args(["lambda", "--version"]).stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success()).then_some(program)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_talk_runs_through_cargo_lambda_watch() {
    let Some(program) = cargo_lambda_path() else {
        eprintln!(
            "skipped: cargo-lambda is not installed (pip install cargo-lambda, or set COLLOQUY_CARGO_LAMBDA)"
        );
        return;
    };
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let data = tempfile::tempdir().unwrap();
    let options = LocalOptions {
        data: DataLocation::Dir(data.path().to_owned()),
        lambda: Some(format!("http://127.0.0.1:{port}").parse().unwrap()),
        template: Some(binaries::workspace().join("template.yaml")),
        ..LocalOptions::default()
    };
    let local = LocalCloud::start(options).await.unwrap();
    // otherwise the first call of each function waits for its compiler
    binaries::build_all(&local).await;
    let _watch = CargoLambdaWatch::start(&program, port, &data.path().join("lambda.env"));
    let asked = Instant::now();
    while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        assert!(asked.elapsed() < START_TIMEOUT, "cargo lambda watch did not start to listen");
        sleep(Duration::from_millis(20)).await;
    }

    let mut seen = Vec::new();
    let verdict = SmokeTest::for_url(local.url().parse().unwrap()).run(&mut seen).await;
    assert!(verdict.is_ok(), "{verdict:?}\n{}", String::from_utf8_lossy(&seen));
    local.run_schedules().await;
    for binary in ["api-sessions", "socket-sessions", "worker-sessions", "cron-clock"] {
        let usage = local.runner().usage().into_iter().find(|usage| usage.binary == binary).unwrap();
        assert!(usage.invocations > 0 && usage.errors == 0, "{usage:?}");
    }
}
