//! ureq's agents, each with its own kept connections: one for every way to reach servers.

use std::sync::{Mutex, PoisonError};

use azid_core::effect::{HttpFailure, Tls};
use azid_native::Route;
use ureq::Agent;

use crate::connect::{Connect, FirstHop};

/// How many ways are kept; of more, the oldest goes.
const MOST: usize = 8;

/// A connection that was made in one way must not carry a request that asks for another.
#[derive(Debug, Default)]
pub(crate) struct Agents(Mutex<Vec<(Way, Agent)>>);

#[derive(Debug, PartialEq, Eq)]
struct Way {
    tls: Tls,
    route: Route,
}

impl Agents {
    /// The agent for a way.
    pub(crate) fn get(&self, tls: &Tls, route: Route) -> Result<Agent, HttpFailure> {
        let way = Way {
            tls: tls.clone(),
            route,
        };
        let mut agents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, agent)) = agents.iter().find(|(known, _)| *known == way) {
            return Ok(agent.clone());
        }
        let agent = agent(&way)?;
        if agents.len() == MOST {
            agents.remove(0);
        }
        agents.push((way, agent.clone()));
        Ok(agent)
    }
}

fn agent(way: &Way) -> Result<Agent, HttpFailure> {
    let config = Agent::config_builder()
        .proxy(None) // the connector knows the way
        .input_buffer_size(64 * 1024) // of headers, the largest that ureq accepts
        .output_buffer_size(16 * 1024)
        .build();
    let resolver = FirstHop::new(&way.route)?;
    let connector = Connect::new(way.tls.clone(), way.route.clone());
    Ok(Agent::with_parts(config, connector, resolver))
}
