//! A file or standard input, with a progress bar on a terminal while it is read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::error::ToolError;

/// A shorter file is read too quickly for a progress bar.
const LONG: u64 = 64 << 20;

/// The input: a file or standard input.
pub(super) struct Source {
    from: Box<dyn Read>,
    len: Option<u64>,
    bar: ProgressBar,
}

impl Source {
    /// Opens `path`, or standard input for `-`. If `bar`, shows a progress bar on a terminal.
    pub(super) fn open(path: &Path, bar: bool) -> Result<Self, ToolError> {
        let failed = |error| ToolError::Open { path: path.to_owned(), error };
        let (from, len): (Box<dyn Read>, _) = if path == Path::new("-") {
            (Box::new(io::stdin().lock()), None)
        } else {
            let file = File::open(path).map_err(failed)?;
            let meta = file.metadata().map_err(failed)?;
            (Box::new(file), meta.is_file().then_some(meta.len()))
        };
        let bar = match len {
            _ if !bar => ProgressBar::hidden(),
            Some(len) if len < LONG => ProgressBar::hidden(),
            // Draws to standard error, and nothing if that is no terminal.
            len => ProgressBar::with_draw_target(len, ProgressDrawTarget::stderr()),
        };
        if let Ok(style) = ProgressStyle::with_template(
            "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        ) {
            bar.set_style(style);
        }
        Ok(Self { from, len, bar })
    }

    /// The length in bytes, if it is known in advance.
    pub(super) fn len(&self) -> Option<u64> {
        self.len
    }
}

impl Read for Source {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = self.from.read(into)?;
        self.bar.inc(len as u64);
        Ok(len)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
