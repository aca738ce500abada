//! One round: servers, two proxies, clients, changing lag, and one fault after the other.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use tidegate_test_support::scrape::Scrape;

use super::clients::Crew;
use super::judge::excuse::Excuses;
use super::judge::level::Level;
use super::lag::Lag;
use super::report::{Reads, Report};
use super::world::{Offers, World};
use crate::faults::draw::draw;
use crate::faults::driver::{Driver, Fault};
use crate::faults::make;
use crate::history::Micros;
use crate::plan::Plan;
use crate::roles::Roles;
use crate::run::serves_again;
use crate::stand::Stand;
use crate::stand::clock::Clock;
use crate::stand::watch::Watch;

/// How long a proxy may still use the old master after a promotion.
const GRACE: Micros = 1_500_000;

/// How long the clients run before the first fault and after the last one.
const CALM: Duration = Duration::from_millis(800);

/// What a round consists of.
#[derive(Clone, Debug)]
pub struct Round {
    pub plan: Plan,
    /// How long faults are made.
    pub length: Duration,
    pub pause: Duration,
    pub clients: usize,
    /// The levels of the clients; the first one is that of `proxy.toml`.
    pub levels: Vec<Level>,
    /// The longest delay between the master and a replica.
    pub lag: Duration,
    pub faults: bool,
}

impl Round {
    /// A round whose kind comes from the seed of `plan`.
    pub fn random(plan: Plan, levels: Vec<Level>, length: Duration) -> Self {
        let mut random = fastrand::Rng::with_seed(plan.seed ^ 0xc0_75);
        let strict = random.u32(0..10) < 3;
        let plan = Plan {
            relays: true,
            strict,
            sentinels: random.u32(0..10) == 0,
            proxies: if random.u32(0..4) == 0 { 1 } else { 2 },
            engine: random.u32(0..10) < 4,
            ..plan
        };
        // Where each write waits for a replica, a long lag would leave no writes to read.
        let most = if strict { 60 } else { [20, 100, 500, 500][random.usize(0..4)] };
        let pause = Duration::from_millis(2);
        let lag = Duration::from_millis(most);
        Self { plan, length, pause, clients: 51, levels, lag, faults: true }
    }

    /// What kind of round it is, for people.
    pub fn name(&self) -> String {
        let plan = &self.plan;
        let levels: Vec<_> = self.levels.iter().map(|it| it.word()).collect();
        let mut words = vec![format!("seed {}", plan.seed), format!("{:?}", plan.flavor)];
        words.push(levels.join("+"));
        words.push(format!("lag to {} ms", self.lag.as_millis()));
        for (is, word) in [
            (plan.proxies > 1, "two proxies"),
            (plan.engine, "engine"),
            (plan.sentinels, "Sentinels"),
            (plan.strict, "strict"),
            (!self.faults, "no faults"),
        ] {
            if is {
                words.push(word.to_owned());
            }
        }
        words.join(", ")
    }

    /// Runs the round. `say` gets a line for each fault.
    #[track_caller]
    pub fn run(&self, say: &mut dyn FnMut(String)) -> Report {
        let mut plan = self.plan.clone();
        plan.server_options = vec![("--notify-keyspace-events", "KA")];
        if knows_levels(&plan.program) {
            plan.settings.push(("reads", format!("consistency = \"{}\"", self.levels[0].word())));
        }
        let mut stand = Stand::start(&plan);
        let clock = Clock::start();
        let watch = Watch::roles(&stand, clock);
        let world = Arc::new(self.world(&stand, clock));
        let lag = Lag::start(&stand, plan.seed, self.lag);
        let crew = Crew::start(&world, self.clients);
        std::thread::sleep(CALM);
        let faults = self.disturb(&mut stand, clock, &world, say);
        std::thread::sleep(CALM);
        let tally = crew.finish();
        let seconds = clock.now() as f64 / 1e6;
        drop(lag);
        let mut reads = Reads::default();
        stand.proxies().for_each(|proxy| reads.add(&Scrape::of(proxy)));
        let mut wrong = tally.wrong.clone();
        wrong.extend(stand.proxies().filter_map(|proxy| serves_again(proxy).err()));
        let excuses = Excuses::of(&Roles::of(&watch.finish().samples), plan.strict, GRACE);
        let mut report = Report::new(tally, wrong);
        (report.seconds, report.faults, report.reads) = (seconds, faults, reads);
        report.judge(&excuses, &world.registers);
        if report.is_broken() {
            report.logs = stand.keep_logs();
        }
        report
    }

