/** Which part of a range of nonces is searched, as a bar, with a mark for each find. */
import { h } from "./dom.js";
import { large, percent } from "./format.js";

/** @import { SearchDetail } from "../api/contract/jobs/search.ts" */

/** @param {SearchDetail} job */
export function coverage({ spec, open, finds, progress }) {
  const from = BigInt(spec.from);
  const size = BigInt(spec.to) - from;
  /** @param {string} nonce @returns {number} percent of the bar */
  const place = (nonce) => Number(((BigInt(nonce) - from) * 100_000n) / size) / 1000;
  const label = `${percent(progress)} of the range is searched`;
  const gaps = open.map((range) => {
    const left = place(range.from);
    return part("gap", left, place(range.to) - left);
  });
  const marks = finds.map(({ nonce }) => part("mark", place(nonce), undefined, `nonce ${nonce}`));
  const track = h("div", { class: "track" }, gaps);
  return h("div", { class: "coverage", role: "img", "aria-label": label }, track, marks);
}

/** @param {"gap" | "mark"} kind @param {number} left @param {number} [width] @param {string} [title] */
function part(kind, left, width, title) {
  const element = h("i", { class: kind, title });
  // The content security policy lets scripts change a style, and not set the attribute.
  element.style.left = `${left}%`;
  if (width !== undefined) element.style.width = `${width}%`;
  return element;
}

/** @param {SearchDetail} job */
export function coverageLegend({ nonces, searched, finds }) {
  return h(
    "div",
    { class: "legend" },
    h("span", {}, h("i", { class: "line" }), `searched, ${large(searched)} of ${large(nonces)}`),
    finds.length > 0 && h("span", { class: "second" }, h("i", { class: "line" }), "found"),
  );
}
