//! The engine as a master against Redis 7.0: the same random requests of several clients have the
//! same replies byte for byte, and lead to the same data, which a real replica of the engine has
//! too.
//!
//! `TIDEGATE_DIFFERENTIAL_COMMANDS` is the number of requests, `TIDEGATE_DIFFERENTIAL_SEED` the seed
//! (`random` draws one), `TIDEGATE_DIFFERENTIAL_ENGINE` the address of an engine that runs already.
//! `scripts/engine-differential` sets them.

mod blocking;
mod requests;
mod run;
mod sides;

use run::Run;

#[test]
fn random_requests_have_the_replies_and_the_effects_of_redis() {
    Run::new().go();
}
