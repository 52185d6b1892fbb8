//! The server keeps S3's promises that a client of conditional requests builds on. The client is `object_store`.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod rig;

use std::collections::BTreeSet;
use std::fs;

use futures::TryStreamExt;
use futures::future::join_all;
use object_store::path::Path;
use object_store::{Attribute, Attributes, Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};
use rig::{Program, client, client_with, folder};

fn mode(mode: PutMode) -> PutOptions {
    PutOptions { mode, ..PutOptions::default() }
}

#[tokio::test]
async fn only_signed_requests_are_answered() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let key = Path::from("a.wav");
    client(&server.url, 0).put(&key, "there".into()).await.unwrap();
    let refused = client_with(&server.url, 0, "another").get(&key).await.unwrap_err();
    assert!(matches!(refused, Error::PermissionDenied { .. }), "{refused:?}");
}

#[tokio::test]
async fn an_object_comes_back_whole_in_ranges_and_with_its_metadata() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let store = client(&server.url, 0);
    let key = Path::from("2024/05 May/ä+b%.wav");
    let attributes = Attributes::from_iter([(Attribute::ContentType, "audio/wav"), (Attribute::Metadata("agent".into()), "17")]);
    let bytes: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
    let put =
        store.put_opts(&key, bytes.clone().into(), PutOptions { attributes: attributes.clone(), ..PutOptions::default() }).await.unwrap();

    assert_eq!(store.get_range(&key, 70_000..70_100).await.unwrap(), bytes[70_000..70_100]);
    let head = store.get_opts(&key, GetOptions { head: true, ..GetOptions::default() }).await.unwrap();
    assert_eq!((head.attributes, head.meta.e_tag.as_ref(), head.meta.size), (attributes.clone(), put.e_tag.as_ref(), 100_000));
    let got = store.get_opts(&key, GetOptions { if_match: put.e_tag.clone(), ..GetOptions::default() }).await.unwrap();
    assert_eq!(got.attributes, attributes);
    assert_eq!(got.bytes().await.unwrap(), bytes);

    let again = store.put(&key, "other".into()).await.unwrap();
    assert_ne!(again.e_tag, put.e_tag);
    for range in [None, Some((0..3).into())] {
        let stale = store.get_opts(&key, GetOptions { if_match: put.e_tag.clone(), range, ..GetOptions::default() }).await;
        assert!(matches!(stale, Err(Error::Precondition { .. })), "{stale:?}");
    }
    // What the first one had and the second has not is gone.
    let head = store.get_opts(&key, GetOptions { head: true, ..GetOptions::default() }).await.unwrap();
    assert_eq!(head.attributes.get(&Attribute::Metadata("agent".into())), None);
}

#[tokio::test]
async fn files_that_were_there_are_listed_by_pages_below_a_prefix() {
    let folder = folder();
    for (part, count) in [("in/a", 1300), ("in/b", 1200), ("inner", 10)] {
        let part = folder.path().join("calls").join(part);
        fs::create_dir_all(&part).unwrap();
        for i in 0..count {
            fs::write(part.join(format!("{i:05}.wav")), format!("call {i}")).unwrap();
        }
    }
    let server = Program::serve(folder.path());
    let store = client(&server.url, 0);
    let all: Vec<_> = store.list(Some(&Path::from("in"))).try_collect().await.unwrap();
    let keys: BTreeSet<_> = all.iter().map(|meta| meta.location.to_string()).collect();
    assert_eq!((all.len(), keys.len()), (2500, 2500));
    assert!(keys.iter().all(|key| key.starts_with("in/")));
    assert!(all.iter().map(|meta| &meta.location).is_sorted());
    for meta in all.iter().step_by(500) {
        assert_eq!(store.head(&meta.location).await.unwrap().e_tag, meta.e_tag);
        assert!(meta.e_tag.is_some());
    }
}

#[tokio::test]
async fn a_key_that_is_too_long_leaves_nothing() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let store = client(&server.url, 0);
    let keys = [163, 164].map(|length| Path::from(format!("in/{}", "k".repeat(length - 3))));
    store.put(&keys[0], "fits".into()).await.unwrap();
    assert!(store.put(&keys[1], "does not".into()).await.unwrap_err().to_string().contains("KeyTooLongError"));
    let listed: Vec<_> = store.list(None).map_ok(|meta| meta.location).try_collect().await.unwrap();
    assert_eq!(listed, keys[..1]);
}

