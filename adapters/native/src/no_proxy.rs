//! The list of those who are asked directly, as the variable `no_proxy` gives it.

use std::net::IpAddr;

use url::{Host, Url};

/// Whom to ask directly. Entries that cannot be read are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct NoProxy(Vec<Entry>);

#[derive(Clone, Debug)]
enum Entry {
    Everybody,
    Domain(String, Option<u16>),
    Address(IpAddr, Option<u16>),
    Network(IpAddr, u8),
}

impl NoProxy {
    pub(crate) fn parse(list: &str) -> Self {
        Self(list.split(',').filter_map(Entry::parse).collect())
    }

    pub(crate) fn matches(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return false;
        };
        self.0.iter().any(|entry| entry.matches(&host, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "*" {
            return Some(Self::Everybody);
        }
        if let Some((base, prefix)) = text.split_once('/') {
            let base: IpAddr = base.parse().ok()?;
            let prefix = prefix
                .parse()
                .ok()
                .filter(|prefix| *prefix <= width(base))?;
            return Some(Self::Network(base, prefix));
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address, None)); // an IPv6 address may be without brackets
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
            _ => (text, None),
        };
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        if let Ok(address) = bare.parse() {
            return Some(Self::Address(address, port));
        }
        let domain = host.strip_prefix('*').unwrap_or(host).trim_matches('.');
        (!domain.is_empty()).then(|| Self::Domain(domain.to_ascii_lowercase(), port))
    }

    fn matches(&self, host: &Host<&str>, port: u16) -> bool {
        let is_port = |wanted: &Option<u16>| wanted.is_none_or(|wanted| wanted == port);
        match self {
            Self::Everybody => true,
            Self::Domain(domain, wanted) => {
                is_port(wanted) && matches!(host, Host::Domain(name) if is_within(name, domain))
            }
            Self::Address(address, wanted) => {
                is_port(wanted) && ip(host).is_some_and(|ip| ip == address.to_canonical())
            }
            Self::Network(base, prefix) => ip(host).is_some_and(|ip| share(ip, *base, *prefix)),
        }
    }
}

/// Whether a name is the domain or one below it.
fn is_within(name: &str, domain: &str) -> bool {
    let name = name.trim_end_matches('.');
    match name.strip_suffix(domain) {
        Some(above) => above.is_empty() || above.ends_with('.'),
        None => false,
    }
}

fn ip(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address).to_canonical()),
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// Whether two addresses of one family have their first bits in common.
fn share(one: IpAddr, other: IpAddr, prefix: u8) -> bool {
    let differing_bits = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => u128::from(one.to_bits() ^ other.to_bits()) << 96,
        (IpAddr::V6(one), IpAddr::V6(other)) => one.to_bits() ^ other.to_bits(),
        _ => return false,
    };
    differing_bits.leading_zeros() >= u32::from(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_excepted(list: &str, url: &str) -> bool {
        NoProxy::parse(list).matches(&url.parse().expect("the URLs of the tests are valid"))
    }

    #[test]
    fn a_star_stands_for_everybody() {
        assert!(is_excepted("a.example, *", "https://b.example/"));
        assert!(!is_excepted("", "https://b.example/"));
    }

    #[test]
    fn a_host_stands_for_itself_and_what_is_below_it() {
        for list in [
            "corp.example",
            ".corp.example",
            "*.corp.example",
            "CORP.example",
        ] {
            assert!(is_excepted(list, "https://corp.example/"), "{list}");
            assert!(is_excepted(list, "https://login.corp.example./"), "{list}");
            assert!(!is_excepted(list, "https://notcorp.example/"), "{list}");
            assert!(!is_excepted(list, "https://corp.example.net/"), "{list}");
        }
    }

    #[test]
    fn a_port_narrows_an_entry() {
        assert!(is_excepted("a.example:8443", "https://a.example:8443/"));
        assert!(is_excepted("a.example:443", "https://a.example/"));
        assert!(!is_excepted("a.example:8443", "https://a.example/"));
        assert!(is_excepted(
            "[2001:db8::1]:8443",
            "https://[2001:db8::1]:8443/"
        ));
        assert!(!is_excepted("[2001:db8::1]:8443", "https://[2001:db8::1]/"));
    }

    #[test]
    fn an_address_may_be_written_in_any_of_its_forms() {
        for list in ["2001:db8::1", "[2001:db8::1]", "2001:db8:0:0::1"] {
            assert!(is_excepted(list, "https://[2001:db8::1]/"), "{list}");
        }
        assert!(is_excepted("10.1.2.3", "https://[::ffff:10.1.2.3]/"));
        assert!(!is_excepted("10.1.2.3", "https://110.1.2.3/"));
    }

    #[test]
    fn a_network_stands_for_its_addresses() {
        assert!(is_excepted("10.0.0.0/8", "https://10.255.0.1/"));
        assert!(!is_excepted("10.0.0.0/8", "https://11.0.0.1/"));
        assert!(is_excepted("2001:db8::/32", "https://[2001:db8:ffff::1]/"));
        assert!(!is_excepted("2001:db8::/32", "https://[2001:db9::1]/"));
        assert!(is_excepted("0.0.0.0/0", "https://1.2.3.4/"));
        assert!(is_excepted("1.2.3.4/32", "https://1.2.3.4/"));
        assert!(!is_excepted("1.2.3.4/32", "https://1.2.3.5/"));
        assert!(!is_excepted("0.0.0.0/0", "https://a.example/"));
    }

    #[test]
    fn entries_that_cannot_be_read_are_left_out() {
        let list = "10.0.0.0/33, a.example:port, :80, ., , 10.0.0/8";
        for url in [
            "https://10.0.0.1/",
            "https://a.example/",
            "https://b.example/",
        ] {
            assert!(!is_excepted(list, url), "{url}");
        }
        assert!(is_excepted("10.0.0.0/33,a.example", "https://a.example/"));
    }
}
