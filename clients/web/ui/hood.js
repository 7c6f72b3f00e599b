// The panel "under the hood": what the protocol knows, in numbers, and the round trips as a line.

import { byId, milliseconds, setText } from './dom.js';

const SPARK_WIDTH = 120;
const SPARK_HEIGHT = 28;

export function drawHood({ client, chat }) {
  const { session, status } = client;
  const conversation = session.conversations.get(chat.id);
  setText('epoch', conversation?.epoch ?? '–');
  setText('durable', conversation?.durableSeq ?? '–');
  setText('last-seq', conversation?.lastSeq ?? '–');
  setText('cursor', conversation?.cursor ?? '–');
  setText('outbox', session.outbox.entries.length);
  setText('resent', session.outbox.resent);
  setText('syncs', session.syncs);
  setText('connects', status.connects);
  drawRoundTrips(status.roundTripsMs);
}

function drawRoundTrips(roundTripsMs) {
  if (roundTripsMs.length === 0) return;
  const sorted = roundTripsMs.toSorted((a, b) => a - b);
  setText('rtt-median', `${milliseconds(sorted[sorted.length >> 1])} median`);
  byId('spark').replaceChildren(...line(roundTripsMs, sorted.at(-1)));
}

function line(values, highest) {
  const step = SPARK_WIDTH / Math.max(values.length - 1, 1);
  const y = (value) => SPARK_HEIGHT - 3 - (value / highest) * (SPARK_HEIGHT - 6);
  const points = values.map((value, i) => `${(i * step).toFixed(1)},${y(value).toFixed(1)}`);
  if (values.length === 1) points.push(`${SPARK_WIDTH},${y(values[0]).toFixed(1)}`);
  const polyline = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
  polyline.setAttribute('points', points.join(' '));
  return [polyline];
}
