//! The cost of checking a request: `cargo bench -p tidegate-acl`. The allocation columns stay empty
//! but for logins.

use std::sync::Arc;

use divan::{AllocProfiler, Bencher, black_box};
use tidegate_acl::{Acl, Catalog, Frame};
use tidegate_wire::resp::{Limits, RequestScanner, RequestStep, encode};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// The name of a case, the rules of its user, and a request that they permit.
const CASES: [(&str, &str, &str); 9] = [
    ("unrestricted", "+@all ~* &*", "GET cache:12345"),
    ("read_prefix", "+@read ~cache:*", "GET cache:12345"),
    ("write_prefix", "+@write %W~cache:*", "SET cache:12345 value"),
    ("glob", "+@read ~cache:*:v[0-9]", "GET cache:12345:v1"),
    ("fifth_pattern", "+@read ~a:* ~b:* ~c:* ~d:* ~cache:*", "GET cache:12345"),
    ("third_selector", "+@write ~a:* (+get ~b:*) (+get ~cache:*)", "GET cache:12345"),
    ("mget_10", "+@read ~k*", "MGET k1 k2 k3 k4 k5 k6 k7 k8 k9 k10"),
    ("subcommand", "+config|get", "CONFIG GET maxmemory"),
    ("publish", "+@pubsub &news:*", "PUBLISH news:1 text"),
];

fn acl(rules: &str) -> Acl {
    let mut acl = Acl::new(Arc::new(Catalog::new()));
    let words: Vec<_> = ["on", ">secret"].into_iter().chain(rules.split(' ')).collect();
    // The selectors of a case are spread over words, as clients send them.
    acl.set_user(b"u", &words).expect("rules");
    acl
}

/// Checks a request that a scanner has found.
#[divan::bench(args = CASES.map(|(name, ..)| name), sample_size = 1000)]
fn check(bencher: Bencher<'_, '_>, name: &str) {
    let case = CASES.into_iter().find(|(own, ..)| *own == name);
    let (_, rules, request) = case.expect("a case");
    let acl = acl(rules);
    let user = Arc::clone(acl.user(b"u").expect("the user"));
    let words: Vec<_> = request.split(' ').map(str::as_bytes).collect();
    let frame = encode::request_of(&words);
    let scanned = RequestScanner::default().scan(&frame, &Limits::default());
    let Ok(RequestStep::Complete(scanned)) = scanned else { panic!("{name}: {scanned:?}") };
    let catalog = acl.catalog();
    assert!(user.check(catalog, &Frame::new(&frame)).is_ok(), "{name}");
    bencher.bench_local(|| {
        // As callers do, so that such a user costs nothing more.
        black_box(&user).is_unrestricted()
            || user.check(catalog, &Frame::of(black_box(&frame), black_box(&scanned))).is_ok()
    });
}

/// Checks a login.
#[divan::bench(args = ["right", "wrong", "unknown"], sample_size = 100)]
fn login(bencher: Bencher<'_, '_>, case: &str) {
    let acl = acl("+@all");
    let (name, password): (&[u8], &[u8]) = match case {
        "right" => (b"u", b"secret"),
        "wrong" => (b"u", b"public"),
        _ => (b"nope", b"secret"),
    };
    bencher.bench_local(|| acl.authenticate(black_box(name), black_box(password)).is_ok());
}
