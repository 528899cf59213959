//! Where a request comes from and by which way: directly, by TLS of our own, or through a declared proxy.
//!
//! `X-Forwarded-For` and `X-Forwarded-Proto` count only when the connection comes from the declared proxy's network;
//! the nearest address that is not the proxy's own is the visitor's.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// A network: an address and how many of its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Whether an address is in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                u32::from(network) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                u128::from(network) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Cidr, String> {
        let wrong = || format!("{text} is not a network: write 10.0.0.0/8 or one address");
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let network: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most {
            return Err(wrong());
        }
        Ok(Cidr { network, bits })
    }
}

/// How this server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP on the loopback address.
    Loopback,
    /// TLS of our own.
    Tls,
    /// Plain HTTP behind a proxy that ends TLS.
    Behind {
        /// The proxy's network.
        proxy: Cidr,
        /// The address people type, without a slash at its end.
        public_url: String,
    },
}

impl Transport {
    /// Cookies carry `Secure` and the `__Host-` name, answers HSTS.
    pub fn is_secure(&self) -> bool {
        match self {
            Transport::Loopback => false,
            Transport::Tls => true,
            Transport::Behind { public_url, .. } => public_url.starts_with("https://"),
        }
    }

    /// Where a request comes from.
    pub fn visitor(&self, peer: Option<SocketAddr>, forwarded_for: Option<&str>) -> IpAddr {
        let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip().to_canonical());
        let Transport::Behind { proxy, .. } = self else { return peer };
        if !proxy.holds(peer) {
            return peer;
        }
        let mut nearest = peer;
        for hop in forwarded_for.unwrap_or_default().rsplit(',') {
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            nearest = address.to_canonical();
            if !proxy.holds(nearest) {
                break;
            }
        }
        nearest
    }

    /// Whether an `Origin` header names this server; `host` is the request's own.
    pub fn is_own_origin(&self, origin: &str, host: &str) -> bool {
        match self {
            Transport::Loopback => origin.strip_prefix("http://").is_some_and(|named| same_host(named, host)),
            Transport::Tls => origin.strip_prefix("https://").is_some_and(|named| same_host(named, host)),
            Transport::Behind { public_url, .. } => same_host(origin, public_url),
        }
    }
}

fn same_host(one: &str, other: &str) -> bool {
    !one.is_empty() && one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn behind() -> Transport {
        Transport::Behind { proxy: "10.0.0.0/8".parse().unwrap(), public_url: "https://registry.example.org".into() }
    }

    fn peer(text: &str) -> Option<SocketAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn forwarded_address_counts_only_from_the_declared_proxy() {
        let header = Some("203.0.113.9, 10.1.1.1");
        assert_eq!(behind().visitor(peer("10.2.3.4:5"), header).to_string(), "203.0.113.9");
        assert_eq!(behind().visitor(peer("198.51.100.7:5"), header).to_string(), "198.51.100.7");
        assert_eq!(Transport::Loopback.visitor(peer("127.0.0.1:5"), header).to_string(), "127.0.0.1");
    }

    #[test]
    fn an_address_that_a_visitor_wrote_himself_is_not_taken() {
        let header = Some("1.2.3.4, 203.0.113.9");
        assert_eq!(behind().visitor(peer("10.2.3.4:5"), header).to_string(), "203.0.113.9");
        assert_eq!(behind().visitor(peer("10.2.3.4:5"), Some("rubbish")).to_string(), "10.2.3.4");
    }

    #[test]
    fn networks_are_read_and_compared_by_their_bits() {
        let net: Cidr = "192.168.4.0/22".parse().unwrap();
        assert!(net.holds("192.168.7.255".parse().unwrap()) && !net.holds("192.168.8.0".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<Cidr>().unwrap().holds("8.8.8.8".parse().unwrap()));
        assert!("::1".parse::<Cidr>().unwrap().holds("::1".parse().unwrap()));
        assert!("10.0.0.0/33".parse::<Cidr>().is_err() && "ten".parse::<Cidr>().is_err());
    }

    #[test]
    fn only_the_own_origin_is_one() {
        assert!(Transport::Loopback.is_own_origin("http://127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(!Transport::Loopback.is_own_origin("http://127.0.0.1:8081", "127.0.0.1:8080"));
        assert!(!Transport::Tls.is_own_origin("http://a.example", "a.example"));
        assert!(behind().is_own_origin("https://registry.example.org", "internal:8080"));
        assert!(!behind().is_own_origin("null", "null"));
    }
}
