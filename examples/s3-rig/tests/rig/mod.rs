//! Starts the rig's two programs and ends them, and makes the clients that speak to them.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test file uses a part of it; a test's helpers may panic too")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, RetryConfig};
use serde_json::Value;

pub const ACCESS_KEY: &str = "rig-access";
pub const SECRET_KEY: &str = "rig-secret";

/// A running program of the rig, ended when dropped.
pub struct Program {
    child: Child,
    pub url: String,
    lines: Arc<Mutex<Vec<Value>>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Program {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_s3-rig")).args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        let url = first.trim().strip_prefix("ready ").unwrap_or_else(|| panic!("{args:?} said {first:?}")).to_owned();
        let lines: Arc<Mutex<Vec<Value>>> = Arc::default();
        let to = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in stdout.lines() {
                to.lock().unwrap().push(serde_json::from_str(&line.unwrap()).unwrap());
            }
        });
        Self { child, url, lines, reader: Some(reader) }
    }

    /// The server over `folder`, in which each folder is a bucket.
    pub fn serve(folder: &Path) -> Self {
        Self::start(&["serve", "--folder", folder.to_str().unwrap(), "--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY])
    }

    pub fn faults(upstream: &str, args: &[&str]) -> Self {
        Self::start(&[&["faults", "--upstream", upstream], args].concat())
    }

    /// Tells it to stop by SIGTERM; all lines that it printed after the first.
    pub fn stop(mut self) -> Vec<Value> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(self.child.wait().unwrap().success());
        self.reader.take().unwrap().join().unwrap();
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with the empty bucket `calls`.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("calls")).unwrap();
    folder
}

/// A client of the bucket `calls` that tries each request `1 + retries` times.
pub fn client(url: &str, retries: usize) -> AmazonS3 {
    client_with(url, retries, SECRET_KEY)
}

pub fn client_with(url: &str, retries: usize, secret_key: &str) -> AmazonS3 {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(10), max_backoff: Duration::from_millis(50), ..BackoffConfig::default() };
    AmazonS3Builder::new()
        .with_endpoint(url)
        .with_allow_http(true)
        .with_region("us-east-1")
        .with_bucket_name("calls")
        .with_access_key_id(ACCESS_KEY)
        .with_secret_access_key(secret_key)
        .with_retry(RetryConfig { backoff, max_retries: retries, retry_timeout: Duration::from_secs(20) })
        .build()
        .unwrap()
}
