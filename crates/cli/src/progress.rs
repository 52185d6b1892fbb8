//! Progress for people at a terminal, and the wish to stop: both are asked for between two blocks of a file.

use crate::stop::Stop;
use cardhush_scrub::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What watches a run over files.
#[derive(Debug)]
pub struct Watcher {
    bar: Option<ProgressBar>,
    stop: Stop,
}

impl Watcher {
    /// From now on SIGINT and SIGTERM end the run at the next block, with nothing left behind; a second one ends it at once.
    pub fn new(quiet: bool) -> Self {
        let stop = Stop::listen();
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{msg:9} {wide_bar} {percent:>3} %").unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10)).with_style(style)
        });
        Self { bar, stop }
    }

    /// Shows how far it is; breaks where a signal came.
    pub fn see(&mut self, progress: Progress) -> ControlFlow<()> {
        if let Some(bar) = &self.bar {
            bar.set_message(progress.step.name());
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        }
        if self.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Takes the bar away, before something else is said.
    pub fn clear(&self) {
        self.bar.as_ref().inspect(|bar| bar.finish_and_clear());
    }

    /// Whether a signal came.
    pub fn stopped(&self) -> bool {
        self.stop.asked()
    }
}

/// How fast many files go, for people at a terminal.
#[derive(Debug)]
pub struct Rate {
    bar: Option<ProgressBar>,
    begun: Instant,
    files: u64,
    bad: u64,
    hours: f64,
    /// Files that there are, once they are counted; 0 until then.
    all: Arc<AtomicU64>,
}

impl Rate {
    /// Nothing yet.
    pub fn new(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5)).with_style(style)
        });
        Self { bar, begun: Instant::now(), files: 0, bad: 0, hours: 0.0, all: Arc::default() }
    }

    /// Counts all files beside the run, so that it can be said how long it will take: for people alone.
    pub fn count_all(&self, files: impl Iterator + Send + 'static) {
        let all = Arc::clone(&self.all);
        std::thread::spawn(move || all.store(files.count() as u64, Ordering::Relaxed));
    }

    /// Whether somebody sees it.
    pub fn is_shown(&self) -> bool {
        self.bar.is_some()
    }

    /// Counts a file.
    pub fn count(&mut self, bad: bool, hours: f64) {
        self.files += 1;
        self.bad += u64::from(bad);
        self.hours += hours;
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}, {} refused or failed{}", self.words(), self.bad, self.left()));
            bar.tick();
        }
    }

    /// How long the rest takes, in words, at the rate so far.
    fn left(&self) -> String {
        let all = self.all.load(Ordering::Relaxed);
        let Some(left) = all.checked_sub(self.files).filter(|left| *left > 0) else { return String::new() };
        let each = self.begun.elapsed().as_secs_f64() / self.files.max(1) as f64;
        format!("; {} of {all} done, {} left", self.files, humantime::format_duration(Duration::from_secs((each * left as f64) as u64)))
    }

    /// Says something above it.
    pub fn above(&self, say: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    /// Takes it away.
    pub fn clear(&self) {
        self.bar.as_ref().inspect(|bar| bar.finish_and_clear());
    }

    /// In words.
    pub fn words(&self) -> String {
        let seconds = self.begun.elapsed().as_secs_f64().max(1e-3);
        format!(
            "{} files in {seconds:.1} s, {:.1} a second, {:.3} hours of audio a second",
            self.files,
            self.files as f64 / seconds,
            self.hours / seconds
        )
    }
}
