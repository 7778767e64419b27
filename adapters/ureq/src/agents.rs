//! ureq's agents, each with its own kept connections: one for every way to reach servers.

use azid_core::effect::{HttpFailure, Tls};
use azid_native::{Recent, Route, client_config};
use ureq::Agent;

use crate::connect::{Connect, Unresolved};

/// How many ways are kept.
const MOST: usize = 8;

/// A connection that was made in one way must not carry a request that asks for another.
#[derive(Debug)]
pub(crate) struct Agents(Recent<Way, Agent>);

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
        if let Some(agent) = self.0.get(&way) {
            return Ok(agent);
        }
        let agent = agent(&way)?;
        Ok(self.0.keep(way, agent))
    }
}

impl Default for Agents {
    fn default() -> Self {
        Self(Recent::new(MOST))
    }
}

fn agent(way: &Way) -> Result<Agent, HttpFailure> {
    let config = Agent::config_builder()
        .proxy(None) // the connector knows the way
        .input_buffer_size(64 * 1024) // of headers, the largest that ureq accepts
        .output_buffer_size(16 * 1024)
        .build();
    if way.tls != Tls::default() {
        client_config(&way.tls)?; // what cannot be met is known before anybody is asked
    }
    let connector = Connect::new(way.tls.clone(), way.route.clone())?;
    Ok(Agent::with_parts(config, connector, Unresolved))
}
