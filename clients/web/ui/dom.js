// The few things every part of the page needs of the document.

export const byId = (id) => document.getElementById(id);

/** Writes only what differs, so that live regions speak only of news. */
export function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== String(text)) element.textContent = text;
}

export function milliseconds(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function element(name, className, text = '') {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