#[tokio::test]
async fn of_twenty_creations_of_one_key_one_succeeds() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let store = client(&server.url, 0);
    for round in 0..10 {
        let key = Path::from(format!("{round}.wav"));
        let puts = join_all((0..20).map(|i| {
            let (store, key) = (store.clone(), key.clone());
            tokio::spawn(async move { store.put_opts(&key, format!("{i}").repeat(50_000).into(), mode(PutMode::Create)).await })
        }))
        .await;
        let puts: Vec<_> = puts.into_iter().map(Result::unwrap).collect();
        let won: Vec<_> = (0..20).filter(|i| puts[*i].is_ok()).collect();
        assert_eq!(won.len(), 1, "{puts:?}");
        assert!(puts.iter().all(|put| matches!(put, Ok(_) | Err(Error::AlreadyExists { .. }))), "{puts:?}");
        let got = store.get(&key).await.unwrap();
        assert_eq!(got.meta.e_tag, puts[won[0]].as_ref().unwrap().e_tag);
        assert_eq!(got.bytes().await.unwrap(), format!("{}", won[0]).repeat(50_000));
    }
}

#[tokio::test]
async fn of_twenty_updates_of_one_version_one_succeeds_and_a_stale_one_does_not() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let store = client(&server.url, 0);
    let key = Path::from("a.wav");
    let first = store.put(&key, "first".into()).await.unwrap();
    let update = mode(PutMode::Update(UpdateVersion { e_tag: first.e_tag, version: None }));
    let puts = join_all((0..20).map(|i| {
        let (store, key, update) = (store.clone(), key.clone(), update.clone());
        tokio::spawn(async move { store.put_opts(&key, format!("update {i}").into(), update).await })
    }))
    .await;
    let won = puts.iter().filter(|put| matches!(put, Ok(Ok(_)))).count();
    assert_eq!(won, 1, "{puts:?}");
    assert!(puts.iter().all(|put| matches!(put, Ok(Ok(_) | Err(Error::Precondition { .. })))), "{puts:?}");
    let stale = store.put_opts(&key, "stale".into(), update.clone()).await;
    assert!(matches!(stale, Err(Error::Precondition { .. })), "{stale:?}");
    let absent = store.put_opts(&Path::from("none.wav"), "x".into(), update).await;
    assert!(absent.is_err(), "{absent:?}");
}

/// Readers beside a writer: what is read has the ETag that was told with it, and nobody reads what was before an acknowledged PUT.
#[tokio::test]
async fn a_get_after_an_acknowledged_put_sees_it_and_never_a_mixture() {
    let folder = folder();
    let server = Program::serve(folder.path());
    let store = client(&server.url, 0);
    let key = Path::from("a.wav");
    let told = std::sync::Arc::new(std::sync::Mutex::new(std::collections::HashMap::new()));
    let body = |i: u32| format!("{i:06}").repeat(20_000);
    let note = |put: object_store::PutResult, i| told.lock().unwrap().insert(put.e_tag.unwrap(), i);
    note(store.put(&key, body(0).into()).await.unwrap(), 0);
    let acknowledged = std::sync::atomic::AtomicU32::new(0);
    let done = std::sync::atomic::AtomicBool::new(false);
    use std::sync::atomic::Ordering::SeqCst;
    let write = async {
        for i in 1..60 {
            note(store.put(&key, body(i).into()).await.unwrap(), i);
            acknowledged.store(i, SeqCst);
        }
        done.store(true, SeqCst);
    };
    let read = async {
        let mut reads = Vec::new();
        while !done.load(SeqCst) {
            let before = acknowledged.load(SeqCst);
            let got = store.get(&key).await.unwrap();
            let e_tag = got.meta.e_tag.clone().unwrap();
            let bytes = got.bytes().await.unwrap();
            let i: u32 = std::str::from_utf8(&bytes[..6]).unwrap().parse().unwrap();
            assert_eq!(bytes, body(i), "a mixture");
            assert!(i >= before, "{i} read after {before} was acknowledged");
            reads.push((e_tag, i));
        }
        reads
    };
    let (_, reads, more) = tokio::join!(write, read, async { store.head(&key).await.unwrap() });
    assert!(reads.len() > 10 && more.size > 0, "{} reads", reads.len());
    let told = told.lock().unwrap();
    assert!(reads.iter().all(|(e_tag, i)| told.get(e_tag) == Some(i)), "an ETag of another version");
}
