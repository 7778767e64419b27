//! Civil dates in UTC: just enough to show a moment and to read the dates that endpoints send.

use std::fmt;

const SECONDS_A_DAY: i64 = 86_400;

/// Writes Unix seconds as `2027-01-15T08:00:00Z`.
pub(crate) fn write_rfc3339(unix_seconds: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (year, month, day) = civil_from_days(unix_seconds.div_euclid(SECONDS_A_DAY));
    let second = unix_seconds.rem_euclid(SECONDS_A_DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    write!(
        f,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    )
}

/// Reads the dates that identity endpoints are known to send, as Unix seconds.
///
/// `2026-11-21T10:00:00Z` and `2026-11-21 10:00:00` (fractions and an offset allowed),
/// `06/20/2019 02:57:58 +00:00`, `1/16/2020 5:24:12 AM +00:00`, and the HTTP date
/// `Sat, 21 Nov 2026 10:00:00 GMT`. Without an offset the text is taken as UTC.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.len() > 64 || !text.is_ascii() {
        return None;
    }
    if let Some((_, http_date)) = text.split_once(", ") {
        return parse_http_date(http_date);
    }
    let (date, rest) = text.split_once(['T', ' '])?;
    let days = if date.contains('/') {
        let [month, day, year] = numbers(date, '/')?;
        days_from_civil(year, month, day)?
    } else {
        let [year, month, day] = numbers(date, '-')?;
        days_from_civil(year, month, day)?
    };
    let end = rest.find(['Z', '+', '-', ' ']).unwrap_or(rest.len());
    let (time, tail) = rest.split_at(end);
    let (half, offset) = match tail.trim().strip_suffix('Z').unwrap_or(tail.trim()) {
        tail if tail.starts_with(['A', 'P']) => (tail.get(..2), tail.get(2..)?.trim()),
        tail => (None, tail),
    };
    Some(days * SECONDS_A_DAY + seconds_of_day(time, half)? - offset_seconds(offset)?)
}

fn parse_http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut parts = text.split(' ');
    let day = number(parts.next()?)?;
    let name = parts.next()?;
    let month = (1..).zip(MONTHS).find(|(_, month)| *month == name)?.0;
    let year = number(parts.next()?)?;
    let time = seconds_of_day(parts.next()?, None)?;
    (parts.next() == Some("GMT"))
        .then_some(days_from_civil(year, month, day)? * SECONDS_A_DAY + time)
}

fn seconds_of_day(time: &str, half: Option<&str>) -> Option<i64> {
    let whole = time.split_once('.').map_or(time, |(whole, _)| whole);
    let [hour, minute, second] = numbers(whole, ':')?;
    let hour = match half {
        None => hour,
        Some("AM") if (1..=12).contains(&hour) => hour % 12,
        Some("PM") if (1..=12).contains(&hour) => hour % 12 + 12,
        Some(_) => return None,
    };
    let in_range =
        (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    in_range.then_some(hour * 3600 + minute * 60 + second)
}

fn offset_seconds(offset: &str) -> Option<i64> {
    if offset.is_empty() {
        return Some(0);
    }
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = numbers(offset.strip_prefix(['+', '-'])?, ':')?;
    ((0..=14).contains(&hours) && (0..60).contains(&minutes))
        .then_some(sign * (hours * 3600 + minutes * 60))
}

fn numbers<const N: usize>(text: &str, separator: char) -> Option<[i64; N]> {
    let parts: Vec<i64> = text.split(separator).map(number).collect::<Option<_>>()?;
    parts.try_into().ok()
}

fn number(text: &str) -> Option<i64> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// The date of a day counted from 1970-01-01, by the 400-year cycle of 146,097 days.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // from 0000-03-01, so that the leap day ends a year
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153; // months counted from March
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (
        year + cycle * 400 + i64::from(month <= 2),
        month,
        day - (153 * shifted + 2) / 5 + 1,
    )
}

fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted_year = year - i64::from(month <= 2);
    let (cycle, of_cycle) = (shifted_year.div_euclid(400), shifted_year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = cycle * 146_097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - 719_468;
    (civil_from_days(days) == (year, month, day)).then_some(days) // no 31 April
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_endpoints_send_is_read() {
        let cases = [
            ("2027-01-15T08:00:00Z", 1_800_000_000),
            ("2027-01-15T08:00:00.123456Z", 1_800_000_000),
            ("2027-01-15T10:00:00+02:00", 1_800_000_000),
            ("2027-01-15 08:00:00", 1_800_000_000),
            ("2026-11-21 10:00:00.000000", 1_795_255_200),
            ("06/20/2019 02:57:58 +00:00", 1_560_999_478),
            ("1/16/2020 5:24:12 AM +00:00", 1_579_152_252),
            ("1/16/2020 12:00:00 PM +00:00", 1_579_176_000),
            ("Sat, 21 Nov 2026 10:00:00 GMT", 1_795_255_200),
            ("2000-02-29T00:00:00Z", 951_782_400),
        ];
        for (text, unix_seconds) in cases {
            assert_eq!(parse(text), Some(unix_seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let cases = [
            "",
            "now",
            "2027-04-31T00:00:00Z",
            "2027-13-01 00:00:00",
            "1/16/2020 13:24:12 PM +00:00",
            "2027-01-15T25:00:00Z",
            "99999-01-01T00:00:00Z",
            "2027-01-15T08:00:00+99:00",
            "é, 1",
            ", ",
            "T",
            "1900-01-01 00:00:00",
        ];
        for text in cases {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_and_dates_agree_over_eight_centuries() {
        for day in 0..292_194 {
            let (year, month, of_month) = civil_from_days(day);
            assert_eq!(days_from_civil(year, month, of_month), Some(day));
        }
    }
}
