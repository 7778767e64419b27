//! A connection secured by TLS.

use std::fmt;
use std::io::{Read, Write};

use azid_core::effect::{Detail, HttpFailure, Tls};
use azid_native::{Phase, client_config, http_failure, server_name};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use ureq::Error;
use ureq::http::Uri;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use crate::connect::{failed, time_left};

/// Has whoever is at the other end prove to be the server of this URI, or of the name that is
/// required instead.
pub(crate) fn secure(
    transport: Box<dyn Transport>,
    uri: &Uri,
    tls: &Tls,
    details: &ConnectionDetails<'_>,
) -> Result<Box<dyn Transport>, Error> {
    let config = client_config(tls).map_err(failed)?;
    let name = match server_name(tls).map_err(failed)? {
        Some(name) => name,
        None => name_in(uri).map_err(failed)?,
    };
    let mut connection = ClientConnection::new(config, name)
        .map_err(|error| failed(http_failure(&error, Phase::Connecting)))?;
    let mut socket = TransportAdapter::new(transport, details.current_time.clone());
    socket.set_timeout(time_left(details));
    connection
        .complete_io(&mut socket)
        .map_err(|error| match Error::from(error) {
            timeout @ Error::Timeout(_) => timeout,
            Error::Io(error) => failed(http_failure(&error, Phase::Connecting)),
            error => failed(http_failure(&error, Phase::Connecting)),
        })?;
    Ok(Box::new(Secure {
        stream: StreamOwned::new(connection, socket),
        buffers: LazyBuffers::new(
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        ),
    }))
}

fn name_in(uri: &Uri) -> Result<ServerName<'static>, HttpFailure> {
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']'); // of an IPv6 address
    ServerName::try_from(host.to_owned())
        .map_err(|_| HttpFailure::Tls(Detail::new("the host has no valid name")))
}

struct Secure {
    stream: StreamOwned<ClientConnection, TransportAdapter>,
    buffers: LazyBuffers,
}

impl Transport for Secure {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.sock.set_timeout(timeout);
        let output = &self.buffers.output()[..amount];
        self.stream.write_all(output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.sock.set_timeout(timeout);
        let read = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secure")
            .field(&self.stream.sock.inner())
            .finish()
    }
}
