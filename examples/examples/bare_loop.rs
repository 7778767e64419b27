//! A token without any adapter: the whole driver is the loop below.

use std::sync::Arc;
use std::time::SystemTime;

use azid_core::effect::Refusal;
use azid_core::{Authority, ClientSecretCredential, Context, Now, Run, Seed, Step, TokenRequest};

mod transport;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let variable = |name| std::env::var(name).map_err(|_| format!("set {name}"));
    let tenant = variable("AZURE_TENANT_ID")?;
    let client = variable("AZURE_CLIENT_ID")?;
    let credential = ClientSecretCredential::new(tenant, client, variable("AZURE_CLIENT_SECRET")?)?
        .authority(Authority::new(variable("AZURE_AUTHORITY_HOST")?)?);
    let request = TokenRequest::new(["https://vault.azure.net/.default"]);
    let agent = transport::agent()?;

    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let context = Context::new(request, now(), Seed::new(seed));
    let mut step = Run::start(Arc::new(credential), context);
    let outcome = loop {
        step = match step {
            Step::Done(outcome) => break outcome,
            Step::Http(call) => {
                let reply = transport::send(&agent, call.request());
                call.reply(reply, now())
            }
            Step::Sleep(call) => {
                std::thread::sleep(call.request().duration);
                call.reply(Ok(()), now())
            }
            other => other.refuse(Refusal::NoSuchEffect, now()),
        };
    };
    let token = outcome.result?;
    println!("{} until {}", token.came_from(), token.expires_on());
    Ok(())
}

fn now() -> Now {
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Now::wall(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
