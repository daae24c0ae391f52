/** One job in full: curve and participants, rounds, the order, the team, the money, the result. */
import { ask, reasonOf } from "./api.js";
import { card, facts, h, table } from "./dom.js";
import { bytes, count, duration, percent, plural, poml, sentence, short } from "./format.js";
import { jobCard } from "./job-card.js";
import { notFound } from "./not-found.js";
import { patch } from "./patch.js";

/** @import { JobDetail, RoundJson, SpecJson } from "../api/contract/job.ts" */

const PARTS = /** @type {const} */ ([
  "participants",
  "managers",
  "auditors",
  "fee",
  "refund",
  "burned",
]);

/** @param {HTMLElement} root @param {string} id @returns {() => void} leave */
export function jobPage(root, id) {
  const more = h("div", { class: "pair" });
  const history = h("div");
  const main = jobCard(id, {
    heading: "h1",
    onData(job, rounds) {
      patch(history, rounds.length > 0 && roundTable(rounds));
      patch(more, h("div", { class: "stack" }, money(job), team(job), audits(job)), order(job));
    },
    onMissing(message) {
      main.remove();
      notFound(root, "No such job", sentence(message));
    },
  });
  const crumb = h("p", { class: "crumb" }, h("a", { href: "#/" }, "Network"), " / job");
  root.replaceChildren(crumb, main.element, history, more);
  return () => main.remove();
}

/** @param {readonly RoundJson[]} rounds */
function roundTable(rounds) {
  const rows = [...rounds].reverse().map((round) => ({
    cells: [
      count(round.round),
      percent(round.metrics.accuracy, 2),
      round.metrics.loss.toFixed(4),
      percent(round.metrics.precision),
      percent(round.metrics.recall),
      percent(round.metrics.f1),
      duration(round.durationMs),
      `${round.contributions.length} updates, ${bytes(sum(round.contributions))}`,
      round.managerName ?? `node ${round.manager}`,
      h("a", { href: `#/blocks/${round.height}` }, `#${count(round.height)}`),
    ],
  }));
  const heads = ["Round", ">Accuracy", ">Loss", "~>Precision", "~>Recall", "~>F1"];
  const rest = [">Took", "~>Received", "~Manager", ">Block"];
  return card("Rounds", "as recorded in blocks", table([...heads, ...rest], rows));
}

/** @param {readonly { updateBytes: number }[]} contributions */
function sum(contributions) {
  return contributions.reduce((total, { updateBytes }) => total + updateBytes, 0);
}

/** @param {JobDetail} job */
function money(job) {
  const { settlement, escrow } = job;
  if (settlement === undefined) {
    return card(
      "Money",
      "held by the chain",
      facts([
        ["Escrow", poml(escrow)],
        ["Price", `${poml(job.spec.pricePerSample)} per sample step`],
      ]),
    );
  }
  const total = PARTS.reduce((all, part) => all + BigInt(settlement[part]), 0n);
  const bar = h(
    "div",
    { class: "share", role: "img", "aria-label": "division of the escrow" },
    PARTS.map((part) => {
      const slice = document.createElement("i");
      slice.style.width = `${(100 * Number(settlement[part])) / Math.max(1, Number(escrow))}%`;
      slice.title = `${part}: ${poml(settlement[part])}`;
      return slice;
    }),
  );
  const balanced = total === BigInt(escrow);
  return card(
    "Settlement",
    h(
      "span",
      { class: balanced ? "good" : "bad" },
      balanced ? "adds up to the escrow" : "does not add up",
    ),
    bar,
    facts([
      ...PARTS.map((part) => /** @type {[string, string]} */ ([part, poml(settlement[part])])),
      ["escrow", poml(escrow)],
    ]),
    job.hasModel
      ? downloads(job)
      : h(
          "p",
          { class: "downloads muted" },
          "No round was recorded, so there is no model to fetch.",
        ),
  );
}

/** @param {JobDetail} job */
function downloads(job) {
  const { id, outcome, recordedRounds } = job;
  const early = h("span", { class: "muted" }, `of round ${recordedRounds}:`);
  /** @param {string} path @param {string} name @param {string} [label] */
  const link = (path, name, label = name) =>
    h("a", { href: `/v1/jobs/${id}/${path}`, download: name, click: fetchFile }, label);
  return h(
    "p",
    { class: "downloads" },
    outcome.state !== "done" && early,
    link("model/model.json", "model.json"),
    link("model/weights.bin", "weights.bin"),
    link("model/dataset.json", "dataset.json"),
    link("certificate", "certificate.json", "certificate"),
  );
}

