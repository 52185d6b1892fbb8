//! How fast the rig is with as many objects as an archive's run has; a measurement, run by hand: the README has the command.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod rig;

use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use rig::{Program, client, folder};

const OBJECTS: usize = 20_000;
const AT_ONCE: usize = 16;

async fn timed<T>(what: &str, run: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let result = run.await;
    let took = begun.elapsed().as_secs_f64();
    println!("{what}: {OBJECTS} in {took:.1} s, {:.0} a second", OBJECTS as f64 / took);
    result
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn twenty_thousand_objects() {
    let folder = folder();
    for i in 0..OBJECTS {
        let part = folder.path().join(format!("calls/in/{:03}", i / 200));
        std::fs::create_dir_all(&part).unwrap();
        std::fs::write(part.join(format!("{i:05}.wav")), format!("{i:08}").repeat(1000)).unwrap();
    }
    let server = Program::serve(folder.path());
    let store = client(&server.url, 0);
    let listed: Vec<_> = timed("list", store.list(Some(&Path::from("in"))).try_collect()).await.unwrap();
    assert_eq!(listed.len(), OBJECTS);
    let keys: Vec<_> = listed.into_iter().map(|meta| meta.location).collect();
    let proxy = Program::faults(&server.url, &[]);
    for (through, url) in [("", &server.url), (" through the proxy", &proxy.url)] {
        let store = client(url, 0);
        let gets = stream::iter(&keys).map(async |key| store.get(key).await.unwrap().bytes().await.unwrap().len());
        let sizes: Vec<_> = timed(&format!("get{through}"), gets.buffer_unordered(AT_ONCE).collect()).await;
        assert!(sizes.iter().all(|size| *size == 8000));
        let mode = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let put = async |key: &Path| {
            let to = Path::from(format!("out{through}/{key}"));
            store.put_opts(&to, vec![7; 8000].into(), mode.clone()).await.unwrap();
        };
        timed(&format!("create{through}"), stream::iter(&keys).map(put).buffer_unordered(AT_ONCE).collect::<Vec<_>>()).await;
    }
    let all: Vec<_> =
        timed("list again, of three times as many in the bucket", store.list(Some(&Path::from("in"))).try_collect()).await.unwrap();
    assert_eq!(all.len(), OBJECTS);
}
