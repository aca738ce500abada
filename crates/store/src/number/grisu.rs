//! The digits of a double, as few as Grisu2 finds (Florian Loitsch, "Printing Floating-Point
//! Numbers Quickly and Accurately with Integers"), with the choices of `fpconv`, the implementation
//! with which servers print.
//!
//! No library can be used: libraries find the fewest digits, and nearly always these are the same,
//! but one double in some hundred has others, and replies have to be the same.

/// The top 64 bits of every eighth power of ten from [`FIRST_POWER`] on.
#[rustfmt::skip]
const POWERS: [u64; 87] = [
    0xfa8f_d5a0_081c_0288, 0xbaae_e17f_a23e_bf76, 0x8b16_fb20_3055_ac76,
    0xcf42_894a_5dce_35ea, 0x9a6b_b0aa_5565_3b2d, 0xe61a_cf03_3d1a_45df,
    0xab70_fe17_c79a_c6ca, 0xff77_b1fc_bebc_dc4f, 0xbe56_91ef_416b_d60c,
    0x8dd0_1fad_907f_fc3c, 0xd351_5c28_3155_9a83, 0x9d71_ac8f_ada6_c9b5,
    0xea9c_2277_23ee_8bcb, 0xaecc_4991_4078_536d, 0x823c_1279_5db6_ce57,
    0xc210_9436_4dfb_5637, 0x9096_ea6f_3848_984f, 0xd774_85cb_2582_3ac7,
    0xa086_cfcd_97bf_97f4, 0xef34_0a98_172a_ace5, 0xb238_67fb_2a35_b28e,
    0x84c8_d4df_d2c6_3f3b, 0xc5dd_4427_1ad3_cdba, 0x936b_9fce_bb25_c996,
    0xdbac_6c24_7d62_a584, 0xa3ab_6658_0d5f_daf6, 0xf3e2_f893_dec3_f126,
    0xb5b5_ada8_aaff_80b8, 0x8762_5f05_6c7c_4a8b, 0xc9bc_ff60_34c1_3053,
    0x964e_858c_91ba_2655, 0xdff9_7724_7029_7ebd, 0xa6df_bd9f_b8e5_b88f,
    0xf8a9_5fcf_8874_7d94, 0xb944_7093_8fa8_9bcf, 0x8a08_f0f8_bf0f_156b,
    0xcdb0_2555_6531_31b6, 0x993f_e2c6_d07b_7fac, 0xe45c_10c4_2a2b_3b06,
    0xaa24_2499_6973_92d3, 0xfd87_b5f2_8300_ca0e, 0xbce5_0864_9211_1aeb,
    0x8cbc_cc09_6f50_88cc, 0xd1b7_1758_e219_652c, 0x9c40_0000_0000_0000,
    0xe8d4_a510_0000_0000, 0xad78_ebc5_ac62_0000, 0x813f_3978_f894_0984,
    0xc097_ce7b_c907_15b3, 0x8f7e_32ce_7bea_5c70, 0xd5d2_38a4_abe9_8068,
    0x9f4f_2726_179a_2245, 0xed63_a231_d4c4_fb27, 0xb0de_6538_8cc8_ada8,
    0x83c7_088e_1aab_65db, 0xc45d_1df9_4271_1d9a, 0x924d_692c_a61b_e758,
    0xda01_ee64_1a70_8dea, 0xa26d_a399_9aef_774a, 0xf209_787b_b47d_6b85,
    0xb454_e4a1_79dd_1877, 0x865b_8692_5b9b_c5c2, 0xc835_53c5_c896_5d3d,
    0x952a_b45c_fa97_a0b3, 0xde46_9fbd_99a0_5fe3, 0xa59b_c234_db39_8c25,
    0xf6c6_9a72_a398_9f5c, 0xb7dc_bf53_54e9_bece, 0x88fc_f317_f222_41e2,
    0xcc20_ce9b_d35c_78a5, 0x9816_5af3_7b21_53df, 0xe2a0_b5dc_971f_303a,
    0xa8d9_d153_5ce3_b396, 0xfb9b_7cd9_a4a7_443c, 0xbb76_4c4c_a7a4_4410,
    0x8bab_8eef_b640_9c1a, 0xd01f_ef10_a657_842c, 0x9b10_a4e5_e991_3129,
    0xe710_9bfb_a19c_0c9d, 0xac28_20d9_623b_f429, 0x8044_4b5e_7aa7_cf85,
    0xbf21_e440_03ac_dd2d, 0x8e67_9c2f_5e44_ff8f, 0xd433_179d_9c8c_b841,
    0x9e19_db92_b4e3_1ba9, 0xeb96_bf6e_badf_77d9, 0xaf87_023b_9bf0_ee6b,
];
/// The exponent of the first power of ten.
const FIRST_POWER: i32 = -348;
/// The exponents from one power to the next.
const POWER_STEP: i32 = 8;
/// The binary exponents that a scaled number may have.
const EXPONENTS: std::ops::RangeInclusive<i32> = -60..=-32;
/// The bits of a double's mantissa without the hidden bit.
const FRACTION_BITS: u32 = 52;
const HIDDEN: u64 = 1 << FRACTION_BITS;
/// The most digits that there can be.
const DIGITS_MAX: usize = 20;

/// Decimal digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits {
    bytes: [u8; DIGITS_MAX],
    len: usize,
}

/// A number of 64 bits times a power of two.
#[derive(Clone, Copy)]
struct Float {
    bits: u64,
    exponent: i32,
}

