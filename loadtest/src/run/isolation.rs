//! One shard alone, and beside another with a busy room, in turns.

use std::time::Duration;

use anyhow::{Context, ensure};

use super::live::{Live, Watch};
use super::rig::{Rig, drain};
use crate::account::{Progress, Tally};
use crate::cli::IsolationArgs;
use crate::clock::{self, Nanos, Span, nanos};
use crate::probe::{MetricsUrl, PressureReading, TurnTimes};
use crate::report::{self, Isolation, IsolationRound, Report, TurnFigures};
use crate::scenario::{At, busy_room, quiet_pairs};
use crate::worker::Load;

const BUSY: u16 = 0;
const QUIET: u16 = 1;
const SHARDS_MIN: usize = 2;
/// The room's load begins before that of the pairs and ends after it, by this much.
const MARGIN: Duration = Duration::from_millis(200);

pub(super) fn run(args: &IsolationArgs) -> anyhow::Result<Report> {
    ensure!(!args.duration.is_zero(), "--duration must not be zero");
    let url =
        args.common.metrics.as_ref().context("isolation reads the relay's own histogram: name it with --metrics")?;
    let shards = TurnTimes::read(url)?.len();
    ensure!(shards >= SHARDS_MIN, "isolation needs a relay with {SHARDS_MIN} shards, this one has {shards}");
    let mut bench = Bench::connect(args, url, shards as u16)?;
    let before = PressureReading::now();
    let rounds = (0..args.rounds).map(|_| bench.round()).collect::<Result<Vec<_>, _>>()?;
    let pressure = before.to(&PressureReading::now());
    let (quiet, beside_room) = (TurnFigures::of(&bench.quiet), TurnFigures::of(&bench.beside_room));
    let tally = bench.finish()?;
    let isolation = Isolation::of(args.members, rounds, quiet, beside_room, args.ratio);
    Ok(report::of_isolation(args, isolation, pressure, &tally))
}

/// Both loads, each over connections of its own, and what the measured shard's turns took so far.
struct Bench<'a> {
    args: &'a IsolationArgs,
    url: &'a MetricsUrl,
    pairs: Rig,
    room: Rig,
    quiet: TurnTimes,
    beside_room: TurnTimes,
    tally: Tally,
}

impl<'a> Bench<'a> {
    fn connect(args: &'a IsolationArgs, url: &'a MetricsUrl, shards: u16) -> anyhow::Result<Self> {
        let at = |shard| At { shard, shards };
        let pairs = Rig::connect(&args.traffic(None), &|run| quiet_pairs(run, args.conns, at(QUIET)), None)?;
        let crowd = args.traffic(Some(args.window));
        let room = Rig::connect(&crowd, &|run| busy_room(run, args.members, at(BUSY)), None)?;
        let (quiet, beside_room) = (TurnTimes::default(), TurnTimes::default());
        Ok(Self { args, url, pairs, room, quiet, beside_room, tally: Tally::default() })
    }

    fn round(&mut self) -> anyhow::Result<IsolationRound> {
        let quiet = self.turns()?;
        let (beside_room, room_deliveries_per_second) = self.turns_beside_room()?;
        self.quiet.add(&quiet);
        self.beside_room.add(&beside_room);
        let (quiet, beside_room) = (TurnFigures::of(&quiet), TurnFigures::of(&beside_room));
        Ok(IsolationRound { quiet, beside_room, room_deliveries_per_second })
    }

    /// Of the measured shard, while the pairs talk.
    fn turns(&mut self) -> anyhow::Result<TurnTimes> {
        let mut turns = Turns { url: self.url, ends: Vec::new(), live: Live::new(self.pairs.progress()) };
        self.pairs.load(Load::Open { rate: self.args.rate }, &self.args.traffic(None), &mut turns)?;
        book(&mut self.tally, &self.pairs.collect()?);
        turns.between()
    }

    /// The same while the room is loud, and its deliveries a second.
    fn turns_beside_room(&mut self) -> anyhow::Result<(TurnTimes, f64)> {
        let base = self.room.progress().snapshot();
        let from = clock::now() + nanos(MARGIN);
        let until = from + nanos(self.args.warmup + self.args.duration + 2 * MARGIN);
        self.room.begin(Load::Closed { window: self.args.window }, Span { from, until })?;
        clock::sleep_until(from + nanos(MARGIN / 2));
        let turns = self.turns()?;
        clock::sleep_until(until);
        drain(self.room.progress(), &base);
        book(&mut self.tally, &self.room.collect()?);
        let delivered = self.room.progress().snapshot().since(&base).delivered;
        Ok((turns, delivered as f64 * 1e9 / (until - from) as f64))
    }

    fn finish(mut self) -> anyhow::Result<Tally> {
        book(&mut self.tally, &self.pairs.finish()?);
        book(&mut self.tally, &self.room.finish()?);
        Ok(self.tally)
    }
}

/// Latencies alone and beside the room in one histogram would say nothing, so only counts are kept.
fn book(books: &mut Tally, tally: &Tally) {
    books.counts.merge(&tally.counts);
    books.trouble = books.trouble.take().or_else(|| tally.trouble.clone());
}

/// Reads the histogram at the end of each wait: of the warm-up, and of what is measured.
struct Turns<'a> {
    url: &'a MetricsUrl,
    ends: Vec<TurnTimes>,
    live: Live,
}

impl Turns<'_> {
    fn between(&self) -> anyhow::Result<TurnTimes> {
        let ends = self.ends.first().zip(self.ends.last());
        ends.map(|(before, after)| after.since(before)).context("the load had no end")
    }
}

impl Watch for Turns<'_> {
    fn wait_until(&mut self, at: Nanos, progress: &Progress) -> anyhow::Result<()> {
        self.live.wait_until(at, progress)?;
        let shard = TurnTimes::read(self.url)?.into_iter().nth(QUIET.into());
        self.ends.push(shard.context("a shard is gone")?);
        Ok(())
    }
}
