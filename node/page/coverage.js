/** Draws the searched parts of a range of nonces as a bar, with a mark for each find. */
import { h } from "./dom.js";
import { large, percent } from "./format.js";

/** @import { SearchDetail } from "../api/contract/jobs/search.ts" */

/** @param {SearchDetail} job */
export function coverage({ spec, open, finds, progress, live }) {
  const from = BigInt(spec.from);
  const size = BigInt(spec.to) - from;
  /** @param {string} nonce @returns {number} percent of the bar */
  const place = (nonce) => Number(((BigInt(nonce) - from) * 100_000n) / size) / 1000;
  const label = `${percent(progress)} of the range is searched and recorded`;
  /** @param {"gap" | "done" | "held"} kind @param {{ from: string, to: string }} range */
  const over = (kind, range) => {
    const left = place(range.from);
    return part(kind, left, place(range.to) - left);
  };
  const gaps = open.map((range) => over("gap", range));
  const leased = live?.leased.map((range) => over("held", range)) ?? [];
  const searched = live?.searched.map((range) => over("done", range)) ?? [];
  const marks = finds.map(({ nonce }) => part("mark", place(nonce), undefined, `nonce ${nonce}`));
  const track = h("div", { class: "track" }, gaps, leased, searched);
  return h("div", { class: "coverage", role: "img", "aria-label": label }, track, marks);
}

/** @param {"gap" | "done" | "held" | "mark"} kind @param {number} left @param {number} [width] @param {string} [title] */
function part(kind, left, width, title) {
  const element = h("i", { class: kind, title });
  // The content security policy lets scripts change a style, but not set the `style` attribute.
  element.style.left = `${left}%`;
  if (width !== undefined) element.style.width = `${width}%`;
  return element;
}

/** @param {SearchDetail} job */
export function coverageLegend({ spec, nonces, searched, finds, live }) {
  const unit = 2 ** spec.unitBits;
  const own = live?.seenBy === "participant" ? " by this node" : "";
  return h(
    "div",
    { class: "legend" },
    h("span", {}, h("i", { class: "line" }), `recorded, ${large(searched)} of ${large(nonces)}`),
    live !== undefined && [
      h(
        "span",
        { class: "done" },
        h("i", { class: "line" }),
        `searched${own} in this round, ${large(live.searchedUnits * unit)}`,
      ),
      h(
        "span",
        { class: "held" },
        h("i", { class: "line" }),
        `leased${own === "" ? "" : " to this node"}, ${large(live.leasedUnits * unit)}`,
      ),
    ],
    finds.length > 0 && h("span", { class: "second" }, h("i", { class: "line" }), "found"),
  );
}
