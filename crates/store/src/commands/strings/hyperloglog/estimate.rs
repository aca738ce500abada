//! The number of elements by the registers: Ertl's estimator, step by step as Redis computes it.

use super::layout::REGISTERS;

/// The greatest value of a register, less one (`HLL_Q`).
const Q: usize = 50;
/// 1 / (2 ln 2)
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// The number of registers with each value.
pub(super) type Histogram = [u32; 64];

/// Returns the histogram of registers, one byte each.
pub(super) fn histogram(registers: &[u8]) -> Histogram {
    let mut histogram = [0; 64];
    for &register in registers {
        histogram[usize::from(register & 63)] += 1;
    }
    histogram
}

/// Returns the number of elements (`hllCount`).
pub(super) fn cardinality(histogram: &Histogram) -> u64 {
    let registers = REGISTERS as f64;
    let count = |value: usize| f64::from(histogram.get(value).copied().unwrap_or(0));
    let mut sum = registers * tau((registers - count(Q + 1)) / registers);
    for value in (1..=Q).rev() {
        sum += count(value);
        sum *= 0.5;
    }
    sum += registers * sigma(count(0) / registers);
    let estimate = (ALPHA * registers * registers / sum).round();
    // Nearly all registers are full, which no elements cause: `llroundl` of a number that is too
    // large.
    if estimate >= (1_u64 << 63) as f64 {
        return 1 << 63;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float stays within the integer's bounds"
    )]
    let estimate = estimate as u64;
    estimate
}

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let mut y = 1.0;
    let mut z = x;
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if before == z {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let mut y = 1.0;
    let mut z = 1.0 - x;
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if before == z {
            return z / 3.0;
        }
    }
}
