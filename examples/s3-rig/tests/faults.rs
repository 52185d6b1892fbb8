//! Each fault as it is on the wire: requests that were signed beforehand, over plain sockets.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod rig;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use hyper::Method;
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{ObjectStoreExt, PutPayload};
use rig::{Program, client, folder};
use serde_json::Value;

const BODY: usize = 200_000;

/// What one connection gave: its bytes, how it ended and how long it took.
struct Answer {
    bytes: Vec<u8>,
    reset: bool,
    took: Duration,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn body(&self) -> &[u8] {
        let head = self.bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("no head: {}", self.text()));
        &self.bytes[head + 4..]
    }
}

/// One request to the proxy, on a connection of its own, signed for the proxy's address.
async fn send(proxy: &str, method: Method, key: &str, body: &[u8]) -> Answer {
    let url = client(proxy, 0).signed_url(method.clone(), &Path::from(key), Duration::from_secs(60)).await.unwrap();
    let host = url.host_str().unwrap();
    let host = format!("{host}:{}", url.port().unwrap());
    let target = &url[url::Position::BeforePath..];
    let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let body = body.to_vec();
    tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        let mut socket = TcpStream::connect(&host).unwrap();
        socket.write_all(head.as_bytes()).unwrap();
        // The other side may close while this is under way.
        let _ = socket.write_all(&body);
        let mut bytes = Vec::new();
        let reset = match socket.read_to_end(&mut bytes) {
            Ok(_) => false,
            Err(e) if e.kind() == ErrorKind::ConnectionReset => true,
            Err(e) => panic!("{e}"),
        };
        Answer { bytes, reset, took: begun.elapsed() }
    })
    .await
    .unwrap()
}

/// Faults by key: the kind and the server's status.
fn faults(lines: &[Value]) -> BTreeMap<String, (String, Option<u64>)> {
    let faults = lines.iter().filter(|line| line["kind"].is_string());
    faults
        .map(|line| {
            (line["path"].as_str().unwrap().replace("/calls/", ""), (line["kind"].as_str().unwrap().to_owned(), line["status"].as_u64()))
        })
        .collect()
}

#[tokio::test]
async fn failures_are_answered_as_s3_does_and_not_forwarded() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let proxy = Program::faults(&server.url, &["--fail", "1", "--seed", "3"]);
    let mut answers = BTreeMap::new();
    for i in 0..20 {
        let key = format!("{i}.wav");
        answers.insert(key.clone(), send(&proxy.url, Method::PUT, &key, &[7; BODY]).await);
    }
    let lines = proxy.stop();
    let told = faults(&lines);
    for (key, answer) in &answers {
        let (status, code) = match told[key].0.as_str() {
            "slow_down" => ("503", "SlowDown"),
            "internal_error" => ("500", "InternalError"),
            other => panic!("{other}"),
        };
        assert!(answer.text().starts_with(&format!("HTTP/1.1 {status} ")), "{}", answer.text());
        assert!(answer.text().contains(&format!("<Code>{code}</Code>")), "{}", answer.text());
        assert!(client(&server.url, 0).head(&Path::from(key.as_str())).await.is_err(), "{key} was forwarded");
    }
    let sums = &lines.last().unwrap()["summary"];
    assert_eq!(sums["requests"], 20);
    assert_eq!(sums["faults"]["slow_down"].as_u64().unwrap() + sums["faults"]["internal_error"].as_u64().unwrap(), 20);
}

#[tokio::test]
async fn a_slow_request_is_carried_out_late() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let proxy = Program::faults(&server.url, &["--slow", "1", "--slow-ms", "300"]);
    let answer = send(&proxy.url, Method::PUT, "a.wav", &[7; BODY]).await;
    assert!(answer.text().starts_with("HTTP/1.1 200 "), "{}", answer.text());
    assert!(answer.took >= Duration::from_millis(300), "{:?}", answer.took);
    assert_eq!(faults(&proxy.stop())["a.wav"].0, "slow");
}

