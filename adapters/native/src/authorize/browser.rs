//! How a page is opened for a person to see.

use std::fmt;
use std::io;
use std::sync::Arc;

use url::Url;

/// Opens pages in a browser.
///
/// By default that is the person's own browser, where this package's feature `browser` is on: the
/// one that the variable `BROWSER` names, else the desktop's. On Linux and the like there must be a
/// display or that variable, because a desktop's opener would otherwise start and show nothing.
/// Without the feature there is no browser.
///
/// `BROWSER` holds commands, tried in order with colons between them; `%s` in one stands for the
/// page, which otherwise comes last. No shell reads them. One that ends with an error within five
/// seconds has not shown the page, and the next one is tried.
///
/// Such programs, and on Linux and the like the desktop's openers, are looked for in the absolute
/// directories of the `PATH`, never in the current one, and see no others in their `PATH`. Of this
/// process's streams they get a terminal or nothing.
#[derive(Clone)]
pub struct Browser(Arc<Open>);

type Open = dyn Fn(&Url) -> io::Result<()> + Send + Sync;

impl Browser {
    /// Opens pages by this function instead. It may return at once or when the person is done with
    /// the page; an error says that the page cannot be seen.
    pub fn new(open: impl Fn(&Url) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(open))
    }

    /// Opens a page.
    ///
    /// # Errors
    ///
    /// The page cannot be seen.
    pub fn open(&self, page: &Url) -> io::Result<()> {
        (self.0)(page)
    }

    /// Whether the person's own browser is likely to be found and seen: for a program that chooses
    /// how to ask before it does.
    pub fn is_likely() -> bool {
        is_likely()
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new(open)
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Browser")
    }
}

#[cfg(feature = "browser")]
fn open(page: &Url) -> io::Result<()> {
    if !is_likely() {
        return Err(io::Error::other("there is no display"));
    }
    #[cfg(unix)]
    if let Ok(commands) = std::env::var("BROWSER")
        && !commands.is_empty()
    {
        return super::command::open(&commands, page);
    }
    open_on_desktop(page)
}

#[cfg(all(
    feature = "browser",
    unix,
    not(any(target_vendor = "apple", target_os = "android"))
))]
use super::command::open_on_desktop;

#[cfg(all(
    feature = "browser",
    not(all(unix, not(any(target_vendor = "apple", target_os = "android"))))
))]
fn open_on_desktop(page: &Url) -> io::Result<()> {
    webbrowser::open(page.as_str())
}

#[cfg(feature = "browser")]
fn is_likely() -> bool {
    can_show(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(not(feature = "browser"))]
fn is_likely() -> bool {
    false
}

#[cfg(not(feature = "browser"))]
fn open(_: &Url) -> io::Result<()> {
    Err(io::Error::other(
        "this program is built without the feature `browser` of azid-native",
    ))
}

/// Whether some variable promises that what is opened is seen.
#[cfg(feature = "browser")]
fn can_show(is_set: impl Fn(&str) -> bool) -> bool {
    const SIGNS: [&str; 4] = ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"];
    !cfg!(all(
        unix,
        not(target_vendor = "apple"),
        not(target_os = "android")
    )) || SIGNS.into_iter().any(is_set)
}

#[cfg(all(test, feature = "browser", target_os = "linux"))]
mod tests {
    use super::can_show;

    #[test]
    fn a_browser_needs_a_display_or_to_be_named() {
        assert!(!can_show(|name| name == "HOME"));
        for name in ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"] {
            assert!(can_show(|other| other == name));
        }
    }
}
