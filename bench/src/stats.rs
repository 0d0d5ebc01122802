//! Order statistics of measured times.

use std::time::Duration;

/// The value that a share `q` of `values` does not exceed (nearest rank); zero when there are none.
pub(crate) fn quantile(values: &[Duration], q: f64) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank is a small whole number"
    )]
    let rank = (q * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// The middle one.
pub(crate) fn median(values: &[Duration]) -> Duration {
    quantile(values, 0.5)
}

/// How many times `b` goes into `a`.
pub(crate) fn ratio(a: Duration, b: Duration) -> f64 {
    if b.is_zero() {
        f64::NAN
    } else {
        a.as_secs_f64() / b.as_secs_f64()
    }
}

/// In milliseconds.
pub(crate) fn ms(value: Duration) -> f64 {
    value.as_secs_f64() * 1e3
}

/// In microseconds.
pub(crate) fn us(value: Duration) -> f64 {
    value.as_secs_f64() * 1e6
}

/// Bytes in megabytes.
pub(crate) fn mb(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
    let mb = bytes as f64 / 1e6;
    mb
}

/// The middle one of some figures.
pub(crate) fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ms: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        ms.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn quantiles_are_nearest_ranks() {
        let hundred = of((1..=100).rev());
        assert_eq!(quantile(&hundred, 0.5), Duration::from_millis(50));
        assert_eq!(quantile(&hundred, 0.99), Duration::from_millis(99));
        assert_eq!(quantile(&hundred, 1.0), Duration::from_millis(100));
        assert_eq!(quantile(&hundred, 0.0), Duration::from_millis(1));
        assert_eq!(median(&of([3, 1, 2])), Duration::from_millis(2));
        assert_eq!(median(&of([7])), Duration::from_millis(7));
        assert_eq!(median(&[]), Duration::ZERO);
    }

    #[test]
    fn units_and_ratios() {
        let value = Duration::from_micros(1_500);
        assert!((ms(value) - 1.5).abs() < 1e-9);
        assert!((us(value) - 1_500.0).abs() < 1e-9);
        assert!((ratio(value, Duration::from_micros(500)) - 3.0).abs() < 1e-9);
        assert!(ratio(value, Duration::ZERO).is_nan());
    }
}
