// The golden vectors of `proto` are the protocol; what the SDK sends has their shape, and it takes what they hold.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import { directConversationId } from '../sdk/ids.js';
import { Session } from '../sdk/session.js';
import { CHAT, liveSession, message } from './helpers.js';

const folder = new URL('../../../proto/tests/vectors/json/', import.meta.url);
const vector = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
const shape = (frame) => Object.fromEntries(Object.entries(frame).map(([key, value]) => [key, typeof value]));

test('every frame sent has the fields and types of its vector', () => {
  const session = new Session('alice');
  session.connected('a.b.c');
  session.receive(vector('connect_success'), 0);
  const [connect, sync] = session.take(0).frames;
  assert.deepEqual(shape(connect), shape(vector('connect')));
  assert.deepEqual(shape(sync), shape(vector('sync')));
  const live = liveSession();
  live.receive(message(1), 0);
  live.send({ conversationId: CHAT, to: 'bob', content: 'hi', clientId: 'x' }, 0);
  live.send({ conversationId: CHAT, content: 'hi', clientId: 'y' }, 0);
  live.typing(CHAT, true, 0);
  live.typing(CHAT, false, 0);
  live.mark(CHAT, 'delivered', 1);
  live.mark(CHAT, 'read', 1);
  const frames = live.take(0).frames;
  const [start, stop, delivered, read, toUser, toConversation] = frames;
  assert.deepEqual(shape(toUser), shape(vector('send_to_user')));
  assert.deepEqual(shape(toConversation), shape(vector('send_to_conversation')));
  for (const [frame, name] of [[delivered, 'mark_delivered'], [read, 'mark_read'], [start, 'typing_start'], [stop, 'typing_stop']]) {
    // These two kinds have no answer but an error, so an id is the client's choice.
    assert.deepEqual(shape({ ...frame, id: 'x' }), shape({ ...vector(name), id: 'x' }), name);
  }
});

test('every frame a server may send is taken without a fault, in any state', () => {
  const names = readdirSync(folder).map((it) => it.replace(/\.json$/, ''));
  for (const name of names) {
    const frame = vector(name);
    new Session('alice').receive(frame, 0);
    const live = liveSession();
    live.receive(frame, 0);
    live.take(0);
  }
  assert.ok(names.length >= 30);
});

test('a direct conversation has the id that the relay derives', async () => {
  assert.equal(await directConversationId('alice', 'bob'), vector('connect_success').conversations[0]);
  assert.equal(await directConversationId('bob', 'alice'), await directConversationId('alice', 'bob'));
  assert.equal(await directConversationId('ab', 'abc'), await directConversationId('abc', 'ab'));
  assert.notEqual(await directConversationId('ab', 'c'), await directConversationId('a', 'bc'));
});