#[tokio::test]
async fn cuts_of_a_put() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let proxy = Program::faults(&server.url, &["--cut", "1", "--seed", "5"]);
    let mut answers = BTreeMap::new();
    for i in 0..24 {
        let key = format!("{i}.wav");
        answers.insert(key.clone(), send(&proxy.url, Method::PUT, &key, &[7; BODY]).await);
    }
    let told = faults(&proxy.stop());
    let mut seen = BTreeMap::new();
    for (key, answer) in &answers {
        let (kind, status) = &told[key];
        *seen.entry(kind.as_str()).or_insert(0) += 1;
        assert_eq!(answer.text(), "", "{kind}");
        let there = client(&server.url, 0).get(&Path::from(key.as_str())).await;
        match kind.as_str() {
            "cut_request_body" => assert!(there.is_err(), "{key} was stored"),
            "cut_before_response" | "reset_before_response" => {
                assert_eq!(*status, Some(200));
                assert_eq!(there.unwrap().bytes().await.unwrap(), [7; BODY].as_slice());
                assert_eq!(answer.reset, kind == "reset_before_response", "{kind}");
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[tokio::test]
async fn cuts_of_a_get() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let bytes: Vec<u8> = (0..BODY).map(|i| (i % 251) as u8).collect();
    for i in 0..24 {
        std::fs::write(folder.path().join(format!("calls/{i}.wav")), &bytes).unwrap();
    }
    let proxy = Program::faults(&server.url, &["--cut", "1", "--seed", "5"]);
    let mut answers = BTreeMap::new();
    for i in 0..24 {
        let key = format!("{i}.wav");
        answers.insert(key.clone(), send(&proxy.url, Method::GET, &key, &[]).await);
    }
    let told = faults(&proxy.stop());
    let mut seen = BTreeMap::new();
    for (key, answer) in &answers {
        let (kind, status) = &told[key];
        *seen.entry(kind.as_str()).or_insert(0) += 1;
        assert_eq!(*status, Some(200));
        match kind.as_str() {
            "cut_response_body" => {
                assert!(answer.text().starts_with("HTTP/1.1 200 "));
                assert!(answer.text().to_lowercase().contains(&format!("content-length: {BODY}\r\n")));
                assert_eq!(answer.body(), &bytes[..BODY / 2]);
            }
            "cut_before_response" | "reset_before_response" => {
                assert_eq!(answer.text(), "");
                assert_eq!(answer.reset, kind == "reset_before_response", "{kind}");
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[tokio::test]
async fn an_object_is_replaced_behind_its_first_get_and_only_below_the_prefix() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let store = client(&server.url, 0);
    for key in ["in/a.wav", "out/a.wav"] {
        store.put(&Path::from(key), "as it was".into()).await.unwrap();
    }
    let with = folder.path().join("with.wav");
    std::fs::write(&with, "another").unwrap();
    let keys = ["--access-key", rig::ACCESS_KEY, "--secret-key", rig::SECRET_KEY];
    let replace = ["--replace", "1", "--replace-prefix", "calls/in/", "--replace-with", with.to_str().unwrap()];
    let proxy = Program::faults(&server.url, &[keys.as_slice(), &replace].concat());
    let through = client(&proxy.url, 0);
    let read = async |key: &str| through.get(&Path::from(key)).await.unwrap().bytes().await.unwrap();
    assert_eq!(read("in/a.wav").await, "as it was");
    assert_eq!(read("in/a.wav").await, "another");
    store.put(&Path::from("in/a.wav"), PutPayload::from("once more")).await.unwrap();
    assert_eq!(read("in/a.wav").await, "once more");
    assert_eq!(read("in/a.wav").await, "once more");
    assert_eq!(read("out/a.wav").await, "as it was");
    assert_eq!(read("out/a.wav").await, "as it was");
    let told = faults(&proxy.stop());
    assert_eq!(told.into_iter().collect::<Vec<_>>(), [("in/a.wav".to_owned(), ("replaced".to_owned(), Some(200)))]);
}
