//! How the parts of a retry table are written in configurations and shown to people.

use std::fmt;
use std::ops::RangeInclusive;

/// Statuses as people write them: `404, 500-599`.
pub(crate) struct Statuses<'a>(pub(crate) &'a [RangeInclusive<u16>]);

impl fmt::Display for Statuses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.0.iter().map(text).collect();
        f.write_str(&texts.join(", "))
    }
}

fn text(range: &RangeInclusive<u16>) -> String {
    match (range.start(), range.end()) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    }
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

/// Statuses in a configuration: a list of texts.
pub(crate) mod statuses {
    use std::borrow::Cow;
    use std::ops::RangeInclusive;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        statuses: &[RangeInclusive<u16>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(statuses.iter().map(super::text))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Cow<'static, [RangeInclusive<u16>]>, D::Error> {
        let read = |text: &String| {
            super::range(text).ok_or_else(|| {
                D::Error::custom("statuses are texts such as `\"404\"` and `\"500-599\"`")
            })
        };
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(read).collect()
    }
}

/// Delays in a configuration: a list of milliseconds.
pub(crate) mod delays {
    use std::borrow::Cow;
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        delays: &[Duration],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let milliseconds = |delay: &Duration| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        serializer.collect_seq(delays.iter().map(milliseconds))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Cow<'static, [Duration]>, D::Error> {
        let milliseconds = Vec::<u64>::deserialize(deserializer)?;
        Ok(milliseconds
            .into_iter()
            .map(Duration::from_millis)
            .collect())
    }
}

/// A share in a configuration, which JSON can only hold if it is finite.
pub(crate) mod share {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::retry::share;

    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        share(*value).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        f64::deserialize(deserializer).map(share)
    }
}

/// A duration in a configuration that may be absent, in milliseconds.
pub(crate) mod optional {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let milliseconds =
            duration.map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        milliseconds.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let milliseconds = Option::<u64>::deserialize(deserializer)?;
        Ok(milliseconds.map(Duration::from_millis))
    }
}

#[cfg(test)]
mod tests {
    use crate::retry::RetryPolicy;

    #[test]
    fn a_policy_survives_being_written_to_a_configuration() {
        for policy in [
            RetryPolicy::never(),
            RetryPolicy::entra(),
            RetryPolicy::imds(),
            RetryPolicy::imds_in_chain(),
            RetryPolicy::host_endpoint(),
            RetryPolicy::service_fabric(),
        ] {
            let stored = serde_json::to_string(&policy).expect("a policy serialises");
            let read: RetryPolicy = serde_json::from_str(&stored).expect("it is read back");
            assert_eq!(read, policy, "{stored}");
        }
    }

    #[test]
    fn a_status_that_is_none_is_refused_with_an_example() {
        let policy = r#"{"rules":[{"statuses":["4xx"],"delays":[1]}],"max_delay":1,"budget":1}"#;
        let error = serde_json::from_str::<RetryPolicy>(policy).expect_err("4xx is no number");
        assert!(error.to_string().contains("500-599"), "{error}");
    }
}
