//! `azid login`: a check that somebody can sign in, and of who they are then.

use std::env;
use std::time::Duration;

use azid_core::{AuthenticationRecord, Fact, MemoryChange, TokenRequest};
use clap::Args;

use crate::credential::{Choice, Name};
use crate::runtime::{Order, Runtime};
use crate::table::rounded;
use crate::token::Patience;
use crate::{Problem, output};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    way: Way,
    /// The tenant, instead of AZURE_TENANT_ID or else that of the account.
    #[arg(long)]
    tenant: Option<String>,
    /// The https URL of the token service, instead of AZURE_AUTHORITY_HOST.
    #[arg(long)]
    authority: Option<String>,
    /// The client id of the application to sign in to, instead of that of the Azure tools.
    #[arg(long)]
    client_id: Option<String>,
    #[arg(
        help = "What to ask a token for",
        long,
        default_value = "https://management.azure.com/.default"
    )]
    scope: String,
    /// The adapter that carries it out.
    #[arg(long, value_enum, default_value_t = Runtime::Ureq)]
    runtime: Runtime,
    /// How many seconds it may take in all.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
}

#[derive(Args)]
#[group(multiple = false)]
struct Way {
    /// Show a code to type on another device.
    #[arg(long)]
    device_code: bool,
    /// Open the sign-in page in this machine's browser, and print its address.
    #[arg(long)]
    browser: bool,
}

impl Way {
    fn credential(&self) -> Name {
        let is_browser = self.browser || (!self.device_code && is_browser_likely());
        match is_browser {
            true => Name::InteractiveBrowser,
            false => Name::DeviceCode,
        }
    }
}

/// A browser that the variable BROWSER does not name would, over ssh, open where nobody sits:
/// unless it is one of X11, whose display may be the person's.
fn is_browser_likely() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_elsewhere = is_set("SSH_CONNECTION") && !is_set("BROWSER") && !is_set("DISPLAY");
    azid_native::Browser::is_likely() && !is_elsewhere
}

pub(crate) fn run(options: Options) -> Result<(), Problem> {
    let name = options.way.credential();
    let choice = Choice::of_person(name, options.tenant, options.authority, options.client_id);
    let environment = azid_native::environment();
    let credential = choice.credential(&environment)?;
    let order = Order {
        deadline: options.timeout.map(Duration::from_secs),
        ..Order::new(TokenRequest::new([&options.scope]), environment)
    };
    let patience = Patience::of(&order);
    let outcome = options.runtime.drive(credential, order)?;
    let token = outcome.result.map_err(|error| patience.problem(error))?;
    let who = outcome.memory.into_iter().find_map(signed_in);
    let lifetime = token.expires_on().since(azid_native::now().timestamp());
    output::line(&format!(
        "{}\na token for {} is good for {}, until {}",
        who.map_or_else(|| "somebody signed in".to_owned(), |who| introduce(&who)),
        options.scope,
        rounded(lifetime),
        token.expires_on(),
    ))?;
    output::note("nothing of it is kept: this shows that signing in works, and logs nothing in");
    Ok(())
}

fn signed_in(change: MemoryChange) -> Option<AuthenticationRecord> {
    match change {
        MemoryChange::Learned {
            fact: Fact::SignedIn(record),
            ..
        } => Some(record),
        _ => None,
    }
}

fn introduce(who: &AuthenticationRecord) -> String {
    let name = plain(who.username());
    format!(
        "{} of the tenant {} signed in to the application {}",
        if name.is_empty() { "somebody" } else { &name },
        plain(who.tenant_id()),
        plain(who.client_id())
    )
}

/// A name as one can trust one's eyes with it: what is not seen, or turns the order of what is,
/// becomes a blank.
fn plain(text: &str) -> String {
    let is_unseen = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let words: Vec<_> = text.split(is_unseen).filter(|it| !it.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_name_has_no_characters_that_are_not_seen_or_turn_others_around() {
        let name = " megan\u{202e}moc\u{2066}\u{200b}@x\u{1b}[2J\r\n\u{feff}";
        assert_eq!(plain(name), "megan moc @x [2J");
        assert_eq!(plain("\u{200b} "), "");
        assert_eq!(plain("Zoë"), "Zoë");
    }
}
