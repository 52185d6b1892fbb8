//! How many times faster than real time one thread goes through a call, beside the machine's memory and beside SpanDSP.
//!
//! `throughput [--seconds N] [--rounds N] [--raw FILE] [--spdet PROGRAM]`. Works on a made-up call (see `cardhush_benches::call`), or on FILE: 16-bit
//! little-endian samples, 8 kHz, one channel. PROGRAM is a driver of SpanDSP's `dtmf_rx` that is called as `PROGRAM -s REPEAT RAW` and prints
//! `..., X x real time`. All contenders take turns in each round; what is printed is the median of their rounds.

use cardhush_benches::call::{CHUNK, RATE_HZ, Talk, call};
use cardhush_benches::scan::Stages;
use cardhush_benches::{clock, memory, scan};
use cardhush_core::{ConfigError, Isa};
use cardhush_testkit::sweep::Table;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

type Failure = Box<dyn Error>;

/// What was asked for.
struct Job {
    seconds: usize,
    rounds: usize,
    raw: Option<PathBuf>,
    spdet: Option<PathBuf>,
}

/// Something that goes through the call and tells the processor time it took, in seconds.
struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> Result<f64, Failure> + 'a>,
    rounds: Vec<f64>,
}

fn main() -> Result<(), Failure> {
    let job = Job::parse(std::env::args().skip(1))?;
    let cycles = clock::cycles_per_second();
    println!(
        "about {:.2} GHz; AVX2 {}; {} rounds",
        cycles / 1e9,
        if Isa::detect() == Isa::Portable { "absent" } else { "present" },
        job.rounds
    );
    match &job.raw {
        Some(path) => measure(&path.display().to_string(), &read(path)?, path, &job, cycles),
        None => [("steady babble and digits", Talk::Steady), ("the same with pauses of digital silence, 60 %", Talk::Dialogue)]
            .into_iter()
            .try_for_each(|(name, talk)| {
                let (audio, file) =
                    (call(job.seconds, talk), std::env::temp_dir().join(format!("cardhush-throughput-{}.raw", std::process::id())));
                if job.spdet.is_some() {
                    std::fs::write(&file, audio.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())?;
                }
                let result = measure(name, &audio, &file, &job, cycles);
                if job.spdet.is_some() {
                    std::fs::remove_file(&file)?;
                }
                result
            }),
    }
}

/// Lets all contenders take turns on the audio, which lies in `file` too, and prints what came of it.
fn measure(name: &str, audio: &[i16], file: &Path, job: &Job, cycles: f64) -> Result<(), Failure> {
    let seconds = audio.len() as f64 / f64::from(RATE_HZ);
    let mut contenders = vec![
        ours("keyed, offline: found and filled, portable", || scan::offline(audio, Isa::Portable, Stages::Keyed)),
        ours("keyed, offline: found and filled, AVX2", || scan::offline(audio, Isa::detect(), Stages::Keyed)),
        ours("keyed, live: 20 ms chunks, portable", || scan::live(audio, CHUNK, Isa::Portable, Stages::Keyed)),
        ours("keyed, live: 20 ms chunks, AVX2", || scan::live(audio, CHUNK, Isa::detect(), Stages::Keyed)),
        ours("both, offline: found and filled, portable", || scan::offline(audio, Isa::Portable, Stages::Both)),
        ours("both, offline: found and filled, AVX2", || scan::offline(audio, Isa::detect(), Stages::Both)),
        ours("both, live: 20 ms chunks, portable", || scan::live(audio, CHUNK, Isa::Portable, Stages::Both)),
        ours("both, live: 20 ms chunks, AVX2", || scan::live(audio, CHUNK, Isa::detect(), Stages::Both)),
    ];
    if Isa::detect() == Isa::Portable {
        contenders.retain(|c| !c.name.ends_with("AVX2"));
    }
    if let Some(program) = &job.spdet {
        let run = Box::new(move || spandsp(program, file, seconds));
        contenders.push(Contender { name: "SpanDSP dtmf_rx: detection alone", run, rounds: Vec::new() });
    }
    for _ in 0..job.rounds {
        for contender in &mut contenders {
            contender.rounds.push((contender.run)()?);
        }
    }
    let memory = memory::read_bytes_per_second(audio);
    let limit = memory / f64::from(2 * RATE_HZ);
    let spandsp = contenders.iter().find(|c| c.name.starts_with("SpanDSP")).map(|c| seconds / clock::median(c.rounds.clone()));
    let mut table = Table::new(
        &format!("\n{name}: {seconds:.0} s, one channel, one thread; memory read at {:.1} GB/s = {limit:.0} x real time", memory / 1e9),
        &["what", "x real time", "cycles/sample", "share of memory's limit", "x SpanDSP"],
    );
    for contender in contenders {
        let speed = seconds / clock::median(contender.rounds);
        table.row(&[
            &contender.name,
            &format!("{speed:.0}"),
            &format!("{:.1}", cycles / (speed * f64::from(RATE_HZ))),
            &format!("{:.2} %", 100.0 * speed / limit),
            &spandsp.map_or_else(|| "-".to_owned(), |other| format!("{:.2}", speed / other)),
        ]);
    }
    print!("{table}");
    Ok(())
}

fn ours<'a>(name: &'static str, mut run: impl FnMut() -> Result<u64, ConfigError> + 'a) -> Contender<'a> {
    let run = move || {
        let (result, spent) = clock::time(&mut run);
        std::hint::black_box(result?);
        Ok(spent.as_secs_f64())
    };
    Contender { name, run: Box::new(run), rounds: Vec::new() }
}

/// Seconds that SpanDSP takes for the file, by its driver's own account of its processor time.
fn spandsp(program: &Path, file: &Path, seconds: f64) -> Result<f64, Failure> {
    let output = Command::new(program).args(["-s", "1"]).arg(file).output()?;
    let text = String::from_utf8(output.stdout)?;
    let speed = text.rsplit(", ").next().and_then(|end| end.split(' ').next()).and_then(|x| x.parse::<f64>().ok());
    speed.map(|speed| seconds / speed).ok_or_else(|| format!("{} printed no speed: {text:?}", program.display()).into())
}

fn read(path: &Path) -> Result<Vec<i16>, Failure> {
    let bytes = std::fs::read(path)?;
    Ok(bytes.as_chunks::<2>().0.iter().map(|&x| i16::from_le_bytes(x)).collect())
}

impl Job {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut job = Self { seconds: 3_600, rounds: 5, raw: None, spdet: None };
        while let Some(option) = args.next() {
            let value = args.next().ok_or_else(|| format!("{option} needs a value"))?;
            match option.as_str() {
                "--seconds" => job.seconds = value.parse()?,
                "--rounds" => job.rounds = value.parse()?,
                "--raw" => job.raw = Some(value.into()),
                "--spdet" => job.spdet = Some(value.into()),
                _ => return Err(format!("{option}: --seconds N, --rounds N, --raw FILE and --spdet PROGRAM are known").into()),
            }
        }
        Ok(job)
    }
}