/// The distances that decide about the next digit, all in one unit.
#[derive(Clone, Copy)]
struct Left {
    /// The distance from the upper end of the interval to the lower end.
    delta: u64,
    /// The distance from the upper end to the number itself.
    wanted: u64,
    /// The distance from the upper end to the number of the digits.
    rest: u64,
    /// One more in the last digit.
    step: u64,
}

impl Digits {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Adds a digit; zeros at the front are left out.
    fn push(&mut self, digit: u64) {
        let digit = u8::try_from(digit).unwrap_or(9);
        if (digit > 0 || self.len > 0)
            && let Some(place) = self.bytes.get_mut(self.len)
        {
            *place = b'0' + digit;
            self.len += 1;
        }
    }

    /// Lowers the last digit while that comes nearer to the number.
    fn round(&mut self, mut left: Left) {
        let Some(last) = self.len.checked_sub(1).and_then(|at| self.bytes.get_mut(at)) else {
            return;
        };
        while left.rest < left.wanted && left.delta - left.rest >= left.step && {
            let next = left.rest.saturating_add(left.step);
            next < left.wanted || left.wanted - left.rest > next - left.wanted
        } {
            *last = last.saturating_sub(1);
            left.rest = left.rest.saturating_add(left.step);
        }
    }
}

impl Float {
    fn normal(self) -> Self {
        let shift = self.bits.leading_zeros();
        Self { bits: self.bits << shift, exponent: self.exponent - shift.cast_signed() }
    }

    /// The product, rounded to 64 bits. Both factors are normal, so the product nearly is.
    fn times(self, other: Self) -> Self {
        let product = (u128::from(self.bits) * u128::from(other.bits) + (1 << 63)) >> 64;
        Self {
            bits: u64::try_from(product).unwrap_or(u64::MAX),
            exponent: self.exponent + other.exponent + 64,
        }
    }
}

/// Returns the digits of a positive, finite double, and the power of ten of the last one.
pub(super) fn digits(value: f64) -> (Digits, i32) {
    let raw = value.to_bits();
    let biased = i32::try_from(raw >> FRACTION_BITS & 0x7ff).unwrap_or(0);
    let fraction = raw & (HIDDEN - 1);
    let bits = if biased > 0 { fraction | HIDDEN } else { fraction };
    let number = Float { bits, exponent: biased.max(1) - 1075 };
    // Half way to the neighbouring doubles.
    let upper = Float { bits: 2 * bits + 1, exponent: number.exponent - 1 }.normal();
    let closer = u32::from(bits == HIDDEN);
    let lower = Float {
        bits: (bits << (1 + closer)) - 1,
        exponent: number.exponent - 1 - closer.cast_signed(),
    };
    let lower = lower.bits << (lower.exponent - upper.exponent);
    let (power, ten) = power_for(upper.exponent);
    let scaled = number.normal().times(power);
    let mut upper = upper.times(power);
    let lower = Float { bits: lower, exponent: 0 }.times(power).bits + 1;
    upper.bits -= 1;
    generate(scaled.bits, upper, lower, -ten)
}

/// Returns a power of ten that scales a number with this exponent into [`EXPONENTS`], and its
/// exponent.
fn power_for(exponent: i32) -> (Float, i32) {
    // The first guess of fpconv; if two powers would do, it decides which is taken.
    let guess = -(f64::from(exponent) + 87.0) * 0.301_029_995_663_981_14;
    #[expect(clippy::cast_possible_truncation, reason = "exponents are small")]
    let mut index = (guess as i32 - FIRST_POWER) / POWER_STEP;
    loop {
        let ten = FIRST_POWER + index * POWER_STEP;
        // The logarithm of ten in units of 2^-16; exact enough for all these powers.
        let power_exponent = ((ten * 217_706) >> 16) - 63;
        let scaled = exponent + power_exponent + 64;
        let bits = usize::try_from(index).ok().and_then(|index| POWERS.get(index)).copied();
        match bits {
            Some(_) if scaled < *EXPONENTS.start() => index += 1,
            Some(_) if scaled > *EXPONENTS.end() => index -= 1,
            bits => {
                let bits = bits.unwrap_or(1 << 63);
                return (Float { bits, exponent: power_exponent }, ten);
            }
        }
    }
}

/// Returns the digits of a number between `lower` and `upper`, near `number`.
fn generate(number: u64, upper: Float, lower: u64, mut ten: i32) -> (Digits, i32) {
    let mut digits = Digits { bytes: [0; DIGITS_MAX], len: 0 };
    let shift = upper.exponent.unsigned_abs();
    let one = 1_u64 << shift;
    let mut left =
        Left { delta: upper.bits - lower, wanted: upper.bits - number, rest: 0, step: 0 };
    let (mut whole, mut fraction) = (upper.bits >> shift, upper.bits & (one - 1));
    let mut divisor = 1_000_000_000;
    for kappa in (0..10).rev() {
        digits.push(whole / divisor);
        whole %= divisor;
        left.rest = (whole << shift) + fraction;
        if left.rest <= left.delta {
            left.step = divisor << shift;
            digits.round(left);
            return (digits, ten + kappa);
        }
        divisor /= 10;
    }
    left.step = one;
    // The interval is wider than one after at most as many digits as its bits have.
    loop {
        fraction *= 10;
        left.delta = left.delta.wrapping_mul(10);
        left.wanted = left.wanted.wrapping_mul(10);
        ten -= 1;
        digits.push(fraction >> shift);
        fraction &= one - 1;
        if fraction < left.delta {
            left.rest = fraction;
            digits.round(left);
            return (digits, ten);
        }
    }
}
