// What survives a reload of the page: logs, cursors and the outbox, in the tab's own storage.
//
// The logs are kept in part (their newest end); cursors and the outbox whole, for those are what correctness needs.

/** Messages of one conversation kept over a reload. */
export const KEPT_MESSAGES_MAX = 500;
const VERSION = 1;

const keyFor = (user) => `chasqui.session.${user}`;

/** Writes the session; a full or forbidden storage is no reason to fail. */
export function save(storage, session) {
  try {
    storage?.setItem(keyFor(session.user), JSON.stringify(snapshot(session)));
  } catch {
    // The next reload then starts from an empty page and syncs everything.
  }
}

/** Fills a new session with what was saved, if it can be read. */
export function restore(storage, session) {
  try {
    const saved = JSON.parse(storage?.getItem(keyFor(session.user)) ?? 'null');
    if (saved?.version !== VERSION) return;
    saved.conversations.forEach((it) => fill(session.conversation(it.id), it));
    saved.outbox.forEach((entry) => session.outbox.add(entry));
    session.outbox.restart();
  } catch {
    session.conversations.clear();
    session.outbox.entries = [];
  }
}

function snapshot(session) {
  return { version: VERSION, conversations: [...session.conversations.values()].map(keep), outbox: session.outbox.entries };
}

function keep(conversation) {
  const { id, epoch, durableSeq, contiguous, lastSeq, receipts } = conversation;
  const messages = conversation.sorted().slice(-KEPT_MESSAGES_MAX);
  return { id, epoch, durableSeq, contiguous, lastSeq, messages, receipts: [...receipts] };
}

function fill(conversation, { epoch, durableSeq, contiguous, lastSeq, messages, receipts }) {
  conversation.contiguous = contiguous;
  for (const message of messages) conversation.load(message);
  Object.assign(conversation, { epoch, durableSeq, lastSeq, receipts: new Map(receipts) });
}
