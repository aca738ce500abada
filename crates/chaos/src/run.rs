//! One round: a stand, clients, faults one after the other, and the checker's verdict.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tidegate_test_support::Wire;

use crate::check::check;
use crate::clients::load::Load;
use crate::clients::{Crew, finals};
use crate::faults::draw::draw;
use crate::faults::driver::Driver;
use crate::faults::make;
use crate::history::{Disturbance, Finals, History};
use crate::plan::Plan;
use crate::stand::Stand;
use crate::stand::clock::Clock;
use crate::stand::proxy::Proxy;
use crate::stand::trap::Trap;
use crate::stand::watch::{Message, Watch};
use crate::verdict::{Rules, Verdict};

/// How long the clients run before the first fault and after the last one.
const CALM: Duration = Duration::from_millis(800);

/// One round.
#[derive(Clone, Debug)]
pub struct Round {
    pub plan: Plan,
    /// How long faults are made.
    pub length: Duration,
    pub pause: Duration,
    /// Whether replicas accept writes, so that a write that goes to one is run.
    pub traps: bool,
    /// Whether each fault waits until the last one is over for all servers.
    pub one_by_one: bool,
}

impl Round {
    /// A round whose kind comes from the seed of `plan`.
    pub fn random(mut plan: Plan, length: Duration) -> Self {
        let mut random = fastrand::Rng::with_seed(plan.seed);
        plan.sentinels = random.u32(0..10) < 6;
        plan.strict = random.u32(0..10) < 4;
        plan.relays = random.u32(0..10) < 7;
        let pause = Duration::from_millis(random.u64(4..12));
        let one_by_one = plan.strict || random.bool();
        Self { traps: random.bool(), plan, length, pause, one_by_one }
    }

    /// What kind of round it is, for people.
    pub fn name(&self) -> String {
        let plan = &self.plan;
        let mut words = vec![format!("seed {}", plan.seed), format!("{:?}", plan.flavor)];
        words.push(if plan.sentinels { "Sentinels" } else { "by hand" }.to_owned());
        for (is, word) in [
            (plan.strict, "strict"),
            (plan.relays, "relays"),
            (self.traps, "writable replicas"),
            (self.one_by_one, "one by one"),
        ] {
            if is {
                words.push(word.to_owned());
            }
        }
        words.join(", ")
    }
}

/// What a round was like.
#[derive(Debug)]
pub struct Report {
    pub verdict: Verdict,
    pub history: History,
    pub messages: Vec<Message>,
    pub discovers: bool,
    /// Where the logs were copied to, if a rule was broken.
    pub logs: Option<PathBuf>,
}

impl Round {
    /// Runs the round. `say` gets a line for each fault.
    #[track_caller]
    pub fn run(&self, say: &mut dyn FnMut(String)) -> Report {
        let mut stand = Stand::start(&self.plan);
        let clock = Clock::start();
        let watch = Watch::start(&stand, clock);
        let trap = self.traps.then(|| Trap::start(&stand));
        let (addr, seed, pause) = (stand.proxy.addr(), self.plan.seed, self.pause);
        let crew = Crew::start(Load { addr, clock, seed, pause, is_rough: true });
        std::thread::sleep(CALM);
        let discovers = stand.proxy.knows_sentinels;
        let disturbances = self.disturb(&mut stand, clock, say);
        settle(&mut stand, clock);
        std::thread::sleep(CALM);
        let record = crew.finish();
        // A failover that was ordered may have begun since.
        let master = settle(&mut stand, clock);
        let serves = serves_again(&stand.proxy);
        drop(trap);
        let watched = watch.finish();
        let finals = final_data(&stand, master);
        let history = History {
            operations: record.operations,
            receptions: record.receptions,
            executions: watched.executions,
            samples: watched.samples,
            disturbances,
            finals,
        };
        let rules = Rules { strict: self.plan.strict, ..Rules::default() };
        let mut verdict = check(&history, &rules);
        if let Err(why) = serves {
            verdict.violate("serves again after the last fault", why);
        }
        let logs = (!verdict.violations.is_empty()).then(|| stand.keep_logs()).flatten();
        Report { verdict, history, messages: watched.messages, discovers, logs }
    }

    fn disturb(
        &self,
        stand: &mut Stand,
        clock: Clock,
        say: &mut dyn FnMut(String),
    ) -> Vec<Disturbance> {
        let random = fastrand::Rng::with_seed(self.plan.seed ^ 0x5eed);
        let mut driver = Driver { stand, clock, random, disturbances: Vec::new() };
        let started = Instant::now();
        while started.elapsed() < self.length {
            let fault = draw(driver.stand, &mut driver.random);
            let from = clock.now();
            make(&mut driver, fault);
            if self.one_by_one || driver.random.u32(0..10) < 7 {
                driver.settle();
            }
            let (at, until) = (from as f64 / 1e6, clock.now() as f64 / 1e6);
            say(format!("{at:7.2} s to {until:7.2} s  {fault:?}"));
            let rest = driver.random.u64(0..1_200);
            std::thread::sleep(Duration::from_millis(rest));
        }
        driver.disturbances
    }
}

/// Waits until all servers follow one master, and returns it.
#[track_caller]
fn settle(stand: &mut Stand, clock: Clock) -> usize {
    let random = fastrand::Rng::new();
    Driver { stand, clock, random, disturbances: Vec::new() }.settle()
}

/// Whether the proxy runs a write and a read now.
pub(crate) fn serves_again(proxy: &Proxy) -> Result<(), String> {
    let started = Instant::now();
    loop {
        let asked = || -> io::Result<String> {
            let mut wire = Wire::try_connect(proxy.addr())?;
            wire.set_timeout(Duration::from_secs(20));
            let (set, get) =
                (wire.try_cmd(&["SET", "ready", "2"])?, wire.try_cmd(&["GET", "ready"])?);
            Ok(if set.is_err() || get.is_err() {
                format!("{set:?}, {get:?}")
            } else {
                String::new()
            })
        };
        match asked() {
            Ok(text) if text.is_empty() => return Ok(()),
            _ if started.elapsed() < Duration::from_secs(30) => {
                std::thread::sleep(Duration::from_millis(100));
            }
            other => return Err(format!("30 s after the servers are in order: {other:?}")),
        }
    }
}

#[track_caller]
fn final_data(stand: &Stand, master: usize) -> Finals {
    let mut wire = stand.servers[master].process.wire();
    finals(&mut wire).expect("the last master answers")
}
