//! The programs that run now, for a process that is about to end.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azid_core::effect::{Detail, ExecFailure};

use super::Post;

static PROGRAMS: Mutex<Programs> = Mutex::new(Programs {
    are_over: false,
    posts: Vec::new(),
});
static GONE: Condvar = Condvar::new();

/// Killing takes milliseconds. What cannot be killed is not to keep a process from ending.
const MOST_WAIT: Duration = Duration::from_secs(5);

/// Kills all programs that run for credentials of this process, each with its process group, waits
/// until they are gone, for five seconds at most, and lets no other start from now on.
///
/// It is for a process that has caught the signal that ends it, or ends for another reason while
/// other threads get tokens: a program leads a process group of its own, which no signal from a
/// terminal reaches. It is not for a signal handler itself, but for the thread that hears of it.
pub fn end_programs() {
    let mut programs = programs();
    programs.are_over = true;
    for post in &programs.posts {
        post.call_off();
    }
    let running = |programs: &mut Programs| !programs.posts.is_empty();
    let _ = GONE.wait_timeout_while(programs, MOST_WAIT, running);
}

struct Programs {
    are_over: bool,
    posts: Vec<Post>,
}

fn programs() -> MutexGuard<'static, Programs> {
    PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A program's place among those that run.
pub(super) struct Entry<'a>(&'a Post);

impl<'a> Entry<'a> {
    pub(super) fn of(post: &'a Post) -> Result<Self, ExecFailure> {
        let mut programs = programs();
        if programs.are_over {
            return Err(ExecFailure::Other(Detail::new("this process is ending")));
        }
        programs.posts.push(post.clone());
        Ok(Self(post))
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let is_other = |post: &Post| !Arc::ptr_eq(&post.is_called_off, &self.0.is_called_off);
        programs().posts.retain(is_other);
        GONE.notify_all();
    }
}
