// Which transport to use: WebTransport with a head start, WebSocket behind it, the first to open wins.
//
// Where UDP is blocked WebTransport does not fail, it hangs; so WebSocket starts after the head start whatever happens,
// and a WebTransport that lost to it is not tried again in this browsing session.

export const HEAD_START_MS = 500;
/** Nothing open by then: the attempt has failed. */
export const CONNECT_MS_MAX = 10_000;
const REMEMBERED = 'chasqui.wt.lost';

/**
 * @param {{wt?: Opener, ws: Opener}} openers
 * @param {{only?: 'ws' | 'wt', storage?: Storage, clock?: () => number}} options
 * @returns {Promise<{transport: object, times: {wt: ?number, ws: ?number}}>}
 */
export async function race(openers, { only = null, storage = null, clock = () => performance.now() } = {}) {
  const skipsWt = only === 'ws' || !openers.wt || (only === null && isRemembered(storage));
  const runners = { wt: skipsWt ? null : runner(openers.wt, clock), ws: only === 'wt' ? null : runner(openers.ws, clock) };
  if (!runners.wt && !runners.ws) throw new Error('WebTransport is not available here');
  runners.wt?.start();
  const trailer = startTrailer(runners, only);
  try {
    const winner = await withDeadline(Promise.any(Object.values(runners).filter(Boolean).map((it) => it.opened)));
    if (runners.wt && winner === runners.ws) remember(storage);
    const loser = winner === runners.wt ? runners.ws : runners.wt;
    loser?.abandon();
    return { transport: winner.transport, times: { wt: runners.wt?.openedMs ?? null, ws: runners.ws?.openedMs ?? null } };
  } catch (error) {
    runners.wt?.abandon();
    runners.ws?.abandon();
    throw error;
  } finally {
    clearTimeout(trailer);
  }
}

/** WebSocket starts after the head start, or as soon as WebTransport has failed. */
function startTrailer({ wt, ws }) {
  if (!ws) return null;
  if (!wt) return ws.start();
  wt.opened.catch(() => ws.start());
  return setTimeout(() => ws.start(), HEAD_START_MS);
}

function runner(open, clock) {
  const controller = new AbortController();
  let resolve;
  let reject;
  const opened = new Promise((yes, no) => { resolve = yes; reject = no; });
  opened.catch(() => {});
  const self = { opened, transport: null, openedMs: null, isStarted: false, isAbandoned: false };
  self.start = () => {
    if (self.isStarted || self.isAbandoned) return;
    self.isStarted = true;
    const startedAt = clock();
    open(controller.signal).then((transport) => {
      if (self.isAbandoned) return transport.close();
      self.transport = transport;
      self.openedMs = clock() - startedAt;
      return resolve(self);
    }, reject);
  };
  self.abandon = () => {
    self.isAbandoned = true;
    controller.abort();
    self.transport?.close();
  };
  return self;
}

function withDeadline(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('no transport opened in time')), CONNECT_MS_MAX);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function isRemembered(storage) {
  return storage?.getItem(REMEMBERED) === '1';
}

function remember(storage) {
  storage?.setItem(REMEMBERED, '1');
}
