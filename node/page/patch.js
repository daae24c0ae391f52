/**
 * Brings elements up to date in place: a part that did not change stays the same element, so that focus, selection,
 * scroll positions and opened details survive every block.
 */

/** @typedef {import("./dom.js").Child} Child */

/**
 * Gives an element these children.
 * @param {HTMLElement} target
 * @param {...(Child | readonly Child[])} children elements may carry `data-key`, which names them among their siblings
 */
export function patch(target, ...children) {
  const focused = document.activeElement;
  patchChildren(
    target,
    children
      .flat()
      .map(asNode)
      .filter((node) => node !== undefined),
  );
  // An element that had to be moved has lost the focus.
  if (focused instanceof HTMLElement && focused !== document.activeElement && focused.isConnected) {
    focused.focus({ preventScroll: true });
  }
}

/** @param {Child} child @returns {Node | undefined} */
function asNode(child) {
  if (child === null || child === undefined || child === false) return undefined;
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** @param {Node} target @param {readonly Node[]} fresh */
function patchChildren(target, fresh) {
  const keyed = new Map();
  for (const child of target.childNodes) {
    const key = keyOf(child);
    if (key !== undefined) keyed.set(key, child);
  }
  const wanted = new Set(fresh.map(keyOf).filter((key) => key !== undefined));
  let at = target.firstChild;
  for (const next of fresh) {
    const key = keyOf(next);
    // Elements that are no longer wanted are removed first, so that their neighbours need not move.
    while (at !== null && at !== next && isGone(at, wanted)) at = removed(at);
    const found = next.parentNode === target ? next : key === undefined ? at : keyed.get(key);
    if (found === undefined || found === null || !isLike(found, next)) {
      target.insertBefore(next, at);
      continue;
    }
    if (found === at) at = found.nextSibling;
    else target.insertBefore(found, at);
    if (found !== next) morph(found, next);
  }
  while (at !== null) at = removed(at);
}

/** @param {ChildNode} node @returns {ChildNode | null} the one after it */
function removed(node) {
  const after = node.nextSibling;
  node.remove();
  return after;
}

/** @param {Node} node @param {ReadonlySet<string>} wanted */
function isGone(node, wanted) {
  const key = keyOf(node);
  return key !== undefined && !wanted.has(key);
}

/** @param {Node} node @returns {string | undefined} */
function keyOf(node) {
  return node instanceof HTMLElement ? node.dataset.key : undefined;
}

/** @param {Node} a @param {Node} b */
function isLike(a, b) {
  return a === b || (a.nodeName === b.nodeName && keyOf(a) === keyOf(b));
}

/** @param {Node} old @param {Node} fresh */
function morph(old, fresh) {
  if (!(old instanceof HTMLElement) || !(fresh instanceof HTMLElement)) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) === value) continue;
    // The content security policy lets scripts change a style, but not set the `style` attribute.
    if (name === "style") old.style.cssText = value;
    else old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    // Whether details are open is the reader's choice.
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  patchChildren(old, [...fresh.childNodes]);
}
