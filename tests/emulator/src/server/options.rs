//! How a server is set up.

use super::clock::Clock;
use std::path::PathBuf;
use std::time::Duration;

/// Ports, limits and files of a server.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The port of the metadata endpoints and of the hosts that speak plain http; 0 takes a free one.
    pub http_port: u16,
    /// The port of Entra; 0 takes a free one.
    pub https_port: u16,
    /// The port of Service Fabric; 0 takes a free one.
    pub service_fabric_port: u16,
    /// The port of the token proxy of a Kubernetes cluster; 0 takes a free one.
    pub token_proxy_port: u16,
    /// How long a connection may be idle, and how long a request may take to arrive;
    /// between a millisecond and a day.
    pub read_timeout: Duration,
    /// The longest request line with headers; a longer one gets status 431.
    pub max_head_bytes: usize,
    /// The longest request body; a longer one gets status 413.
    pub max_body_bytes: usize,
    /// Where the files go, and stay. By default they go to a directory of their own among the
    /// system's temporary files, which is removed with the server.
    pub directory: Option<PathBuf>,
    /// What the emulator takes for the time.
    pub clock: Clock,
}

impl Default for ServerOptions {
    fn default() -> ServerOptions {
        ServerOptions {
            http_port: 0,
            https_port: 0,
            service_fabric_port: 0,
            token_proxy_port: 0,
            read_timeout: Duration::from_secs(30),
            max_head_bytes: 32 * 1024,
            max_body_bytes: 256 * 1024,
            directory: None,
            clock: Clock::system(),
        }
    }
}
