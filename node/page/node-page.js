/**
 * One node of the chain: its faults and the accusations against it, the basis of its rating, and the jobs in which it
 * works.
 */
import { get, isUnknown, reasonOf } from "./api.js";
import { card, facts, h, table } from "./dom.js";
import { ago, count, plural, poml, sentence, units } from "./format.js";
import { viewOf } from "./job-kinds.js";
import { notFound } from "./not-found.js";
import { outcomeChip } from "./outcome.js";
import { patch } from "./patch.js";
import { listen, store } from "./store.js";

/** @import { NodeDetail } from "../api/contract/network.ts" */
/** @import { RatingExplanation, RatingFactorJson } from "../api/contract/rating.ts" */
/** @import { Child } from "./dom.js" */

const SHOWN_CHANGES = 12;
/** Causes of a change that are nobody's fault. */
/** @type {readonly string[]} */
const BLAMELESS = ["window", "decay", "track", "unproven", "audit"];

/** @param {HTMLElement} root @param {string} key @returns {() => void} leave */
export function nodePage(root, key) {
  let left = false;
  const crumb = h("p", { class: "crumb" }, h("a", { href: "#/" }, "Network"), " / node");
  const show = async () => {
    try {
      const [node, explained] = await Promise.all([
        get("/v1/nodes/{key}", { key }),
        get("/v1/nodes/{key}/rating", { key }),
      ]);
      if (left) return;
      const pair = h("div", { class: "pair" }, rating(node, explained), jobs(node));
      patch(root, crumb, summary(node), penalties(node, explained), pair, changes(explained));
    } catch (error) {
      if (left) return;
      const reason = reasonOf(error);
      if (isUnknown(error)) notFound(root, "No such node", sentence(reason));
      else patch(root, crumb, h("section", { class: "card bad" }, reason));
    }
  };
  root.replaceChildren(crumb);
  void show();
  const stop = listen(({ topic }) => {
    if (topic === "nodes") void show();
  });
  return () => {
    left = true;
    stop();
  };
}

/** @param {NodeDetail} node */
function summary(node) {
  const isOut = node.slashedAt !== undefined;
  const state = node.seat === undefined ? "no seat this epoch" : `seat ${node.seat}`;
  return h(
    "section",
    { class: "card" },
    h(
      "div",
      { class: "headline" },
      h("h1", {}, node.name),
      h(
        "span",
        { class: "chip", "data-outcome": isOut ? "failed" : "" },
        isOut ? "slashed" : state,
      ),
    ),
    facts([
      ["Public key", h("span", { class: "mono" }, node.publicKey)],
      ["Account", h("span", { class: "mono" }, node.address)],
      ["Endpoint", h("span", { class: "mono" }, node.endpoint)],
      ["Registered", node.registeredAt === 0 ? "founder" : `at #${count(node.registeredAt)}`],
      ["Balance", poml(node.balance)],
      ["Proposed", `${plural(node.proposed, "block")}, ${plural(node.skipped, "turn")} skipped`],
    ]),
  );
}

/**
 * Everything that was or may be held against the node, each with its reason.
 * @param {NodeDetail} node
 * @param {RatingExplanation} explained
 */
function penalties(node, explained) {
  const faults = explained.changes.filter(
    ({ cause, fault }) => fault !== undefined || !BLAMELESS.includes(cause),
  );
  const lines = [
    node.slashedAt !== undefined &&
      line(
        "bad",
        `A fault was proven at block #${count(node.slashedAt)}: it lost bond and is out for good.`,
      ),
    ...explained.warnings.map((warning) => line("warn", `${capital(warning)}.`)),
    node.probation > 0 &&
      line(
        "warn",
        `On probation for ${plural(node.probation, "window")}: its work is checked more closely.`,
      ),
    node.auditsFailed > 0 &&
      line("bad", `${plural(node.auditsFailed, "update")} of jobs did not pass their audits.`),
    node.auditsMissed > 0 &&
      line(
        "warn",
        `${plural(node.auditsMissed, "audit")} of others' work it was drawn for and did not do.`,
      ),
    ...faults
      .slice(0, SHOWN_CHANGES)
      .map((change) =>
        line(
          "bad",
          `${capital(change.explanation)}: rating ${units(change.before)} → ${units(change.after)}, `,
          h("a", { href: `#/blocks/${change.height}` }, `block #${count(change.height)}`),
          `, ${ago(change.time)}.`,
        ),
      ),
  ].filter(Boolean);
  if (lines.length === 0) {
    return h("p", { class: "muted" }, "Nothing is held against this node: no penalty, no warning.");
  }
  const more = faults.length > SHOWN_CHANGES ? `newest ${SHOWN_CHANGES} of ${faults.length}` : "";
  return card("Penalties and warnings", more, h("ul", { class: "checks" }, lines));
}

