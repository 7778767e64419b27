//! Measures contestants against each other on a machine that others use too: in short rounds, one
//! after the other, of which the best of each counts.

use std::time::{Duration, Instant};

const ROUNDS: usize = 120;
const ROUND: Duration = Duration::from_millis(6);

/// Somebody with work to be measured, which is done so many times for each call.
pub struct Contestant<'a> {
    name: &'a str,
    work: Box<dyn FnMut(usize) + 'a>,
}

/// Names a contestant.
pub fn contestant<'a>(name: &'a str, work: impl FnMut(usize) + 'a) -> Contestant<'a> {
    let work = Box::new(work);
    Contestant { name, work }
}

/// Prints how long each takes for one time, and how many times the first one's time that is.
pub fn compare(title: &str, contestants: Vec<Contestant<'_>>) {
    compare_by(title, contestants, time);
}

/// The same by another clock than the wall's.
pub fn compare_by(
    title: &str,
    mut contestants: Vec<Contestant<'_>>,
    clock: impl Fn(&mut dyn FnMut(usize), usize) -> Duration,
) {
    let times: Vec<usize> = contestants
        .iter_mut()
        .map(|contestant| fitting(&mut contestant.work))
        .collect();
    let mut best = vec![Duration::MAX; contestants.len()];
    for _ in 0..ROUNDS {
        for (index, contestant) in contestants.iter_mut().enumerate() {
            let took = clock(&mut *contestant.work, times[index]);
            best[index] = best[index].min(took);
        }
    }
    let each = |index: usize| best[index].as_secs_f64() / times[index] as f64;
    println!("\n{title}\n  {:<34} {:>12} {:>9}", "", "each", "× first");
    for (index, contestant) in contestants.iter().enumerate() {
        let ratio = each(index) / each(0);
        println!(
            "  {:<34} {:>12} {ratio:>9.2}",
            contestant.name,
            shown(each(index))
        );
    }
}

/// How often the work fits into a round once it is warm. What a round costs however short it is,
/// such as the start of its threads, must not count for work.
fn fitting(work: &mut dyn FnMut(usize)) -> usize {
    work(10); // which may connect, and the like
    let mut times = 1;
    loop {
        let mut best = |times| (0..5).map(|_| time(work, times)).min().unwrap_or_default();
        let (took, longer) = (best(times), best(times * 4));
        if longer * 2 >= ROUND && longer >= took * 2 {
            let fitting = ROUND.as_secs_f64() / longer.as_secs_f64() * (times * 4) as f64;
            return (fitting as usize).max(1);
        }
        times *= 4;
    }
}

fn time(work: &mut dyn FnMut(usize), times: usize) -> Duration {
    let start = Instant::now();
    work(times);
    start.elapsed()
}

fn shown(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1e-6 => format!("{:.1} ns", seconds * 1e9),
        seconds if seconds < 1e-3 => format!("{:.2} µs", seconds * 1e6),
        seconds => format!("{:.3} ms", seconds * 1e3),
    }
}
