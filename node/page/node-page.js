/** One node of the chain: what its rating rests on and the jobs it works in. */
import { get } from "./api.js";
import { card, facts, h, phaseChip, table } from "./dom.js";
import { count, plural, poml, units } from "./format.js";
import { listen } from "./store.js";

/** @param {HTMLElement} root @param {string} key @returns {() => void} leave */
export function nodePage(root, key) {
  let left = false;
  const crumb = h("p", { class: "crumb" }, h("a", { href: "#/" }, "Network"), " / node");
  const show = async () => {
    try {
      const node = await get(`/v1/nodes/${encodeURIComponent(key)}`);
      if (!left) root.replaceChildren(crumb, summary(node), rating(node), jobs(node));
    } catch (error) {
      if (!left) root.replaceChildren(crumb, h("section", { class: "card bad" }, error.message));
    }
  };
  root.replaceChildren(crumb);
  void show();
  const stop = listen((topic) => {
    if (topic === "nodes") void show();
  });
  return () => {
    left = true;
    stop();
  };
}

/** @param {any} node */
function summary(node) {
  const state = node.seat === undefined ? "no seat this epoch" : `seat ${node.seat}`;
  return h(
    "section",
    { class: "card" },
    h("div", { class: "headline" }, h("h1", {}, node.name), h("span", { class: "chip" }, state)),
    facts([
      ["Public key", h("span", { class: "mono" }, node.publicKey)],
      ["Account", h("span", { class: "mono" }, node.address)],
      ["Endpoint", h("span", { class: "mono" }, node.endpoint)],
      ["Registered", node.registeredAt === 0 ? "founder" : `at #${count(node.registeredAt)}`],
      ["Balance", poml(node.balance)],
      ["Proposed", `${plural(node.proposed, "block")}, ${plural(node.skipped, "turn")} skipped`],
      ...(node.slashedAt === undefined
        ? []
        : [
            /** @type {[string, string]} */ ([
              "Slashed",
              `a fault was proven at #${node.slashedAt}`,
            ]),
          ]),
    ]),
  );
}

/** @param {any} node */
function rating(node) {
  const window = node.ratedWindow === 0 ? "genesis benchmark" : `window ${node.ratedWindow}`;
  const claim = node.claim;
  return card(
    "Rating",
    "measured by the chain, limited by the bond",
    facts([
      ["Measured", `${units(node.capacity)} GFLOP/s, ${window}`],
      ["Rating", units(node.rating)],
      ["Bond", poml(node.bond)],
      ["On its way back", poml(node.unbonding)],
      [
        "Quality",
        `${(node.factors.quality / 10_000).toFixed(2)} %, from the open track; 100 % without a score`,
      ],
      ["Reliability", `${(node.factors.reliability / 10_000).toFixed(2)} %, from verified work`],
      ["Energy", `${(node.factors.energy / 10_000).toFixed(2)} %, by the node's own meter`],
      ["Freshness", `${(node.factors.freshness / 10_000).toFixed(2)} %`],
      ["Punctuality", `${(node.punctuality / 10_000).toFixed(2)} %, from turns to propose`],
      ["Weight", `${units(node.weight)}, voting ${units(node.votingWeight)}`],
      ...(claim === undefined
        ? []
        : [
            /** @type {[string, string]} */ ([
              "Claim under way",
              `window ${claim.window}, ${plural(claim.segments, "segment")}; ` +
                `verdicts: ${claim.checks.map((check) => check.verdict).join(", ") || "verifiers not drawn yet"}`,
            ]),
          ]),
    ]),
  );
}

/** @param {any} node */
function jobs(node) {
  if (node.jobs.length === 0) return card("Jobs", "", h("p", { class: "empty" }, "None so far."));
  const rows = node.jobs.map((job) => ({
    href: `#/jobs/${job.id}`,
    cells: [
      h("a", { href: `#/jobs/${job.id}` }, job.name),
      phaseChip(job.phase),
      job.role === "both" ? "manager and participant" : job.role,
      `${job.round} / ${job.rounds}`,
    ],
  }));
  return card("Jobs", "", table(["Name", "Phase", "Role", ">Round"], rows));
}
