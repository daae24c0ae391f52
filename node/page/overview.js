/** The front page: the network in six figures, the job under way, the latest blocks, nodes and jobs. */
import { algorithmsCard } from "./algorithms-card.js";
import { blockFeed } from "./block-feed.js";
import { card, h, meter, table } from "./dom.js";
import { count, duration, percent, plural, poml, units } from "./format.js";
import { jobCard } from "./job-card.js";
import { viewOf } from "./job-kinds.js";
import { outcomeChip } from "./outcome.js";
import { patch } from "./patch.js";
import { listen, readStatus, store } from "./store.js";

/** @import { NodeJson, Status } from "../api/contract/network.ts" */

/** @param {HTMLElement} root @returns {() => void} leave */
export function overview(root) {
  const tiles = h("section", { class: "tiles", "aria-label": "network" });
  const safety = h("div");
  const work = h("div");
  const feed = blockFeed(10);
  const nodes = h("div");
  const jobs = h("div");
  const algorithms = algorithmsCard();
  root.replaceChildren(
    tiles,
    safety,
    h("div", { class: "split" }, work, card("Latest blocks", "newest first", feed.element)),
    nodes,
    jobs,
    algorithms.element,
  );
  /** @type {ReturnType<typeof jobCard> | undefined} */
  let shown;

  const showWork = () => {
    const job = store.jobs.find(({ outcome }) => outcome.state === "running") ?? store.jobs[0];
    if (job === undefined) patch(work, noJobs());
    if (job === undefined || job.id === shown?.id) return;
    shown?.remove();
    shown = jobCard(job.id);
    work.replaceChildren(shown.element);
  };
  const showTiles = () => {
    patch(tiles, figures());
    patch(safety, safetyNote());
  };
  const showNodes = () => patch(nodes, nodeTable());
  const showJobs = () => patch(jobs, store.jobs.length > 0 && jobTable());
  const stop = listen(({ topic }) => {
    if (topic === "status" || topic === "blocks") showTiles();
    if (topic === "blocks") feed.show();
    if (topic === "nodes" || topic === "status") showNodes();
    if (topic === "jobs") {
      showWork();
      showJobs();
    }
  });
  const ages = setInterval(() => feed.show(), 1000);
  showTiles();
  showWork();
  showNodes();
  showJobs();
  return () => {
    stop();
    clearInterval(ages);
    shown?.remove();
    algorithms.remove();
  };
}

function figures() {
  const { blocks } = store;
  const status = readStatus();
  const newest = blocks[0];
  const oldest = blocks.at(-1);
  const interval =
    newest === undefined || oldest === undefined || newest === oldest
      ? undefined
      : (newest.time - oldest.time) / (newest.height - oldest.height);
  const target = duration(status.parameters.blockIntervalMs);
  return [
    tile("Final height", count(status.height), `epoch ${count(status.epoch)}`),
    tile("Block time", interval === undefined ? "–" : duration(interval), `target ${target}`),
    tile(
      "Certified by",
      newest === undefined ? "–" : `${newest.signatures} of ${status.seats}`,
      SAFETY[status.safety.level] ?? "seats",
      status.safety.level,
    ),
    tile("Nodes", count(status.nodes), `${plural(status.peers.length, "peer")} of this one`),
    tile(
      "Waiting",
      count(status.mempool.transactions),
      status.mempool.transactions === 1 ? "transaction" : "transactions",
    ),
    tile("Jobs", count(status.jobs), workerHint(status.workers)),
  ];
}

/** @param {Status["workers"]} workers */
function workerHint(workers) {
  const busy = workers.filter(({ state }) => state === "busy").length;
  return busy > 0
    ? `${plural(busy, "worker")} busy here`
    : `${plural(workers.length, "worker")} here`;
}

/** Explains below the figures what the weights of the voters mean. */
const SAFETY = {
  "one-decides": "one voter decides alone",
  "one-can-stop": "one voter can stop it",
  shared: "voters, no one alone",
};

function safetyNote() {
  const { level, explanation } = readStatus().safety;
  if (level === "shared") return h("p", { class: "muted" }, explanation);
  return h(
    "div",
    { class: "notice", "data-level": level === "one-decides" ? "problem" : "note" },
    explanation,
  );
}

/** @param {string} name @param {string} value @param {string} hint */
function tile(name, value, hint, kind = "") {
  return h(
    "div",
    { class: "tile", "data-kind": kind },
    h("div", { class: "name" }, name),
    h("div", { class: "value" }, value),
    h("div", { class: "hint" }, hint),
  );
}

function noJobs() {
  return card(
    "No job yet",
    "",
    h("p", { class: "empty" }, "The network is rated and waits for work."),
    h(
      "p",
      { class: "muted" },
      "Submit one with ",
      h("code", { class: "mono" }, "npx poml job submit"),
      " or ",
      h("code", { class: "mono" }, "npx poml search"),
      ".",
    ),
  );
}

function nodeTable() {
  const { nodes } = store.nodes;
  const seated = nodes.filter((node) => node.seat !== undefined);
  const total = Math.max(
    1,
    seated.reduce((sum, node) => sum + Number(node.votingWeight), 0),
  );
  const rows = nodes.map((node) => {
    const share = node.seat === undefined ? 0 : Number(node.votingWeight) / total;
    return {
      href: `#/nodes/${node.publicKey}`,
      cells: [
        h("a", { href: `#/nodes/${node.publicKey}` }, node.name),
        rated(node),
        units(node.weight),
        h("div", {}, meter(share, "share of the votes of all seated nodes")),
        node.seat === undefined ? "waits" : percent(share),
        poml(node.bond),
        count(node.proposed),
        h("span", { class: "mono muted", title: node.endpoint }, node.endpoint.split("/p2p/")[0]),
      ],
    };
  });
  return card(
    "Nodes",
    "rating is measured GFLOP/s; weight is the rating, limited by the bond; share is of the votes",
    table(
      ["Name", ">Rating", ">Weight", "~Votes", "~>Share", ">Bond", ">Proposed", "~Endpoint"],
      rows,
    ),
  );
}

/** @param {NodeJson} node */
function rated(node) {
  return BigInt(node.rating) === 0n ? h("span", { class: "muted" }, "unrated") : units(node.rating);
}

function jobTable() {
  const rows = store.jobs.slice(0, 12).map((job) => ({
    href: `#/jobs/${job.id}`,
    cells: [
      h("a", { href: `#/jobs/${job.id}` }, job.name),
      h("span", { title: job.outcome.reason }, outcomeChip(job)),
      job.kind,
      viewOf(job).progress(job),
      viewOf(job).result(job),
      poml(job.escrow),
      `#${count(job.openedAt)}`,
    ],
  }));
  return card(
    "Jobs",
    "newest first",
    table(["Name", "Outcome", "~Kind", ">Recorded", ">Result", "~>Escrow", "~>Opened"], rows),
  );
}
