//! How findings look: to a person, and to a machine.

use std::fmt::Write as _;
use std::time::Duration;

use azid_core::{DefaultLink, Plan};
use serde_json::{Value, json};

use super::finding::{Diagnosis, Finding};
use crate::table::rounded;

/// What would be tried, before anything is.
pub(super) fn plan(plan: &Plan) -> String {
    let mut text = format!("The plan, from the environment alone:\n\n{plan}\n");
    let left_out = left_out(plan);
    if !left_out.is_empty() {
        let names = left_out.join(", ");
        let _ = writeln!(text, "  left out by AZURE_TOKEN_CREDENTIALS: {names}");
    }
    text.push('\n');
    text
}

/// A line for each link, and below it what was seen and what to do.
pub(super) fn table(diagnosis: &Diagnosis, colour: bool) -> String {
    let mut text = format!("What happens, for {}:\n\n", diagnosis.scope);
    let _ = writeln!(text, "{:28}  {:16}  {:>8}", "link", "verdict", "time");
    for finding in &diagnosis.findings {
        let verdict = finding.verdict();
        let (mark, code) = match verdict {
            "token" => ("✓", "32"),
            "unavailable" => ("–", "2"),
            _ => ("✗", "31"),
        };
        let mark = match colour {
            true => format!("\x1b[{code}m{mark}\x1b[0m"),
            false => mark.to_owned(),
        };
        let took = shown(finding.took);
        let _ = writeln!(text, "{:28}  {mark} {verdict:14}  {took:>8}", finding.link);
        wrap(&remark(finding), &mut text);
        if let Some(cure) = finding.cure() {
            wrap(&format!("what to do: {cure}"), &mut text);
        }
    }
    if let Some(Finding {
        link,
        result: Ok(_),
        ..
    }) = diagnosis.end()
    {
        let _ = writeln!(
            text,
            "\n{} gets its token from {link}.",
            diagnosis.plan.credential
        );
    }
    text
}

/// Everything in one object.
pub(super) fn json(diagnosis: &Diagnosis) -> Value {
    let end = diagnosis.end();
    let links: Vec<_> = diagnosis.findings.iter().map(link).collect();
    json!({
        "credential": diagnosis.plan.credential,
        "scope": diagnosis.scope,
        "verdict": end.map_or("unavailable".to_owned(), word),
        "link": end.map(|finding| finding.link),
        "plan": diagnosis.plan,
        "left_out": left_out(&diagnosis.plan),
        "links": links,
    })
}

fn link(finding: &Finding) -> Value {
    let token = finding.result.as_ref().ok();
    json!({
        "link": finding.link,
        "verdict": word(finding),
        "milliseconds": u64::try_from(finding.took.as_millis()).unwrap_or(u64::MAX),
        "source": token.map(|token| token.came_from()),
        "expires_on": token.map(|token| token.expires_on().unix_seconds()),
        "cause": finding.cause(),
        "cure": finding.cure(),
    })
}

/// A verdict without spaces.
fn word(finding: &Finding) -> String {
    finding.verdict().replace(' ', "-")
}

/// The links that are not in a plan. One that is not valid leaves out none.
fn left_out(plan: &Plan) -> Vec<&'static str> {
    let is_planned = |name| plan.links.iter().any(|link| link.credential == name);
    let all = DefaultLink::ALL.iter().map(|link| link.credential());
    all.filter(|name| !plan.links.is_empty() && !is_planned(*name))
        .collect()
}

fn remark(finding: &Finding) -> String {
    match &finding.result {
        Ok(token) => {
            let lifetime = token.expires_on().since(azid_native::now().timestamp());
            format!("by {}, good for {}", token.came_from(), rounded(lifetime))
        }
        Err(_) => finding.cause().unwrap_or_default(),
    }
}

/// Adds a paragraph that fits a terminal.
fn wrap(paragraph: &str, text: &mut String) {
    const WIDTH: usize = 80;
    const INDENT: &str = "    ";
    let mut line = String::new();
    for word in paragraph.split_whitespace() {
        let width = INDENT.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && width > WIDTH {
            let _ = writeln!(text, "{INDENT}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(text, "{INDENT}{line}");
    }
}

/// Seconds only where milliseconds would be hard to read.
fn shown(took: Duration) -> String {
    match took.as_millis() {
        milliseconds @ 0..1000 => format!("{milliseconds} ms"),
        _ => format!("{:.1} s", took.as_secs_f64()),
    }
}
