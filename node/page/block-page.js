/** One block: its header, its contents, and a button that hashes it again in this browser. */
import { get, isUnknown, reasonOf } from "./api.js";
import { card, facts, h, table } from "./dom.js";
import { bytes, count, plural, poml, sentence, short, units } from "./format.js";
import { viewOf } from "./job-kinds.js";
import { lightCard } from "./light-check.js";
import { notFound } from "./not-found.js";
import { canHash, headerRoot, transactionsRoot } from "./ssz.js";
import { store } from "./store.js";

/** @import { BlockJson, TransactionJson } from "../api/contract/block.ts" */
/** @import { RecordJson } from "../api/contract/jobs/job.ts" */
/** @import { TypedPayload } from "../api/contract/payload.ts" */

/** @param {HTMLElement} root @param {string} at height or hash @returns {() => void} leave */
export function blockPage(root, at) {
  let left = false;
  const crumb = h("p", { class: "crumb" }, h("a", { href: "#/" }, "Network"), " / block");
  root.replaceChildren(crumb, h("section", { class: "card" }, "Reading the block…"));
  get("/v1/blocks/{at}", { at }).then(
    (block) => {
      if (!left) root.replaceChildren(crumb, ...sections(block));
    },
    (error) => {
      if (left) return;
      const reason = reasonOf(error);
      if (isUnknown(error)) notFound(root, "No such block", sentence(reason));
      else root.replaceChildren(crumb, h("section", { class: "card bad" }, reason));
    },
  );
  return () => {
    left = true;
  };
}

/** @param {BlockJson} block */
function sections(block) {
  const { header, transactions, records, ratingChanges } = block;
  return [
    summary(block),
    proof(block),
    lightCard(header.height),
    ...(records.length === 0 ? [] : [recordTable(records)]),
    ...(ratingChanges.length === 0 ? [] : [ratingTable(ratingChanges)]),
    card(
      plural(transactions.length, "transaction"),
      `root ${short(header.transactionsRoot)}`,
      transactions.length === 0
        ? h("p", { class: "empty" }, "None. A block without news still moves the randomness on.")
        : h("div", { class: "items" }, transactions.map(transactionItem)),
    ),
  ];
}

/** @param {BlockJson} block */
function summary(block) {
  const { header, certificate } = block;
  const before = header.height > 1 && h("a", { href: `#/blocks/${header.height - 1}` }, "← older");
  const isNewest = header.height >= (store.status?.height ?? 0);
  const after = !isNewest && h("a", { href: `#/blocks/${header.height + 1}` }, "newer →");
  return h(
    "section",
    { class: "card" },
    h(
      "div",
      { class: "headline" },
      h("h1", {}, `Block #${count(header.height)}`),
      h("span", { class: "muted" }, before, " ", after),
    ),
    facts([
      ["Hash", h("span", { class: "mono" }, block.hash)],
      ["Parent", h("span", { class: "mono" }, header.parent)],
      ["Time", new Date(header.time).toLocaleString()],
      ["Proposer", block.proposerName ?? h("span", { class: "mono" }, header.proposer)],
      ["Round", header.round === 0 ? "0, in the first turn" : count(header.round)],
      [
        "Final by",
        `${plural(certificate.signatures.length, "signature")}, total weight ${units(header.totalWeight)}`,
      ],
      ["State root", h("span", { class: "mono" }, header.stateRoot)],
      ["Size", bytes(block.sizeBytes)],
    ]),
  );
}

/** @param {BlockJson} block */
function proof(block) {
  const results = h("ul", { class: "checks" });
  const button = h("button", { type: "button" }, "Recompute");
  button.addEventListener("click", async () => {
    button.setAttribute("disabled", "");
    results.replaceChildren(...(await recompute(block)).map(checkLine));
    button.removeAttribute("disabled");
    button.textContent = "Recompute again";
  });
  const explanation = canHash
    ? "Hashes the header and the transaction list again with this browser's own SHA-256. " +
      "Signatures are another matter: see the light client below."
    : "This browser hashes only on pages over https or from the same machine.";
  return card(
    "Check it yourself",
    "",
    h("p", { class: "muted" }, explanation),
    canHash && h("p", { class: "action" }, button),
    results,
  );
}

