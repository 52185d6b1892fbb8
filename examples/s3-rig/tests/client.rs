//! What `object_store`, the client that the scrubber speaks to S3 with, makes of faults: the behaviour that the scrubber has to reckon with.
//!
//! The proxy's faults are drawn a request at a time, so each test sends requests for many keys and judges those that met what it asks about.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod rig;

use std::collections::BTreeMap;

use futures::StreamExt;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use rig::{Program, client, folder};

const SIZE: usize = 400_000;

fn contents() -> Vec<u8> {
    (0..SIZE).map(|i| (i % 251) as u8).collect()
}

/// The kinds of faults that the requests for each key met, in order.
fn met(proxy: Program) -> BTreeMap<String, Vec<String>> {
    let mut met: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in proxy.stop() {
        if let (Some(path), Some(kind)) = (line["path"].as_str(), line["kind"].as_str()) {
            met.entry(path.replace("/calls/", "")).or_default().push(kind.to_owned());
        }
    }
    met
}

/// An object of each key, and a proxy that cuts as many requests as `rate` says.
fn rig(rate: &str) -> (tempfile::TempDir, Program, Program, Vec<String>) {
    let folder = folder();
    let keys: Vec<_> = (0..40).map(|i| format!("{i}.wav")).collect();
    for key in &keys {
        std::fs::write(folder.path().join("calls").join(key), contents()).unwrap();
    }
    let server = Program::serve(folder.path());
    let proxy = Program::faults(&server.url, &["--cut", rate, "--seed", "5"]);
    (folder, server, proxy, keys)
}

/// A GET goes on where it was cut, by ranges, as long as it has retries left: they count for its request and its body together.
#[tokio::test]
async fn a_get_goes_on_where_it_was_cut() {
    let (_folder, _server, proxy, keys) = rig("0.7");
    let through = client(&proxy.url, 3);
    let mut got = BTreeMap::new();
    for key in &keys {
        got.insert(key, async { through.get(&Path::from(key.as_str())).await?.bytes().await }.await);
    }
    let met = met(proxy);
    let (mut resumed, mut gave_up) = (0, 0);
    for (key, got) in got {
        let faults = met.get(key).map_or(&[][..], Vec::as_slice);
        match got {
            Ok(bytes) => assert_eq!(bytes, contents(), "{faults:?}"),
            Err(Error::Generic { .. }) => assert_eq!(faults.len(), 4, "{faults:?}"),
            Err(other) => panic!("{other:?}"),
        }
        resumed += u32::from(faults.len() < 4 && faults.contains(&"cut_response_body".to_owned()));
        gave_up += u32::from(faults.len() == 4);
    }
    assert!(resumed > 5 && gave_up > 0, "{resumed} resumed, {gave_up} gave up");
}

