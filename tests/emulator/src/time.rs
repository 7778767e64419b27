//! Unix seconds as the texts that the services write.

/// The form of the `Date` header (RFC 9110 section 5.6.7): `Sat, 21 Nov 2026 04:21:27 GMT`.
pub(crate) fn http_date(unix_seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let moment = Moment::new(unix_seconds);
    let weekday = DAYS[(unix_seconds / 86_400 % 7) as usize];
    let month = MONTHS[moment.month as usize - 1];
    let Moment { year, day, .. } = moment;
    let time = moment.time();
    format!("{weekday}, {day:02} {month} {year:04} {time} GMT")
}

/// The form in Entra's error bodies: `2026-11-21 04:21:27Z`.
pub(crate) fn timestamp(unix_seconds: u64) -> String {
    let moment = Moment::new(unix_seconds);
    let Moment {
        year, month, day, ..
    } = moment;
    format!("{year:04}-{month:02}-{day:02} {}Z", moment.time())
}

/// The form of App Service on Linux: `06/20/2019 02:57:58 +00:00`.
pub(crate) fn date_on_linux(unix_seconds: u64) -> String {
    let moment = Moment::new(unix_seconds);
    let Moment {
        year, month, day, ..
    } = moment;
    format!("{month:02}/{day:02}/{year:04} {} +00:00", moment.time())
}

/// The form of App Service on Windows: `1/16/2020 5:24:12 AM +00:00`.
pub(crate) fn date_on_windows(unix_seconds: u64) -> String {
    let Moment {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = Moment::new(unix_seconds);
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = (hour + 11) % 12 + 1;
    format!("{month}/{day}/{year:04} {hour}:{minute:02}:{second:02} {half} +00:00")
}

/// A date and time of day in the Gregorian calendar, UTC.
pub(crate) struct Moment {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

impl Moment {
    /// Counts years from 1 March, so that the leap day comes last, in cycles of 400 years.
    pub(crate) fn new(unix_seconds: u64) -> Moment {
        const CYCLE: u64 = 146_097;
        let days = unix_seconds / 86_400 + 719_468;
        let (cycle, day_of_cycle) = (days / CYCLE, days % CYCLE);
        let year_of_cycle = (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524
            - day_of_cycle / 146_096)
            / 365;
        let day_of_year =
            day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        Moment {
            year: cycle * 400 + year_of_cycle + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: unix_seconds / 3_600 % 24,
            minute: unix_seconds / 60 % 60,
            second: unix_seconds % 60,
        }
    }

    fn time(&self) -> String {
        format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_windows_clock_shows_noon_and_midnight_as_twelve() {
        assert_eq!(date_on_linux(1_560_999_478), "06/20/2019 02:57:58 +00:00");
        assert_eq!(
            date_on_windows(1_579_152_252),
            "1/16/2020 5:24:12 AM +00:00"
        );
        assert_eq!(
            date_on_windows(1_579_132_800),
            "1/16/2020 12:00:00 AM +00:00"
        );
        assert_eq!(
            date_on_windows(1_579_176_000),
            "1/16/2020 12:00:00 PM +00:00"
        );
        assert_eq!(
            date_on_windows(1_579_215_599),
            "1/16/2020 10:59:59 PM +00:00"
        );
    }

    #[test]
    fn dates_are_right_on_both_sides_of_a_leap_day() {
        assert_eq!(timestamp(0), "1970-01-01 00:00:00Z");
        assert_eq!(timestamp(951_782_399), "2000-02-28 23:59:59Z");
        assert_eq!(timestamp(951_782_400), "2000-02-29 00:00:00Z");
        assert_eq!(timestamp(951_868_800), "2000-03-01 00:00:00Z");
        assert_eq!(http_date(1_795_234_887), "Sat, 21 Nov 2026 04:21:27 GMT");
    }
}