/** @param {BlockJson} block */
async function recompute(block) {
  const { header, certificate, transactions } = block;
  const hash = await headerRoot(header);
  const root = await transactionsRoot(transactions);
  const checks = [
    {
      claim: "The header hashes to the block hash the certificate is for",
      found: hash,
      holds: hash === block.hash && hash === certificate.blockHash,
    },
    {
      claim: `Ids and signatures of ${plural(transactions.length, "transaction")} hash to the header's transactions root`,
      found: root,
      holds: root === header.transactionsRoot,
    },
  ];
  if (header.height > 1) {
    const parent = await headerRoot(
      (await get("/v1/blocks/{at}", { at: header.height - 1 })).header,
    );
    const claim = `Block #${count(header.height - 1)} hashes to this block's parent`;
    checks.push({ claim, found: parent, holds: parent === header.parent });
  }
  return checks;
}

/** @param {{ claim: string, found: string, holds: boolean }} check */
function checkLine({ claim, found, holds }) {
  return h(
    "li",
    {},
    h("span", { class: holds ? "good" : "bad" }, holds ? "✓" : "✗"),
    h("div", {}, holds ? claim : `Does not hold: ${claim}`, h("div", { class: "mono" }, found)),
  );
}

/** @param {readonly RecordJson[]} records */
function recordTable(records) {
  const rows = records.map((record) => ({
    cells: [
      h("a", { href: `#/jobs/${record.job}`, class: "mono" }, short(record.job)),
      count(record.round),
      viewOf(record).recordResult(record),
      record.managerName ?? `node ${record.manager}`,
      record.contributions.map(({ name, node }) => name ?? `node ${node}`).join(", "),
    ],
  }));
  const heads = ["Job", ">Round", "Result", "~Manager", "~Updates of"];
  return card("Records of jobs", "", table(heads, rows));
}

/** @param {BlockJson["ratingChanges"]} changes */
function ratingTable(changes) {
  const rows = changes.map((change) => ({
    cells: [
      change.name ?? `node ${change.node}`,
      change.cause,
      count(change.window),
      count(change.segments),
      units(change.before),
      units(change.after),
    ],
  }));
  const heads = ["Node", "Cause", ">Window", "~>Segments", ">Before", ">After"];
  return card("Rating changes", "", table(heads, rows));
}

/** @param {TransactionJson} transaction */
function transactionItem(transaction) {
  const { id, kind, address, fee } = transaction;
  return h(
    "div",
    { class: "item" },
    h(
      "div",
      { class: "top" },
      h("strong", {}, kind),
      h("span", {}, meaning(/** @type {TypedPayload} */ (/** @type {unknown} */ (transaction)))),
      h("span", { class: "muted" }, fee === "0" ? "a duty, no fee" : `fee ${poml(fee)}`),
    ),
    h("div", { class: "muted" }, "from ", h("span", { class: "mono" }, address)),
    h(
      "details",
      {},
      h("summary", {}, h("span", { class: "mono" }, short(id))),
      h("pre", {}, JSON.stringify(transaction, null, 2)),
    ),
  );
}

/** @param {readonly { segments: number }[]} lanes */
function segmentsOf(lanes) {
  return lanes.reduce((sum, { segments }) => sum + segments, 0);
}

/** @param {TypedPayload} transaction */
function meaning({ kind, payload }) {
  switch (kind) {
    case "transfer":
      return `${poml(payload.amount)} to ${short(payload.to)}`;
    case "register":
      return `${payload.name}, bond ${poml(payload.bond)}`;
    case "bond":
      return poml(payload.amount);
    case "job-open":
      return `${payload.spec.name}, escrow ${poml(payload.escrow)}`;
    case "job-commit":
      return `round ${payload.round}, ${plural(payload.units, "unit")}`;
    case "job-round":
      return `round ${payload.record.round}, ${viewOf(payload.record).recordResult(payload.record)}`;
    case "window-commit":
      return `window ${payload.window}, ${plural(segmentsOf(payload.lanes), "segment")}`;
    case "window-verdict":
      return `window ${payload.window}, node ${payload.node}: ${payload.findings.map(({ verdict }) => verdict).join(", ")}`;
    case "track-commit":
    case "track-result":
      return `track ${payload.track}`;
    case "track-verdict":
    case "track-show":
      return `track ${payload.track}, node ${payload.node}`;
    default:
      return "";
  }
}