/// An object that is replaced between the cut and the going on is never mixed with the new one, and `Error::Precondition` is not what comes out at the
/// top: it is inside of `Error::Generic` where the GET had `If-Match`, and where it had not, or the 412 was cut in its body too, it is the connection's error.
#[tokio::test]
async fn a_get_does_not_go_on_in_another_object() {
    for if_match in [true, false] {
        let (_folder, server, proxy, keys) = rig("0.5");
        let (through, direct) = (client(&proxy.url, 9), client(&server.url, 0));
        let mut got = BTreeMap::new();
        for key in &keys {
            let path = Path::from(key.as_str());
            let e_tag = direct.head(&path).await.unwrap().e_tag.filter(|_| if_match);
            let mut stream = through.get_opts(&path, GetOptions { if_match: e_tag, ..GetOptions::default() }).await.unwrap().into_stream();
            let mut bytes = stream.next().await.unwrap().unwrap().to_vec();
            direct.put(&path, vec![0; SIZE].into()).await.unwrap();
            let mut end = Ok(());
            while let Some(next) = stream.next().await {
                match next {
                    Ok(more) => bytes.extend(more),
                    Err(e) => {
                        end = Err(e);
                        break;
                    }
                }
            }
            got.insert(key, (bytes, end));
        }
        let met = met(proxy);
        let mut refused = 0;
        for (key, (bytes, end)) in got {
            assert_eq!(bytes, contents()[..bytes.len()], "a mixture");
            let faults: Vec<_> = met.get(key).into_iter().flatten().map(String::as_str).collect();
            let cut = faults.iter().position(|fault| *fault == "cut_response_body");
            match end {
                Ok(()) => assert!(bytes.len() == SIZE && cut.is_none()),
                Err(Error::Generic { source, .. }) => {
                    // What came of the GET that went on: nothing further where that one met no fault itself, whose answer is then 412 or a new ETag.
                    if cut.is_some_and(|cut| faults.len() == cut + 1) {
                        let inside = source.downcast_ref::<Error>();
                        assert_eq!(matches!(inside, Some(Error::Precondition { .. })), if_match, "{source:?}");
                        refused += 1;
                    }
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(refused > 3, "{refused} were cut");
    }
}

/// After a connection that was closed, a creation is sent again, and told `AlreadyExists` by its own first try, which had succeeded; after one that was
/// reset it is not sent again, and has succeeded all the same. Only an overwriting PUT is always sent again.
#[tokio::test]
async fn a_creation_may_have_succeeded_whatever_comes_out() {
    let (_folder, server, proxy, keys) = rig("0.3");
    let (through, direct) = (client(&proxy.url, 9), client(&server.url, 0));
    let mut outcomes = BTreeMap::new();
    for key in &keys {
        let (create, overwrite) = (format!("create-{key}"), format!("overwrite-{key}"));
        let mode = |mode| PutOptions { mode, ..PutOptions::default() };
        let put = through.put_opts(&Path::from(create.as_str()), contents().into(), mode(PutMode::Create)).await;
        let is = direct.get(&Path::from(create.as_str())).await;
        let there = match is {
            Ok(is) => is.bytes().await.unwrap() == contents(),
            Err(_) => false,
        };
        outcomes.insert(create, (put, there));
        through.put_opts(&Path::from(overwrite.as_str()), contents().into(), mode(PutMode::Overwrite)).await.unwrap();
    }
    let met = met(proxy);
    let mut seen = BTreeMap::new();
    for (key, (put, there)) in outcomes {
        let faults: Vec<_> = met.get(&key).into_iter().flatten().map(String::as_str).collect();
        let Some(first) = faults.iter().find(|fault| **fault != "cut_request_body") else {
            assert!(put.is_ok() && there, "{faults:?}: {put:?}");
            continue;
        };
        *seen.entry((*first).to_owned()).or_insert(0) += 1;
        // The first try that the server had in full was carried out, and the client was not told.
        assert!(there, "{faults:?}");
        match put {
            Err(Error::AlreadyExists { .. }) => assert!(!faults.contains(&"reset_before_response"), "{faults:?}"),
            Err(Error::Generic { .. }) => assert_eq!(faults.last(), Some(&"reset_before_response"), "{faults:?}"),
            other => panic!("{faults:?}: {other:?}"),
        }
    }
    assert!(seen["cut_before_response"] > 2 && seen["reset_before_response"] > 2, "{seen:?}");
}

/// An update of a version is as a creation, but what its second try is told is `Precondition`.
#[tokio::test]
async fn an_update_may_have_succeeded_where_precondition_comes_out() {
    let (_folder, server, proxy, keys) = rig("0.5");
    let (through, direct) = (client(&proxy.url, 9), client(&server.url, 0));
    let mut own = 0;
    for key in &keys {
        let path = Path::from(key.as_str());
        let version = direct.head(&path).await.unwrap();
        let mode = PutMode::Update(object_store::UpdateVersion { e_tag: version.e_tag.clone(), version: None });
        let put = through.put_opts(&path, "updated".into(), PutOptions { mode, ..PutOptions::default() }).await;
        let updated = direct.head(&path).await.unwrap().e_tag != version.e_tag;
        assert!(updated || put.is_err(), "{put:?}");
        own += u32::from(updated && matches!(put, Err(Error::Precondition { .. })));
    }
    assert!(own > 2, "{own}");
}

#[tokio::test]
async fn what_was_refused_by_a_busy_server_is_sent_again() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let proxy = Program::faults(&server.url, &["--fail", "0.4", "--seed", "5"]);
    let through = client(&proxy.url, 9);
    for i in 0..30 {
        let mode = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        through.put_opts(&Path::from(format!("{i}.wav")), contents().into(), mode).await.unwrap();
    }
    assert!(met(proxy).len() > 5);
}
