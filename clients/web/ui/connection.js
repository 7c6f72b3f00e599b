// The state of the connection: the pill in the header, the notice with its countdown, and the connect times.

import { CLOSE_SENTENCES } from '../codes.js';
import { byId, milliseconds, setText } from './dom.js';

const NAMES = { wt: 'WebTransport', ws: 'WebSocket' };

export function drawConnection({ client, probed }) {
  const { status, session } = client;
  const link = byId('link');
  link.dataset.state = status.phase === 'open' ? session.state : status.phase;
  link.dataset.transport = status.transport ?? '';
  setText('transport', status.phase === 'open' ? NAMES[status.transport] : label(status.phase));
  drawRoundTrip(status.phase === 'open' ? status.roundTripsMs : []);
  drawTimes(status, probed);
  drawNotice(status);
}

function label(phase) {
  return { connecting: 'connecting…', waiting: 'offline', stopped: 'stopped' }[phase] ?? 'not connected';
}

function drawRoundTrip(roundTripsMs) {
  setText('rtt', roundTripsMs.length > 0 ? milliseconds(roundTripsMs.at(-1)) : '');
}

function drawTimes({ times, transport }, probed) {
  for (const kind of ['wt', 'ws']) {
    const ms = times[kind] ?? probed[kind];
    setText(`connect-${kind}`, ms === null ? '–' : milliseconds(ms));
    byId(`connect-${kind}`).toggleAttribute('data-won', transport === kind);
  }
}

/** Stays from the loss of the connection until there is a new one, so that the page does not jump at each attempt. */
function drawNotice({ phase, retryAt, reason }) {
  const isTrying = phase === 'connecting' && reason !== null;
  byId('notice').hidden = phase !== 'waiting' && phase !== 'stopped' && !isTrying;
  byId('retry').hidden = phase === 'stopped';
  byId('retry').disabled = isTrying;
  if (phase === 'waiting') setText('notice-text', countdown(retryAt));
  if (phase === 'stopped') setText('notice-text', sentence(reason));
  if (isTrying) setText('notice-text', 'Connection lost. Trying again now; messages you write are kept.');
}

function countdown(retryAt) {
  const seconds = Math.max(0, (retryAt - Date.now()) / 1000);
  return `Connection lost. Trying again in ${seconds.toFixed(1)} s; messages you write are kept.`;
}

function sentence(reason) {
  const known = CLOSE_SENTENCES[reason?.code];
  return known ? `Disconnected: ${known}` : 'Disconnected. Open a fresh link to come back.';
}
