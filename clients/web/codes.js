// Generated from proto/src/codes.rs; rewrite with `CHASQUI_BLESS=1 cargo test -p chasqui-proto`.

/** Errors by name: number, and whether to send again. */
export const ERRORS = Object.freeze({
  malformed: { code: 400, retry: false },
  unknown_type: { code: 400, retry: false },
  invalid_field: { code: 400, retry: false },
  already_authenticated: { code: 400, retry: false },
  unauthenticated: { code: 401, retry: false },
  not_a_participant: { code: 403, retry: false },
  not_admin: { code: 403, retry: false },
  direct_conversation: { code: 409, retry: false },
  group_full: { code: 409, retry: false },
  too_large: { code: 413, retry: false },
  rate_limited: { code: 429, retry: true },
  sync_in_progress: { code: 429, retry: true },
  internal: { code: 500, retry: false },
  store_rejected: { code: 500, retry: true },
  overloaded: { code: 503, retry: true },
  store_unavailable: { code: 503, retry: true },
  draining: { code: 503, retry: true },
});

/** Close codes by name. */
export const CLOSE = Object.freeze({
  draining: 4000,
  slow_consumer: 4001,
  ping_timeout: 4002,
  token_expired: 4003,
  overloaded: 4004,
  unauthenticated: 4100,
  forbidden: 4101,
  malformed: 4102,
  too_many_connections: 4103,
  revoked: 4104,
  replaced: 4105,
  unsupported_version: 4106,
});

/** What a close code means, for people. */
export const CLOSE_SENTENCES = Object.freeze({
  4000: "The server is shutting down; reconnect after the hinted delay.",
  4001: "The connection read too slowly; reconnect and sync.",
  4002: "No answer to a ping in time.",
  4003: "The token has expired; reconnect with a fresh one.",
  4004: "No capacity for the session right now.",
  4100: "The token is missing or was refused.",
  4101: "This connection is not allowed.",
  4102: "Too many frames could not be parsed.",
  4103: "The user has as many sessions as allowed.",
  4104: "The session was revoked.",
  4105: "Another session took this one's place.",
  4106: "This protocol version is not supported.",
});

/** Whether a client should connect again after a close with this code. Codes below 4000 are the transport's own. */
export function shouldReconnect(code) {
  return code < 4100;
}
