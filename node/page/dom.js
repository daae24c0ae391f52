/** Elements as function calls. Text is always set as text, so nothing from the chain becomes markup. */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `class`, `href`, …; functions become listeners
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (isListener(value)) element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== null && value !== false) {
      element.setAttribute(name, String(value));
    }
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(typeof child === "number" ? String(child) : child);
    }
  }
  return element;
}

/** @param {unknown} value @returns {value is (event: Event) => void} */
function isListener(value) {
  return typeof value === "function";
}

/**
 * A bar that is filled from 0 to 1.
 * @param {number} share
 * @param {string} label for screen readers
 */
export function meter(share, label, kind = "") {
  const percent = Math.round(1000 * Math.min(1, Math.max(0, share))) / 10;
  const fill = document.createElement("i");
  fill.style.width = `${percent}%`;
  const attributes = { role: "img", "aria-label": `${label}: ${percent} %` };
  return h("div", { class: `meter ${kind}`, ...attributes }, fill);
}

/**
 * @param {readonly string[]} heads a head that starts with `>` is right-aligned, with `~` hidden on phones
 * @param {readonly { href?: string, cells: readonly Child[] }[]} rows
 */
export function table(heads, rows) {
  const columns = heads.map((head) => ({
    label: head.replace(/^[>~]+/, ""),
    class: [/^~?>/.test(head) ? "right" : "", head.startsWith("~") ? "wide" : ""].join(" ").trim(),
  }));
  const body = rows.map(({ href, cells }) => {
    const attributes = href === undefined ? {} : { "data-href": href, "data-key": href };
    return h(
      "tr",
      attributes,
      cells.map((cell, i) => h("td", { class: columns[i]?.class }, cell)),
    );
  });
  const head = columns.map((column) => h("th", { class: column.class }, column.label));
  return h(
    "div",
    { class: "scroll" },
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)),
  );
}

/**
 * A click anywhere in a row that has a link follows the link. There is one listener for all rows, so that rows can be
 * kept.
 */
export function followRows() {
  addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || target.closest("a, button, input, summary") !== null)
      return;
    const row = target.closest("tr[data-href]");
    if (row instanceof HTMLElement) location.hash = (row.dataset.href ?? "#/").slice(1);
  });
}

/**
 * A card with a title, an optional note at its right, and a body.
 * @param {string} title
 * @param {Child} note
 * @param {...(Child | Child[])} body
 */
export function card(title, note, ...body) {
  const head = h("header", {}, h("h2", {}, title), h("span", { class: "note" }, note));
  return h("section", { class: "card" }, head, ...body);
}

/** @param {readonly (readonly [string, Child | readonly Child[]])[]} pairs */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, ...[value].flat())]),
  );
}
