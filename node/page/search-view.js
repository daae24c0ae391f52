/** Jobs that search: which nonces are covered, hashes by node, and what was found. */
import { coverage, coverageLegend } from "./coverage.js";
import { card, h, table } from "./dom.js";
import { downloadLinks } from "./download-links.js";
import { count, duration, large, percent, plural, poml, short } from "./format.js";
import { patch } from "./patch.js";

/** @import { SearchDetail, SearchRound } from "../api/contract/jobs/search.ts" */
/** @import { Graph, JobView } from "./job-kinds.js" */

const SHOWN_FINDS = 3;

/** @type {JobView<"search">} */
export const searchView = {
  working: "searching",
  progress: ({ progress }) => `${percent(progress)} searched`,
  result: ({ finds }) => (finds.length === 0 ? "–" : plural(finds.length, "find")),
  recordResult: ({ finds, openUnits }) =>
    finds.length > 0 ? fewOf(finds.map(foundText)) : `${large(openUnits)} units open`,
  about: ({ spec, algorithmName }) =>
    `${algorithmName ?? short(spec.algorithm)}, digests of ${zeroBits(spec.target)} zero bits`,
  figures,
  graph,
  participant,
  history,
  price: (job) => `${poml(job.spec.pricePerUnit)} for each ${large(unitOf(job))} hashes`,
  results,
  order,
};

/** Hashes of a unit. @param {SearchDetail} job */
function unitOf({ spec }) {
  return 2 ** spec.unitBits;
}

/** The number of zero bits with which a number begins. @param {string} hex */
function zeroBits(hex) {
  const first = hex.search(/[^0]/);
  if (first === -1) return 4 * hex.length;
  return 4 * first + Math.clz32(Number.parseInt(hex[first] ?? "0", 16)) - 28;
}

/** @param {{ nonce: string }} find */
function foundText({ nonce }) {
  return `found nonce ${nonce}`;
}

/** A list of up to 64 finds would push everything else off the page. @param {readonly string[]} texts */
function fewOf(texts) {
  const left = texts.length - SHOWN_FINDS;
  const shown = texts.slice(0, SHOWN_FINDS).join(", ");
  return left > 0 ? `${shown} and ${count(left)} more` : shown;
}

/**
 * The nonce if there is only one, else the number of finds: a table has no room for more.
 * @param {{ finds: readonly { nonce: string }[] }} round
 */
function foundIn({ finds: [first, ...others] }) {
  if (first === undefined) return "–";
  return others.length === 0 ? first.nonce : `${count(others.length + 1)} finds`;
}

/**
 * Hashes per second according to the node itself.
 * @param {SearchDetail} job
 * @param {{ units: number, workMs: number }} claim
 */
function speed(job, { units, workMs }) {
  return workMs === 0 ? 0 : (units * unitOf(job) * 1000) / workMs;
}

/** @param {number} perSecond */
function speedText(perSecond) {
  return `${large(perSecond)}H/s`;
}

/** @param {SearchDetail} job @param {SearchRound} round */
function roundSpeed(job, round) {
  return round.contributions.reduce((sum, claim) => sum + speed(job, claim), 0);
}

/** @param {Pick<SearchDetail, "outcome">} job */
function isRunning({ outcome }) {
  return outcome.state === "running";
}

/** @param {NonNullable<SearchDetail["live"]>} live */
function liveSpeed({ nodes }) {
  return nodes.reduce((sum, { hashesPerSecond }) => sum + hashesPerSecond, 0);
}

/** @param {NonNullable<SearchDetail["live"]>} live */
function liveName({ seenBy, nodes }) {
  return seenBy === "participant" ? "now, by this node" : `now, by ${plural(nodes.length, "node")}`;
}

/** @type {JobView<"search">["figures"]} */
function figures(job, rounds) {
  const last = rounds.findLast(({ contributions }) => contributions.some(({ units }) => units > 0));
  return [
    [percent(job.progress), `of ${large(job.nonces)} nonces recorded`],
    [count(job.finds.length), job.finds.length === 1 ? "find" : "finds"],
    isRunning(job) && job.live !== undefined
      ? [speedText(liveSpeed(job.live)), liveName(job.live)]
      : [last === undefined ? "–" : speedText(roundSpeed(job, last)), "in the last round"],
    [count(job.recordedRounds), job.recordedRounds === 1 ? "round" : "rounds"],
  ];
}

/** @param {SearchDetail} first @returns {Graph<"search">} */
function graph(first) {
  const element = h("div");
  /** @param {SearchDetail} job */
  const show = (job) => {
    const left = job.finds.length - SHOWN_FINDS;
    patch(
      element,
      coverage(job),
      coverageLegend(job),
      ...job.finds.slice(0, SHOWN_FINDS).map((find) => finding(job, find)),
      left > 0 && h("p", { class: "muted" }, `and ${count(left)} more, in the certificate`),
    );
  };
  show(first);
  return { element, show, remove: () => {} };
}

