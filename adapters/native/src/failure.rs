//! What an error of a socket or of TLS means for an exchange.

use std::error::Error;
use std::io::{self, ErrorKind};

use azid_core::effect::{Detail, HttpFailure};
use rustls::{CertificateError, OtherError};

/// How far an exchange had come when it broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not a byte of the request had been sent.
    Connecting,
    /// Some of the request may have reached the server.
    Connected,
}

/// The failure that an error means, told by what it or any of its sources is.
pub fn http_failure(error: &(dyn Error + 'static), phase: Phase) -> HttpFailure {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(failure) = cause.downcast_ref::<HttpFailure>() {
            return failure.clone();
        }
        if let Some(failure) = by_tls(cause, phase) {
            return failure;
        }
        let io = cause.downcast_ref::<io::Error>();
        if let Some(failure) = io.and_then(|io| by_kind(io, phase)) {
            return failure;
        }
        // What an I/O error was made from is not its source, but what that would have as one.
        next = match io.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    match phase {
        Phase::Connecting => HttpFailure::Connect(Detail::new(error)),
        Phase::Connected => HttpFailure::Lost { request_sent: true },
    }
}

fn by_tls(error: &(dyn Error + 'static), phase: Phase) -> Option<HttpFailure> {
    use rustls::Error::{InvalidCertificate, NoCertificatesPresented, PeerIncompatible};

    let error = error.downcast_ref::<rustls::Error>()?;
    let in_handshake = phase == Phase::Connecting
        || matches!(
            error,
            InvalidCertificate(_) | NoCertificatesPresented | PeerIncompatible(_)
        );
    let detail = || match error {
        // Our own words, which rustls would show as a piece of Rust.
        InvalidCertificate(CertificateError::Other(OtherError(own))) => Detail::new(own),
        error => Detail::new(error),
    };
    in_handshake.then(|| HttpFailure::Tls(detail()))
}

fn by_kind(error: &io::Error, phase: Phase) -> Option<HttpFailure> {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Some(HttpFailure::TimedOut),
        ErrorKind::ConnectionRefused => Some(HttpFailure::Connect(Detail::new(error))),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable
            if phase == Phase::Connecting =>
        {
            Some(HttpFailure::Connect(Detail::new(error)))
        }
        // Also in a handshake of TLS: whoever cuts it is no server that cannot prove itself.
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
            if phase == Phase::Connecting =>
        {
            Some(HttpFailure::Lost {
                request_sent: false,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azid_core::effect::{Refusal, Requirement};

    fn of(error: io::Error, phase: Phase) -> HttpFailure {
        http_failure(&error, phase)
    }

    #[test]
    fn a_socket_that_broke_before_the_request_left_was_not_connected() {
        for kind in [
            ErrorKind::ConnectionRefused,
            ErrorKind::HostUnreachable,
            ErrorKind::AddrNotAvailable,
        ] {
            let failure = of(kind.into(), Phase::Connecting);
            assert!(
                matches!(failure, HttpFailure::Connect(_)),
                "{kind:?} {failure:?}"
            );
        }
    }

    #[test]
    fn a_connection_that_is_cut_before_the_request_left_is_lost_without_it() {
        for kind in [
            ErrorKind::ConnectionReset,
            ErrorKind::UnexpectedEof,
            ErrorKind::BrokenPipe,
        ] {
            assert_eq!(
                of(kind.into(), Phase::Connecting),
                HttpFailure::Lost {
                    request_sent: false
                }
            );
        }
    }

    #[test]
    fn a_socket_that_broke_later_may_have_carried_the_request() {
        for kind in [
            ErrorKind::ConnectionReset,
            ErrorKind::BrokenPipe,
            ErrorKind::UnexpectedEof,
            ErrorKind::HostUnreachable,
        ] {
            assert_eq!(
                of(kind.into(), Phase::Connected),
                HttpFailure::Lost { request_sent: true }
            );
        }
    }

    #[test]
    fn a_time_limit_is_one_in_either_phase() {
        for phase in [Phase::Connecting, Phase::Connected] {
            assert_eq!(of(ErrorKind::TimedOut.into(), phase), HttpFailure::TimedOut);
            assert_eq!(
                of(ErrorKind::WouldBlock.into(), phase),
                HttpFailure::TimedOut
            );
        }
    }

    #[test]
    fn a_bad_certificate_is_found_inside_an_io_error() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = io::Error::new(ErrorKind::InvalidData, tls);
        assert!(matches!(
            of(error, Phase::Connecting),
            HttpFailure::Tls(detail) if detail.as_str().contains("UnknownIssuer")
        ));
    }

    #[test]
    fn an_alert_after_the_handshake_does_not_say_that_nothing_was_sent() {
        let tls = rustls::Error::AlertReceived(rustls::AlertDescription::InternalError);
        let error = io::Error::new(ErrorKind::InvalidData, tls);
        assert_eq!(
            of(error, Phase::Connected),
            HttpFailure::Lost { request_sent: true }
        );
    }

    #[test]
    fn a_failure_that_is_wrapped_comes_out_as_it_went_in() {
        let failure = HttpFailure::Refused(Refusal::Requirement(Requirement::TlsPin));
        assert_eq!(
            of(io::Error::other(failure.clone()), Phase::Connected),
            failure
        );
    }
}