/** Nodes keep files for a time: a refusal must not be saved in place of the file. @param {MouseEvent} event */
async function fetchFile(event) {
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  event.preventDefault();
  const { href, download } = link;
  try {
    if ((await fetch(href, { method: "HEAD" })).ok) {
      Object.assign(document.createElement("a"), { href, download }).click();
      return;
    }
    await ask(new URL(href).pathname);
  } catch (error) {
    const said = h("span", { class: "bad", role: "alert" }, sentence(reasonOf(error)));
    link.closest(".downloads")?.replaceChildren(said);
  }
}

/** @param {JobDetail} job */
function team(job) {
  if (job.team.length === 0) {
    const text = job.outcome.state === "running" ? "Being drawn." : "None was drawn.";
    return card("Managers", "", h("p", { class: "empty" }, text));
  }
  const rows = job.team.map((member) => ({
    cells: [
      member.name || `node ${member.node}`,
      h("span", { class: "muted" }, member.active ? "active" : "support"),
      count(member.credits),
      poml(member.earned),
    ],
  }));
  return card("Managers", "in drawn order", table(["Name", "Role", ">Credits", ">Earned"], rows));
}

/** @param {JobDetail} job */
function audits(job) {
  if (!job.audited) {
    const text = "What this engine did cannot be replayed bit by bit: the work is not verified.";
    return card("Audits", "not verified", h("p", { class: "empty" }, text));
  }
  const open = job.audits.length;
  if (
    job.participants.every(({ paidRounds, fault }) => paidRounds === 0 && fault === undefined) &&
    open === 0
  ) {
    const text =
      job.outcome.state === "running"
        ? "They begin with the first recorded round."
        : "No update was paid, so there was nothing to audit.";
    return card("Audits", "", h("p", { class: "empty" }, text));
  }
  const rows = job.participants.map((participant) => ({
    cells: [
      participant.name || `node ${participant.node}`,
      `${count(participant.verifiedRounds)} of ${count(participant.paidRounds)}`,
      finding(job, participant),
    ],
  }));
  return card(
    "Audits",
    open === 0 ? "replayed by others, bit by bit" : `${open} under way`,
    table(["Updates of", ">Verified", "Found"], rows),
  );
}

/** @type {Readonly<Record<string, string>>} */
const FAULTS = {
  mismatch: "a replay gave other bits",
  "not-served": "it did not serve its work",
};

/** What audits found so far. @param {JobDetail} job @param {JobDetail["participants"][number]} participant */
function finding(job, participant) {
  const { fault, faultRound, node, verifiedRounds } = participant;
  if (fault !== undefined) {
    return h("span", { class: "bad" }, `${FAULTS[fault] ?? fault} in round ${faultRound}`);
  }
  const open = job.audits.filter((audit) => audit.node === node).length;
  const soFar = verifiedRounds > 0 ? "every bit equal" : "nothing yet";
  if (open > 0) return h("span", { class: "muted" }, `${soFar}, ${open} under way`);
  return verifiedRounds > 0
    ? h("span", { class: "good" }, "every bit equal")
    : h("span", { class: "muted" }, "not audited");
}

/** @param {SpecJson["optimizer"]} optimizer */
function optimizerText({ kind, ...settings }) {
  const used = Object.entries(settings).filter(([, value]) => value !== 0);
  return `${kind}: ${used.map(([name, value]) => `${name} ${value}`).join(", ")}`;
}

/** @param {JobDetail} job */
function order(job) {
  const { spec } = job;
  /** @param {string} value */
  const hash = (value) => h("span", { class: "mono", title: value }, short(value));
  return card(
    "Order",
    `opened at #${count(job.openedAt)}`,
    facts([
      ["Client", h("span", { class: "mono" }, job.client)],
      ["Rows", `${count(spec.trainRows)} to train on, ${count(spec.testRows)} to test`],
      ["Training", `${plural(spec.localEpochs, "epoch")} a round, batches of ${spec.batchSize}`],
      ["Optimizer", optimizerText(spec.optimizer)],
      ["Loss", spec.loss],
      ["Partition", spec.partition],
      ["Aggregation", `${spec.aggregation}, quorum ${spec.quorum} of ${spec.participants}`],
      ["Model", hash(spec.model)],
      ["Dataset", hash(spec.dataset)],
      ["Parameters", hash(job.parameters)],
      ["Job id", h("span", { class: "mono" }, job.id)],
    ]),
  );
}
