/** The latest blocks as a list that grows at its top. */
import { h } from "./dom.js";
import { ago, count, plural } from "./format.js";
import { patch } from "./patch.js";
import { store } from "./store.js";

/** @import { BlockSummary } from "../api/contract/block.ts" */

/** The length of the animation of a new block. */
const FRESH_MS = 1600;

/** @param {number} length */
export function blockFeed(length) {
  const element = h("div", { class: "feed" });
  const first = store.blocks[0]?.height ?? 0;
  /** When a block of this height was first shown. @type {Map<number, number>} */
  const shownAt = new Map();
  const show = () => {
    const blocks = store.blocks.slice(0, length);
    const now = Date.now();
    const rows = blocks.map((block) => {
      const { height } = block;
      if (height > first && !shownAt.has(height)) shownAt.set(height, now);
      return entry(block, now - (shownAt.get(height) ?? 0) < FRESH_MS);
    });
    for (const height of shownAt.keys()) {
      if (height <= (blocks.at(-1)?.height ?? 0) - length) shownAt.delete(height);
    }
    const nothing = h("p", { class: "empty" }, "The first block is being made.");
    patch(element, rows.length === 0 ? nothing : rows);
  };
  show();
  return { element, show };
}

/** @param {BlockSummary} block @param {boolean} fresh */
function entry(block, fresh) {
  const { height, proposerName, proposer, time } = block;
  return h(
    "a",
    { href: `#/blocks/${height}`, class: fresh ? "fresh" : "", "data-key": height },
    h("span", { class: "height" }, `#${count(height)}`),
    h("span", { class: "what" }, contents(block)),
    h("span", { class: "by" }, proposerName ?? proposer.slice(0, 8)),
    h("time", { title: new Date(time).toLocaleString() }, ago(time)),
  );
}

/** @param {BlockSummary} block */
function contents({ transactions, records, ratingChanges }) {
  const parts = [
    records > 0 && plural(records, "record"),
    ratingChanges > 0 && plural(ratingChanges, "rating change"),
    transactions > records && plural(transactions - records, records > 0 ? "other" : "transaction"),
  ].filter(Boolean);
  return parts.length === 0 ? h("span", { class: "muted" }, "empty") : parts.join(", ");
}