/** @type {Readonly<Record<string, string>>} */
const BY_HAND = {
  sha256: "sha256sum",
  sha256d: "sha256sum | cut -c1-64 | xxd -r -p | sha256sum",
  blake2b: "b2sum",
};

/** @param {SearchDetail} job @param {SearchDetail["finds"][number]} find */
function finding({ algorithmName = "" }, { nonce, digest, message, node, name }) {
  const tool = BY_HAND[algorithmName];
  return h(
    "div",
    { class: "find" },
    h("strong", {}, `Nonce ${nonce}`),
    h("span", { class: "muted" }, ` found by ${name ?? `node ${node}`}`),
    h("div", { class: "mono" }, digest),
    tool !== undefined &&
      h(
        "details",
        {},
        h("summary", {}, "check it by hand"),
        h("pre", {}, `printf ${message} | xxd -r -p | ${tool}`),
      ),
  );
}

/** @type {JobView<"search">["participant"]} */
function participant(job, rounds, { node, paidRounds, paidHashes, earned, fault, missed, ...one }) {
  if (fault !== undefined) return { share: 0, state: `unpaid: ${fault}` };
  const claims = rounds.flatMap((round) => round.contributions.filter((own) => own.node === node));
  const units = claims.reduce((sum, own) => sum + own.units, 0);
  const all = rounds.flatMap(({ contributions }) => contributions);
  const total = all.reduce((sum, own) => sum + own.units, 0);
  const share = total === 0 ? 0 : units / total;
  if (!isRunning(job)) {
    const paid = paidRounds === 0 ? "nothing paid" : `${large(paidHashes)} hashes, ${poml(earned)}`;
    return { share, state: paid };
  }
  if (one.committed) return { share, state: `${large(one.hashes)} hashes this round` };
  if (missed > 0) return { share, state: `missed ${missed}` };
  const now = job.live?.nodes.find((own) => own.node === node);
  if (now !== undefined) {
    const units = `${large(now.units * unitOf(job))} hashes this round`;
    return { share, state: `${speedText(now.hashesPerSecond)}, ${units}` };
  }
  const last = claims.findLast((own) => own.units > 0);
  if (last !== undefined) return { share, state: speedText(speed(job, last)) };
  return { share, state: job.phase === "training" ? "searching" : "waiting" };
}

/** @type {JobView<"search">["history"]} */
function history(rounds, job) {
  const rows = [...rounds].reverse().map((round) => ({
    cells: [
      count(round.round),
      large(round.contributions.reduce((sum, { units }) => sum + units, 0) * unitOf(job)),
      speedText(roundSpeed(job, round)),
      round.contributions
        .filter(({ units }) => units > 0)
        .map((claim) => `${claim.name ?? `node ${claim.node}`} ${speedText(speed(job, claim))}`)
        .join(", ") || "nobody",
      foundIn(round),
      duration(round.durationMs),
      h("a", { href: `#/blocks/${round.height}` }, `#${count(round.height)}`),
    ],
  }));
  const heads = ["Round", ">Hashes", ">Speed", "~By", ">Found", ">Took", ">Block"];
  return card("Rounds", "as recorded in blocks; speeds are what nodes say", table(heads, rows));
}

/** @param {SearchDetail} job */
function results(job) {
  if (isRunning(job)) return [];
  return downloadLinks(job.id, { "certificate.json": "certificate" });
}

/** @type {JobView<"search">["order"]} */
function order({ spec, algorithmName }) {
  /** @param {string} value */
  const hex = (value) =>
    value === "" ? "nothing" : h("span", { class: "mono", title: value }, cut(value));
  return [
    ["Algorithm", algorithmName ?? hex(spec.algorithm)],
    ["Before the nonce", hex(spec.prefix)],
    ["Nonce", `${spec.nonceBytes} bytes, ${spec.endian} endian`],
    ["Behind the nonce", hex(spec.suffix)],
    ["Target", h("span", { class: "mono", title: spec.target }, cut(spec.target))],
    ["Nonces", `${spec.from} up to ${spec.to}`],
    ["Ends", ENDS[spec.mode]],
    ["Searched twice", `${spec.redundancy} %`],
    ["Bonus for finds", poml(spec.bonus)],
    ["Nodes", `${spec.participants}, quorum ${spec.quorum}`],
  ];
}

/** @param {string} hex */
function cut(hex) {
  return hex.length > 40 ? `${hex.slice(0, 24)}…${hex.slice(-8)}` : hex;
}

const ENDS = {
  first: "with the first find",
  all: "when all nonces are searched",
  best: "when all nonces are searched; the smallest digest counts",
};