/** @param {"bad" | "warn"} kind @param {...(Node | string)} words */
function line(kind, ...words) {
  return h(
    "li",
    {},
    h("span", { class: kind }, kind === "bad" ? "✗" : "!"),
    h("div", {}, ...words),
  );
}

/** @param {string} text */
function capital(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** @param {NodeDetail} node @param {RatingExplanation} explained */
function rating(node, explained) {
  const window = node.ratedWindow === 0 ? "genesis benchmark" : `window ${node.ratedWindow}`;
  const { claim } = node;
  /** @param {number} millionths */
  const percent = (millionths) => `${(millionths / 10_000).toFixed(2)} %`;
  /** @param {string} label @param {Exclude<RatingFactorJson["name"], "capacity">} name @returns {[string, Child[]]} */
  const factor = (label, name) => {
    const why = explained.factors.find((one) => one.name === name)?.explanation ?? "";
    return [label, [percent(node.factors[name]), h("div", { class: "muted" }, why)]];
  };
  return card(
    "Rating",
    "measured by the chain, limited by the bond",
    facts([
      ["Measured", [`${units(node.capacity)} GFLOP/s, ${window}`, ownWindow(node)]],
      ["Rating", units(node.rating)],
      ["Bond", poml(node.bond)],
      ["On its way back", poml(node.unbonding)],
      factor("Quality", "quality"),
      factor("Reliability", "reliability"),
      factor("Energy", "energy"),
      factor("Freshness", "freshness"),
      ["Punctuality", `${percent(node.punctuality)}, from turns to propose`],
      ["Weight", `${units(node.weight)}, the rating as far as bond and punctuality let it count`],
      ["Voting weight", `${units(node.votingWeight)}${whyOther(node)}`],
      ...(claim === undefined ? [] : [claimFact(claim)]),
    ]),
  );
}

/** @param {NonNullable<NodeDetail["claim"]>} claim @returns {[string, string]} */
function claimFact({ window, segments, checks }) {
  const verdicts = checks.map(({ verdict }) => verdict).join(", ") || "verifiers not drawn yet";
  return [
    "Claim under way",
    `window ${window}, ${plural(segments, "segment")}; verdicts: ${verdicts}`,
  ];
}

/**
 * Why the node that serves this page had a low measurement; only the node itself knows the reason.
 * @param {NodeDetail} node
 */
function ownWindow(node) {
  const { publicKey, lastWindow } = store.status ?? {};
  if (publicKey !== node.publicKey || lastWindow?.disturbed === undefined) return false;
  return h(
    "div",
    { class: "warn" },
    `Window ${lastWindow.window} measured it low: ${lastWindow.disturbed}.`,
  );
}

/** @param {RatingExplanation} explained */
function changes({ changes: all }) {
  if (all.length === 0)
    return card("Changes of the rating", "", h("p", { class: "empty" }, "None so far."));
  const rows = all.slice(0, SHOWN_CHANGES).map((change) => ({
    cells: [
      h("a", { href: `#/blocks/${change.height}` }, `#${count(change.height)}`),
      units(change.before),
      units(change.after),
      h("span", { class: "why" }, capital(change.explanation)),
    ],
  }));
  return card(
    "Changes of the rating",
    "newest first",
    table([">Block", ">Before", ">After", "Why"], rows),
  );
}

/** @param {NodeDetail} node */
function jobs(node) {
  if (node.jobs.length === 0) return card("Jobs", "", h("p", { class: "empty" }, "None so far."));
  const rows = node.jobs.map((job) => ({
    href: `#/jobs/${job.id}`,
    cells: [
      h("a", { href: `#/jobs/${job.id}` }, job.name),
      h("span", { title: job.outcome.reason }, outcomeChip(job)),
      job.role === "both" ? "manager and participant" : job.role,
      viewOf(job).progress(job),
    ],
  }));
  return card("Jobs", "", table(["Name", "Outcome", "~Role", ">Recorded"], rows));
}

/** @param {NodeDetail} node */
function whyOther({ weight, votingWeight }) {
  if (weight === votingWeight) return "";
  return ", which follows the weight by small steps from epoch to epoch and stays under a third of all where four or more vote";
}
