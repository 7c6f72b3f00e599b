// One connection as the client sees it: JSON frames out, JSON frames in, one close. WebSocket and WebTransport alike.
//
// The token travels in the handshake (a subprotocol, a query parameter) unless `token` is null: then the first frame
// must carry it, and a refusal has a close code that the page can see.

const SUBPROTOCOL = 'chasqui.v1.json';
/** A page of messages is far smaller; a line beyond it is not from a server we know. */
const LINE_CHARS_MAX = 4 * 1024 * 1024;
/** What browsers report for a connection that ended without a word. */
export const CLOSED_ABNORMALLY = 1006;

/** @returns {Promise<Transport>} open, or rejected */
export function openWebSocket({ wsUrl, token }, signal) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(wsUrl, token ? [SUBPROTOCOL, `bearer.${token}`] : [SUBPROTOCOL]);
    const transport = new Transport('ws', (frame) => socket.send(frame), (code, reason) => socket.close(code, reason));
    socket.onopen = () => resolve(transport);
    socket.onmessage = ({ data }) => transport.received(data);
    socket.onclose = ({ code, reason }) => {
      reject(new Error('the WebSocket did not open'));
      transport.ended(code, reason);
    };
    signal.addEventListener('abort', () => socket.close(), { once: true });
  });
}

/** @returns {Promise<Transport>} open, or rejected */
export async function openWebTransport({ wtUrl, certHash, token }, signal) {
  const url = new URL(wtUrl);
  url.searchParams.set('dialect', 'json');
  if (token) url.searchParams.set('token', token);
  const session = new WebTransport(url.href, certHash ? { serverCertificateHashes: [sha256Hash(certHash)] } : {});
  session.closed.catch(() => {});
  signal.addEventListener('abort', () => session.close(), { once: true });
  await session.ready;
  const stream = await session.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  const encoder = new TextEncoder();
  const write = (text) => writer.write(encoder.encode(`${text}\n`)).catch(() => {});
  const close = (closeCode, reason) => session.close({ closeCode, reason });
  const transport = new Transport('wt', write, close);
  // The server learns of the stream by its first bytes; an empty line is nothing else.
  write('');
  session.closed.then(
    ({ closeCode, reason }) => transport.ended(closeCode, reason),
    () => transport.ended(CLOSED_ABNORMALLY, ''),
  );
  readLines(stream.readable, transport).finally(() => session.close()).catch(() => {});
  return transport;
}

function sha256Hash(base64) {
  return { algorithm: 'sha-256', value: Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)) };
}

/** Resolves when the stream ends: the session is of no use without it. */
async function readLines(readable, transport) {
  const reader = readable.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    lines.filter((line) => line !== '').forEach((line) => transport.received(line));
    if (rest.length > LINE_CHARS_MAX) throw new Error('the server sent a line without an end');
  }
}

export class Transport {
  #write;
  #close;
  #early = [];
  #handlers = null;

  constructor(kind, write, close) {
    /** @type {'ws' | 'wt'} */
    this.kind = kind;
    this.#write = write;
    this.#close = close;
  }

  /** Frames that came before are given at once. */
  listen(handlers) {
    this.#handlers = handlers;
    for (const call of this.#early.splice(0)) call();
  }

  send(frame) {
    this.#write(JSON.stringify(frame));
  }

  close(code = 1000, reason = '') {
    try {
      this.#close(code, reason);
    } catch {
      // Already closed.
    }
  }

  received(text) {
    this.#tell(() => this.#handlers.onFrame(JSON.parse(text)));
  }

  ended(code, reason) {
    this.#tell(() => {
      const { onClose } = this.#handlers;
      this.#handlers = { onFrame() {}, onClose() {} };
      onClose(code, reason);
    });
  }

  #tell(call) {
    if (this.#handlers) call();
    else this.#early.push(call);
  }
}
