/**
 * The algorithms with which searches can hash: those that came with the program or by vote, and the votes under way.
 */
import { get } from "./api.js";
import { card, h, meter, table } from "./dom.js";
import { count, percent, short } from "./format.js";
import { patch } from "./patch.js";
import { listen, readStatus } from "./store.js";

/** @import { AlgorithmJson, AlgorithmList } from "../api/contract/algorithm.ts" */

/** The page asks for them again every few blocks, and after each epoch, when votes are counted. */
export function algorithmsCard() {
  const element = h("div", { class: "stack" });
  let left = false;
  let asked = "";
  const read = async () => {
    const { height, epoch } = readStatus();
    const key = `${epoch} ${Math.floor(height / ASK_BLOCKS)}`;
    if (key === asked) return;
    asked = key;
    try {
      const list = await get("/v1/algorithms");
      if (!left) patch(element, ...show(list));
    } catch {
      // The card keeps what it shows; the page asks again at one of the next blocks.
    }
  };
  void read();
  const stop = listen(({ topic }) => {
    if (topic === "status") void read();
  });
  return {
    element,
    remove() {
      left = true;
      stop();
    },
  };
}

const ASK_BLOCKS = 8;

/** @param {AlgorithmList} list */
function show({ algorithms, votes, totalWeight, countedAt }) {
  const rows = algorithms.map((one) => ({
    cells: [
      one.name ?? hashOf(one.hash),
      one.digest ?? "–",
      origin(one),
      one.allowed ? "takes part" : h("span", { class: "muted" }, "declines"),
    ],
  }));
  const open = votes.map(({ algorithm, name, wants, weight, nodes }) => {
    const share = totalWeight === "0" ? 0 : Number(weight) / Number(totalWeight);
    return {
      cells: [
        name ?? hashOf(algorithm),
        wants === "certify" ? "to certify it" : "to take it off the list",
        h("div", {}, meter(share, "share of all weight that is for it")),
        percent(share),
        count(nodes.length),
      ],
    };
  });
  return [
    card(
      "Algorithms",
      "what searches can hash with",
      table(["Name", "~Digest", "Known by", "This node"], rows),
    ),
    open.length > 0 &&
      card(
        "Votes on algorithms",
        `more than 2/3 of the weight decides; counted at the end of block #${count(countedAt)}`,
        table(["Algorithm", "Vote", "~Weight", ">For", "~>Nodes"], open),
      ),
  ];
}

/** @param {string} hash */
function hashOf(hash) {
  return h("span", { class: "mono", title: hash }, short(hash));
}

/** @param {AlgorithmJson} one */
function origin({ shipped, certified }) {
  if (certified) return shipped ? "shipped, certified" : "certified by vote";
  return shipped ? "shipped" : "the owner's list";
}