    fn world(&self, stand: &Stand, clock: Clock) -> World {
        let has = |command: &str| stand.proxies().all(|proxy| proxy.has(command));
        let offers = Offers {
            consistency: has("CONSISTENCY"),
            next: has("NEXT"),
            token: has("TOKEN") && has("WAITFOR"),
        };
        let base = self.levels[0];
        let knows = knows_levels(&self.plan.program);
        assert!(knows || base == Level::Bounded, "the program knows no level but bounded");
        let is_alone = self.levels.iter().all(|it| *it == base);
        assert!(offers.consistency || is_alone, "the program has no PROXY CONSISTENCY");
        let proxies = stand.proxies().map(crate::stand::proxy::Proxy::addr).collect();
        let levels = (base, self.levels.clone());
        World::new(proxies, clock, self.plan.seed, self.pause, levels, offers, self.clients)
    }

    /// Makes faults; returns their number.
    fn disturb(
        &self,
        stand: &mut Stand,
        clock: Clock,
        world: &World,
        say: &mut dyn FnMut(String),
    ) -> u64 {
        let random = fastrand::Rng::with_seed(self.plan.seed ^ 0x5eed);
        let mut driver = Driver { stand, clock, random, disturbances: Vec::new() };
        let (started, mut led, mut faults) = (Instant::now(), 0, 0);
        while started.elapsed() < self.length {
            if !self.faults {
                std::thread::sleep(Duration::from_millis(50));
                continue;
            }
            let fault = self.draw(&mut driver);
            let loses = self.plan.sentinels || may_lose(fault);
            let from = clock.now();
            world.epoch.fetch_add(usize::from(loses), SeqCst);
            make(&mut driver, fault);
            let master = driver.settle();
            driver.stand.lead_engine(master, &mut led);
            world.epoch.fetch_add(usize::from(loses), SeqCst);
            let (at, until) = (from as f64 / 1e6, clock.now() as f64 / 1e6);
            say(format!("{at:7.2} s to {until:7.2} s  {fault:?}"));
            faults += 1;
            let rest = driver.random.u64(0..1_500);
            std::thread::sleep(Duration::from_millis(rest));
        }
        faults
    }

    /// A fault after which a strict round loses nothing: of two proxies, only one hears PROXY HOLD.
    fn draw(&self, driver: &mut Driver<'_>) -> Fault {
        loop {
            let fault = draw(driver.stand, &mut driver.random);
            if !(self.plan.strict && self.plan.proxies > 1 && fault == Fault::SwitchHeld) {
                return fault;
            }
        }
    }
}

/// Whether another server may be the master after the fault, so that writes are lost.
fn may_lose(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::KillMaster
            | Fault::SentinelFailover
            | Fault::Failover
            | Fault::ProxyFailover
            | Fault::SwitchAtOnce
            | Fault::SwitchPaused
            | Fault::SwitchHeld
            | Fault::Partition
    )
}

/// Whether `proxy.toml` of this program has consistency levels.
fn knows_levels(program: &Path) -> bool {
    const MISTAKE: i32 = 78;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("proxy.toml");
    let text = "[topology]\nmaster = \"127.0.0.1:1\"\n[reads]\nconsistency = \"bounded\"\n";
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(program);
    command.arg("check").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap().code() != Some(MISTAKE)
}
