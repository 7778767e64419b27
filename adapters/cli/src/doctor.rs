//! `azid doctor`: what the default chain would do here, and what each of its links does.
//!
//! plan ─► try each link by itself, all at once ─► what the chain would come to ─► a table

mod finding;
mod progress;
mod report;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use azid_core::{
    Cause, Credential, DefaultAzureCredential, DefaultLink, Error, ErrorKind, Plan, PlanContext,
    Position, TokenRequest,
};
use clap::Args;

use self::finding::{Diagnosis, Finding};
use self::progress::Progress;
use crate::credential::default_chain;
use crate::runtime::{Order, Runtime};
use crate::{Problem, output};

#[derive(Args)]
pub(crate) struct Options {
    /// Write one JSON object for machines instead of the text.
    #[arg(long)]
    json: bool,
    #[arg(
        help = "What to ask tokens for",
        long,
        default_value = "https://management.azure.com/.default",
        value_parser = scope
    )]
    scope: String,
    /// How many seconds each link may take. They are tried at the same time.
    #[arg(long, value_name = "SECONDS", default_value_t = 15,
        value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

fn scope(text: &str) -> Result<String, &'static str> {
    let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_word
        .then(|| text.to_owned())
        .ok_or("it must be one word")
}

pub(crate) fn run(options: &Options) -> Result<(), Problem> {
    let environment = azid_native::environment();
    let plan = default_chain().plan(&PlanContext {
        environment: &environment,
        platform: azid_native::platform(),
        position: Position::Alone,
    });
    if !options.json {
        output::text(&report::plan(&plan))?;
    }
    let order = Order {
        deadline: Some(Duration::from_secs(options.timeout)),
        position: match plan.links.len() {
            0 | 1 => Position::Alone,
            _ => Position::InDefaultChain,
        },
        ..Order::new(TokenRequest::new([&options.scope]), environment)
    };
    let findings = examine(links(&plan), &order)?;
    let diagnosis = Diagnosis {
        scope: options.scope.clone(),
        plan,
        findings,
    };
    match options.json {
        true => output::line(&report::json(&diagnosis).to_string())?,
        false => output::text(&report::table(&diagnosis, output::has_colours()))?,
    }
    diagnosis.verdict()
}

/// The default chain with each of the links of its plan alone; the whole chain where it cannot
/// even choose any.
fn links(plan: &Plan) -> Vec<(&'static str, DefaultAzureCredential)> {
    if plan.links.is_empty() {
        return vec![(plan.credential, default_chain())];
    }
    let planned = |link: &&DefaultLink| {
        let mut links = plan.links.iter();
        links.any(|planned| planned.credential == link.credential())
    };
    let alone = |link: &DefaultLink| {
        let others = DefaultLink::ALL.iter().filter(|other| *other != link);
        let chain = others.fold(default_chain(), |chain, other| chain.exclude(*other));
        (link.credential(), chain)
    };
    DefaultLink::ALL.iter().filter(planned).map(alone).collect()
}

/// Tries all links at once, so that the slowest says how long it takes.
fn examine(
    links: Vec<(&'static str, DefaultAzureCredential)>,
    order: &Order,
) -> Result<Vec<Finding>, Problem> {
    let progress = Progress::of(links.iter().map(|(link, _)| *link));
    progress.show_while(|| {
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for (link, credential) in links {
                let progress = &progress;
                let work = move || {
                    let finding = find(link, credential, order);
                    progress.is_done(link);
                    finding
                };
                let thread = thread::Builder::new().spawn_scoped(scope, work);
                threads.push(thread.map_err(Problem::failed)?);
            }
            let findings = threads.into_iter().map(|thread| thread.join());
            Ok(findings
                .map(|finding| finding.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect())
        })
    })
}

fn find(link: &'static str, credential: DefaultAzureCredential, order: &Order) -> Finding {
    let start = Instant::now();
    let outcome = Runtime::Ureq.drive(Arc::new(credential), order.clone());
    Finding {
        link,
        took: start.elapsed(),
        result: match outcome {
            Ok(outcome) => outcome.result,
            Err(_) => Err(Error::of(ErrorKind::Failed, link, Cause::NoRandomness)), // no run without
        },
    }
}
