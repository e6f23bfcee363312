//! The two ways to tell what happens: a live table for a terminal, a line per change for everything else.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

use super::facts::{Facts, Observer, Row};
use super::stage::Stage;
use super::terminal::{Key, Keys, Screen};
use super::{say, table};

const LOOK: Duration = Duration::from_millis(250);
const KEYS: &str = "r refreshes now, b breaks the identity provider, q or Ctrl-C ends";
const END: &str = "Ctrl-C ends";

/// Refreshes after which a run without a terminal has shown enough.
const ENOUGH: usize = 3;
const DEADLINE: Duration = Duration::from_secs(180);

/// A table that counts down until somebody ends it.
pub(super) async fn table(stage: &Stage) -> Result<()> {
    let mut observer = Observer::new(stage);
    let mut keys = Keys::listen()?;
    let hint = if keys.are_heard() { KEYS } else { END };
    let mut screen = Screen::default();
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        stage.check()?;
        let facts = observer.look().await?;
        let mut lines = table::table(&facts, Timestamp::now());
        lines.push(hint.to_owned());
        screen.draw(&lines)?;
        tokio::select! {
            _ = ticks.tick() => {}
            key = keys.next() => match key {
                Key::Quit => return Ok(()),
                Key::Break => stage.break_or_repair(),
                Key::Refresh => stage.refresh().await?,
                Key::Other => {}
            },
        }
    }
}

/// A line per change, until the sample was refreshed three times. Nothing may expire meanwhile.
pub(super) async fn lines(stage: &Stage) -> Result<()> {
    let mut observer = Observer::new(stage);
    let mut told: HashMap<String, Row> = HashMap::new();
    let mut ticks = interval(LOOK);
    let begin = Instant::now();
    loop {
        ticks.tick().await;
        stage.check()?;
        let facts = observer.look().await?;
        tell(&facts, &mut told)?;
        ensure!(
            facts.expired.is_empty(),
            "an expired token is in {}; {}",
            facts.expired.join(", "),
            stage.tail()
        );
        if facts.rows.iter().any(|row| row.refreshes >= ENOUGH) {
            say(&table::provider(&facts))?;
            return say(&format!("✔ {ENOUGH} refreshes, and no token expired"));
        }
        if begin.elapsed() > DEADLINE {
            bail!(
                "there were not {ENOUGH} refreshes within {DEADLINE:?}; {}",
                stage.tail()
            );
        }
    }
}

fn tell(facts: &Facts, told: &mut HashMap<String, Row>) -> Result<()> {
    for row in &facts.rows {
        if row.ready.is_some() && told.get(&row.name) != Some(row) {
            say(&table::line(row, Timestamp::now()))?;
            told.insert(row.name.clone(), row.clone());
        }
    }
    Ok(())
}
