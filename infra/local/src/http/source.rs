//! The address that a request comes from.

use std::net::IpAddr;

use http::{HeaderName, request::Parts};

/// Lets a test use many client addresses. The gateway takes the header's address for the client's and does not pass the
/// header on.
pub(crate) const SOURCE_IP_HEADER: HeaderName = HeaderName::from_static("x-local-source-ip");

/// The address of the client: the header's address, or else that of the connection.
pub(crate) fn source_ip(parts: &Parts, peer: IpAddr) -> IpAddr {
    let in_header = parts.headers.get(SOURCE_IP_HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
    in_header.unwrap_or(peer)
}
