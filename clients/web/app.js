// The demo page: reads who is who from its address, keeps one client, and redraws what changed.
//
// Its parameters come after `#` (or `?`): `user`, `token`, `peer`, and `transport=ws|wt` to force one. The token stays
// in the fragment, which browsers do not send.

import { Client, openWebSocket, openWebTransport } from './chasqui.js';
import { Composer } from './ui/composer.js';
import { drawConnection } from './ui/connection.js';
import { drawHood } from './ui/hood.js';
import { drawPeople } from './ui/people.js';
import { Thread } from './ui/thread.js';

const CONFIG_URL = '/demo/config.json';
/** Countdown and "last seen" are redrawn this often. */
const CLOCK_MS = 250;
/** Both transports are measured once, when the page has had time to settle. */
const PROBE_AFTER_MS = 400;

const parameters = new URLSearchParams(location.search);
for (const [key, value] of new URLSearchParams(location.hash.slice(1))) parameters.set(key, value);
// Another link opened in the same tab differs in its fragment alone.
addEventListener('hashchange', () => location.reload());

const [user, token] = [parameters.get('user'), parameters.get('token')];
if (user && token) chatAs(user, token, parameters.get('peer') || 'bob');
else document.getElementById('welcome').hidden = false;

async function chatAs(user, token, peer) {
  const transport = ['ws', 'wt'].find((kind) => kind === parameters.get('transport')) ?? null;
  const client = new Client({ user, token, config: CONFIG_URL, transport });
  const chat = await client.direct(peer);
  const view = { client, chat, user, peer, probed: { wt: null, ws: null } };
  introduce(view);

  const thread = new Thread(view);
  const composer = new Composer(view);
  const drawAll = () => {
    thread.draw();
    drawConnection(view);
    drawHood(view);
    drawPeople(view);
  };
  let isQueued = false;
  client.addEventListener('change', ({ detail }) => {
    if (detail.type === 'conversation' || detail.type === 'state') markDelivered(view);
    if (detail.type === 'status' && client.status.phase === 'open') probeOnce(view, transport, drawAll);
    if (!isQueued) requestAnimationFrameOrNow(() => { isQueued = false; drawAll(); });
    isQueued = true;
  });
  setInterval(() => { drawConnection(view); drawPeople(view); }, CLOCK_MS);
  drawAll();
  client.start();
  composer.focus();
}

function introduce({ user, peer }) {
  document.title = `${peer} · Chasqui`;
  document.getElementById('stage').hidden = false;
  document.getElementById('self').textContent = user;
  document.getElementById('peer').textContent = peer;
  const avatar = document.getElementById('avatar');
  avatar.textContent = [...peer][0]?.toUpperCase() ?? '?';
}

/** A hidden tab gets no animation frames, but its peers still want their ticks. */
function requestAnimationFrameOrNow(draw) {
  if (document.hidden) setTimeout(draw);
  else requestAnimationFrame(draw);
}

function markDelivered({ client, chat }) {
  client.mark(chat, 'delivered', client.session.conversations.get(chat.id)?.contiguous ?? 0);
}

/** How long each transport takes to open, side by side. Without a token no session comes of it. */
function probeOnce(view, forced, draw) {
  if (forced || view.isProbed) return;
  view.isProbed = true;
  setTimeout(async () => {
    const target = { ...view.client.status.config, token: null };
    if (typeof WebTransport !== 'undefined' && target.wtUrl) view.probed.wt = await openedMs(openWebTransport, target);
    view.probed.ws = await openedMs(openWebSocket, target);
    draw();
  }, PROBE_AFTER_MS);
}

async function openedMs(open, target) {
  const startedAt = performance.now();
  try {
    const transport = await open(target, AbortSignal.timeout(5_000));
    const tookMs = performance.now() - startedAt;
    transport.close();
    return tookMs;
  } catch {
    return null;
  }
}
