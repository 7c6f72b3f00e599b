// Identifiers a client makes itself.

const DOMAIN_USER = 'chasqui.user.v1';
const DOMAIN_DIRECT = 'chasqui.direct.v1';
const VIRTUAL_SHARDS = 4096;
const utf8 = new TextEncoder();

/** A new client id: the key by which the server tells a resend from a new message. */
export const newClientId = () => crypto.randomUUID();

/**
 * The id of the direct conversation of two users, in either order. It is derived, so it is known before the first
 * message; `proto/src/ids.rs` is the source of the rule.
 */
export async function directConversationId(a, b) {
  const [low, high] = inByteOrder(utf8.encode(a), utf8.encode(b));
  const digest = await sha256(utf8.encode(DOMAIN_DIRECT), [low.length], low, [high.length], high);
  const home = digest[16] & 1 ? high : low;
  const shard = await virtualShard(home);
  const id = digest.slice(0, 16);
  id[6] = 0x80 | (shard >> 8);
  id[7] = shard & 0xff;
  id[8] = 0x80 | (id[8] & 0x3f);
  return hyphenated(id);
}

async function virtualShard(user) {
  const digest = await sha256(utf8.encode(DOMAIN_USER), user);
  return ((digest[0] << 8) | digest[1]) % VIRTUAL_SHARDS;
}

async function sha256(...parts) {
  const bytes = new Uint8Array(parts.flatMap((part) => [...part]));
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

function inByteOrder(a, b) {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  const isAfter = at >= 0 && (at >= b.length || a[at] > b[at]);
  return isAfter ? [b, a] : [a, b];
}

function hyphenated(bytes) {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
