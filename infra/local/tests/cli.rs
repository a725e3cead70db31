//! The command `colloquy`, run as a user runs it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

const COLLOQUY: &str = env!("CARGO_BIN_EXE_colloquy");

/// A local cloud with the demo content.
struct ServedCloud {
    child: Child,
    /// The output until the demo was ready.
    banner: String,
}

impl ServedCloud {
    fn start(data: &PathBuf) -> Self {
        let mut child = Command::new(COLLOQUY)
            .args(["--port", "0", "--demo", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut banner = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            banner += &line.unwrap();
            banner.push('\n');
            if banner.contains("display_name") || banner.contains("could not be created") {
                break;
            }
        }
        Self { child, banner }
    }

    fn value_after(&self, label: &str) -> &str {
        let line = self.banner.lines().find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in:\n{}", self.banner)).trim()
    }
}

impl Drop for ServedCloud {
    fn drop(&mut self) {
        // SIGKILL, because acknowledged data must survive it
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn the_demo_survives_a_kill_and_is_created_once() {
    let data = std::env::temp_dir().join(format!("colloquy-cli-{}", rand::random::<u64>()));
    let created = {
        let first = ServedCloud::start(&data);
        assert!(first.value_after("socket").starts_with("ws://127.0.0.1:"));
        let second = Command::new(COLLOQUY).args(["--port", "0", "--data"]).arg(&data).output().unwrap();
        let stderr = String::from_utf8(second.stderr).unwrap();
        assert!(!second.status.success() && stderr.contains("is in use by another local cloud"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        first.value_after("session").to_owned() + first.value_after("join code")
    };
    let again = ServedCloud::start(&data);
    assert_eq!(again.value_after("session").to_owned() + again.value_after("join code"), created);
    drop(again);
    std::fs::remove_dir_all(&data).unwrap();
}

/// The success, standard output and standard error of `colloquy smoke`.
fn run_smoke(url: &str, arguments: &[&str]) -> (bool, String, String) {
    let ended = Command::new(COLLOQUY).args(["smoke", url]).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ended.status.success(), text(ended.stdout), text(ended.stderr))
}

#[test]
fn the_smoke_test_reports_every_check() {
    let data = tempfile::tempdir().unwrap();
    let served = ServedCloud::start(&data.path().to_owned());
    let url = served.value_after("API").trim_end_matches("/v1");

    // twice with the same address, because the first run deletes its account
    for _ in 0..2 {
        let (passed, lines, stderr) =
            run_smoke(url, &["--origin", "http://localhost:5173", "--mailbox", "ben@example.com"]);
        assert!(passed && lines.contains("checks passed") && !lines.contains('✗'), "{lines}{stderr}");
        for check in ["✓ health", "✓ register", "✓ vote ", "✓ mail", "✓ large-message", "✓ dead-token"]
        {
            assert!(lines.contains(check), "no {check} in {lines}");
        }
        assert!(lines.contains("ben@example.com"), "{lines}");
    }

    // a failed check is named, the other checks still run, and no data is left behind
    let (passed, lines, stderr) = run_smoke(url, &["--origin", "https://other.example", "--skip", "vote"]);
    assert!(!passed && lines.contains("✗ cors"), "{lines}");
    assert!(lines.contains("- vote ") && lines.contains("✓ delete"), "{lines}");
    assert!(stderr.contains("checks failed: cors") && stderr.lines().count() == 1, "{stderr}");
    let (passed, _, stderr) = run_smoke(url, &["--skip", "vots"]);
    assert!(!passed && stderr.contains("no check of this name ran"), "{stderr}");

    drop(served);
    let (passed, _, stderr) = run_smoke(unused_url().as_str(), &[]);
    assert!(!passed && stderr.contains("no response from http://127.0.0.1:"), "{stderr}");
    assert!(stderr.contains("refused") && stderr.lines().count() == 1, "{stderr}");
}

#[test]
fn a_cloud_that_was_out_of_descriptors_serves_again() {
    let limited = "ulimit -n 200 && exec \"$0\" --port 0 --data memory";
    let mut child = Command::new("sh")
        .args(["-c", limited, COLLOQUY])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let api =
        lines.find_map(|line| line.trim().strip_prefix("API").map(|url| url.trim().to_owned())).unwrap();
    let address = api.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();

    // the kernel accepts those that the process cannot
    let idle: Vec<TcpStream> = (0..250).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let mut logged = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let reported = logged.find(|line| line.contains("cannot accept connections")).unwrap();
    assert!(reported.contains("ulimit -n"), "{reported}");
    drop(idle);

    let mut client = TcpStream::connect(&address).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(client, "GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    client.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The URL of a port that was free a moment ago.
fn unused_url() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn help_and_openapi_are_printed() {
    let help = Command::new(COLLOQUY).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for option in ["--port", "--data", "--demo", "--chaos", "--lambda", "load", "smoke", "openapi"] {
        assert!(help.contains(option), "{help}");
    }
    let document = Command::new(COLLOQUY).arg("openapi").output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&document.stdout).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/v1/sessions"]["post"].is_object());
}
