//! Progress for people at a terminal, and the wish to stop from a signal: both are asked for between two blocks of a file.

use cardhush_scrub::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What watches a run over files.
#[derive(Debug)]
pub struct Watcher {
    bar: Option<ProgressBar>,
    stop: Arc<AtomicBool>,
}

impl Watcher {
    /// From now on SIGINT and SIGTERM end the run at the next block, with nothing left behind; a second one ends it at once.
    pub fn new(quiet: bool) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // Without a handler the signal ends the run at once, which is as safe where files have no name yet.
            let _ = flag::register_conditional_default(signal, Arc::clone(&stop));
            let _ = flag::register(signal, Arc::clone(&stop));
        }
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
        self.stop.load(Ordering::Relaxed)
    }
}
