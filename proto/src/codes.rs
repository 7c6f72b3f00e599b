//! Error and close codes: one table, from which the docs page and the SDKs' constants are generated.
//!
//! A reply error has a number in HTTP's families, a stable name and a retry flag. A close code says by its
//! range what a client does: 4000..=4099 reconnect, 4100..=4199 stop. A retired number is never used again.

macro_rules! errors {
    ($($variant:ident = $code:literal, $name:literal, $retry:literal, $sentence:literal;)*) => {
        /// Why a command was refused.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum ErrorCode { $($variant,)* }
        impl ErrorCode {
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)*];
            /// Number in HTTP's families.
            pub fn code(self) -> u16 { match self { $(Self::$variant => $code,)* } }
            /// Stable name.
            pub fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
            /// Whether the same command may succeed later.
            pub fn retry(self) -> bool { match self { $(Self::$variant => $retry,)* } }
            /// A sentence for people.
            pub fn sentence(self) -> &'static str { match self { $(Self::$variant => $sentence,)* } }
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
            /// The code a client acts on: the one so named, else the first of that number, else `Internal`.
            pub fn nearest(name: &str, code: u64) -> Self {
                let numbered = || Self::ALL.iter().copied().find(|it| u64::from(it.code()) == code);
                Self::from_name(name).or_else(numbered).unwrap_or(Self::Internal)
            }
        }
    };
}

errors! {
    Malformed = 400, "malformed", false, "The frame could not be parsed.";
    UnknownType = 400, "unknown_type", false, "The frame's type is not known.";
    InvalidField = 400, "invalid_field", false, "A field is missing or outside its limits.";
    AlreadyAuthenticated = 400, "already_authenticated", false, "This session is authenticated already.";
    Unauthenticated = 401, "unauthenticated", false, "The token is missing or was refused.";
    NotAParticipant = 403, "not_a_participant", false, "You are not a participant of this conversation.";
    NotAdmin = 403, "not_admin", false, "Only an admin of the group may do this.";
    DirectConversation = 409, "direct_conversation", false, "A direct conversation has exactly its two members.";
    GroupFull = 409, "group_full", false, "The group has as many members as it may have.";
    TooLarge = 413, "too_large", false, "The frame or its content is larger than the limit.";
    RateLimited = 429, "rate_limited", true, "Too many sends; wait and send again.";
    SyncInProgress = 429, "sync_in_progress", true, "A sync is still being answered; wait for its result.";
    Internal = 500, "internal", false, "The server failed.";
    StoreRejected = 500, "store_rejected", true, "The store refused the message; it was retracted.";
    Overloaded = 503, "overloaded", true, "No capacity right now; send again.";
    StoreUnavailable = 503, "store_unavailable", true, "The store does not answer; send again.";
    Draining = 503, "draining", true, "The server is shutting down; reconnect and send again.";
}

macro_rules! closes {
    ($($variant:ident = $code:literal, $name:literal, $sentence:literal;)*) => {
        /// Why the server closed a connection.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum CloseCode { $($variant,)* }
        impl CloseCode {
            pub const ALL: &'static [CloseCode] = &[$(CloseCode::$variant,)*];
            pub fn code(self) -> u16 { match self { $(Self::$variant => $code,)* } }
            pub fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
            pub fn sentence(self) -> &'static str { match self { $(Self::$variant => $sentence,)* } }
            pub fn from_code(code: u16) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
            /// Whether a client should connect again.
            pub fn reconnect(self) -> bool { self.code() < 4100 }
        }
    };
}

closes! {
    Draining = 4000, "draining", "The server is shutting down; reconnect after the hinted delay.";
    SlowConsumer = 4001, "slow_consumer", "The connection read too slowly; reconnect and sync.";
    PingTimeout = 4002, "ping_timeout", "No answer to a ping in time.";
    TokenExpired = 4003, "token_expired", "The token has expired; reconnect with a fresh one.";
    Overloaded = 4004, "overloaded", "No capacity for the session right now.";
    Unauthenticated = 4100, "unauthenticated", "The token is missing or was refused.";
    Forbidden = 4101, "forbidden", "This connection is not allowed.";
    Malformed = 4102, "malformed", "Too many frames could not be parsed.";
    TooManyConnections = 4103, "too_many_connections", "The user has as many sessions as allowed.";
    Revoked = 4104, "revoked", "The session was revoked.";
    Replaced = 4105, "replaced", "Another session took this one's place.";
    UnsupportedVersion = 4106, "unsupported_version", "This protocol version is not supported.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_close_ranges_hold() {
        for (i, a) in ErrorCode::ALL.iter().enumerate() {
            assert!(ErrorCode::ALL[..i].iter().all(|b| b.name() != a.name()));
            assert!((400..600).contains(&a.code()));
        }
        for (i, a) in CloseCode::ALL.iter().enumerate() {
            assert!(CloseCode::ALL[..i].iter().all(|b| b.code() != a.code()));
            assert_eq!(a.reconnect(), (4000..4100).contains(&a.code()));
            assert_eq!(CloseCode::from_code(a.code()), Some(*a));
        }
    }
}
