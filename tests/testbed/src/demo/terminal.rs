//! The terminal: lines that are redrawn in place, and single keys. Everything is put back on drop.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Read as _, Write as _, stdin, stdout};

use anyhow::{Context as _, Result};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";
const CLEAR_LINE: &str = "\x1b[2K";
const CLEAR_BELOW: &str = "\x1b[J";
/// Used where the terminal does not say how wide it is.
const WIDTH: usize = 120;

/// Will somebody see a table?
pub(super) fn is_there() -> bool {
    stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|kind| kind != "dumb")
}

/// Lines at the end of the output that change in place.
#[derive(Debug, Default)]
pub(super) struct Screen {
    drawn: usize,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    Break,
    Refresh,
    Other,
}

/// Single keys from standard input. Ctrl-C is one of them, so that only this process hears it: `make` and a shell
/// script around it then see it end by itself, with success.
#[derive(Debug)]
pub(super) struct Keys {
    before: Option<Termios>,
    pressed: UnboundedReceiver<u8>,
}

// === impl Screen ===

impl Screen {
    pub(super) fn draw(&mut self, lines: &[String]) -> Result<()> {
        let width = tcgetwinsize(stdout()).map_or(0, |size| usize::from(size.ws_col));
        let mut text = HIDE_CURSOR.to_owned();
        if self.drawn > 0 {
            write!(text, "\x1b[{}F", self.drawn)?;
        }
        for line in lines {
            let line: String = line
                .chars()
                .take(if width == 0 { WIDTH } else { width })
                .collect();
            writeln!(text, "{CLEAR_LINE}{line}")?;
        }
        text.push_str(CLEAR_BELOW);
        self.drawn = lines.len();
        let mut out = stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .context("writing to the terminal")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let mut out = stdout().lock();
        drop(
            out.write_all(SHOW_CURSOR.as_bytes())
                .and_then(|()| out.flush()),
        );
    }
}

// === impl Keys ===

impl Keys {
    /// Begins to listen; where standard input is no terminal, no key is ever heard.
    pub(super) fn listen() -> Result<Self> {
        let (sender, pressed) = unbounded_channel();
        let before = stdin()
            .is_terminal()
            .then(|| tcgetattr(stdin()))
            .transpose()?;
        if let Some(before) = &before {
            let mut raw = before.clone();
            raw.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
            raw.special_codes[SpecialCodeIndex::VMIN] = 1;
            raw.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(stdin(), OptionalActions::Now, &raw)?;
            std::thread::spawn(move || {
                for byte in stdin().lock().bytes().map_while(Result::ok) {
                    if sender.send(byte).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Self { before, pressed })
    }

    pub(super) fn are_heard(&self) -> bool {
        self.before.is_some()
    }

    pub(super) async fn next(&mut self) -> Key {
        match self.pressed.recv().await {
            Some(b'q' | b'Q' | 0x03 | 0x04) => Key::Quit,
            Some(b'b' | b'B') => Key::Break,
            Some(b'r' | b'R') => Key::Refresh,
            Some(_) => Key::Other,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // There is nobody left to tell.
            let _ = tcsetattr(stdin(), OptionalActions::Now, before);
        }
    }
}
