// The peer: here or not, last seen when, typing or not.

import { byId, setText } from './dom.js';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

export function drawPeople({ client, chat, peer }) {
  const { people } = client.session;
  const present = people.present.get(peer);
  const presence = byId('presence');
  presence.dataset.online = present?.online ?? 'unknown';
  setText('presence', present?.online ? 'online' : lastSeen(present?.lastSeen));
  const isTyping = people.isTyping(chat.id, peer);
  byId('typing').hidden = !isTyping;
  setText('typing-text', isTyping ? `${peer} is typing` : '');
}

function lastSeen(at) {
  if (!at) return 'not seen yet';
  const seconds = Math.round((Date.now() - at) / 1000);
  if (seconds < 10) return 'last seen just now';
  if (seconds < 60) return `last seen ${relative.format(-seconds, 'second')}`;
  if (seconds < 3_600) return `last seen ${relative.format(-Math.floor(seconds / 60), 'minute')}`;
  return `last seen ${seconds < 43_200 ? clock.format(at) : day.format(at)}`;
}
