/** One job in full: graph and participants, rounds, the order, the team, the money, the result. */
import { card, facts, h, table } from "./dom.js";
import { count, poml, sentence } from "./format.js";
import { jobCard } from "./job-card.js";
import { viewOf } from "./job-kinds.js";
import { notFound } from "./not-found.js";
import { patch } from "./patch.js";

/** @import { JobDetail } from "../api/contract/jobs/job.ts" */

const PARTS = /** @type {const} */ ([
  "participants",
  "managers",
  "auditors",
  "fee",
  "refund",
  "burned",
  "bonus",
]);

/** @param {HTMLElement} root @param {string} id @returns {() => void} leave */
export function jobPage(root, id) {
  const more = h("div", { class: "pair" });
  const history = h("div");
  const main = jobCard(id, {
    heading: "h1",
    onData(job, rounds) {
      patch(history, rounds.length > 0 && viewOf(job).history(rounds, job));
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

/** @param {JobDetail} job */
function money(job) {
  const { settlement, escrow } = job;
  if (settlement === undefined) {
    return card(
      "Money",
      "held by the chain",
      facts([
        ["Escrow", poml(escrow)],
        ["Price", viewOf(job).price(job)],
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
    h("p", { class: job.hasModel ? "downloads" : "downloads muted" }, viewOf(job).results(job)),
  );
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

/** @param {JobDetail} job */
function order(job) {
  return card(
    "Order",
    `opened at #${count(job.openedAt)}`,
    facts([
      ["Client", h("span", { class: "mono" }, job.client)],
      ...viewOf(job).order(job),
      ["Job id", h("span", { class: "mono" }, job.id)],
    ]),
  );
}
