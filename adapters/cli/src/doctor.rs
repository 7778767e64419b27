//! `azid doctor`: what the default chain would do here, and what each of its links does.
//!
//! plan ─► try each link by itself ─► what the chain would come to ─► a table

mod finding;
mod progress;
mod report;

use std::sync::Arc;
use std::time::{Duration, Instant};

use azid_core::{
    Credential, DefaultAzureCredential, DefaultLink, Plan, PlanContext, Position, TokenRequest,
};
use clap::Args;

use self::finding::{Diagnosis, Finding};
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
    /// How many seconds each link may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
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
    let findings = links(&plan)
        .into_iter()
        .map(|(name, credential)| find(name, credential, &order))
        .collect::<Result<_, _>>()?;
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

fn find(
    link: &'static str,
    credential: DefaultAzureCredential,
    order: &Order,
) -> Result<Finding, Problem> {
    let start = Instant::now();
    let outcome = progress::while_waiting(&format!("trying {link}"), || {
        Runtime::Ureq.drive(Arc::new(credential), order.clone())
    })?;
    Ok(Finding {
        link,
        took: start.elapsed(),
        result: outcome.result,
    })
}
