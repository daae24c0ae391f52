/** The latest blocks as a list that grows at its top. */
import { h } from "./dom.js";
import { ago, count, plural } from "./format.js";
import { store } from "./store.js";

/** @param {number} length */
export function blockFeed(length) {
  const element = h("div", { class: "feed" });
  let newest = store.blocks[0]?.height ?? 0;
  const show = () => {
    const blocks = store.blocks.slice(0, length);
    const rows = blocks.map((block) => entry(block, block.height > newest));
    newest = Math.max(newest, blocks[0]?.height ?? 0);
    const nothing = h("p", { class: "empty" }, "The first block is being made.");
    element.replaceChildren(...(rows.length === 0 ? [nothing] : rows));
  };
  show();
  return { element, show };
}

/** @param {any} block @param {boolean} fresh */
function entry(block, fresh) {
  const { height, proposerName, proposer, time } = block;
  return h(
    "a",
    { href: `#/blocks/${height}`, class: fresh ? "fresh" : "" },
    h("span", { class: "height" }, `#${count(height)}`),
    h("span", { class: "what" }, contents(block)),
    h("span", { class: "by" }, proposerName ?? proposer.slice(0, 8)),
    h("time", { title: new Date(time).toLocaleString() }, ago(time)),
  );
}

/** @param {any} block */
function contents({ transactions, records, ratingChanges }) {
  const parts = [
    records > 0 && plural(records, "training record"),
    ratingChanges > 0 && plural(ratingChanges, "rating change"),
    transactions > records && plural(transactions - records, records > 0 ? "other" : "transaction"),
  ].filter(Boolean);
  return parts.length === 0 ? h("span", { class: "muted" }, "empty") : parts.join(", ");
}
