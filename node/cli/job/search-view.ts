/** Jobs that search: coverage of the range, hashes by node, and the finds. */
import { zeroBitsOf } from "../../../ml/search/zero-bits.ts";
import { hashCount, hashRate, percent, poml, seconds } from "../format.ts";
import { coverageBar } from "./coverage-bar.ts";
import { showFinds } from "./finds.ts";
import type { DetailOf, JobView } from "./view.ts";

export const SEARCH_VIEW: JobView<"search"> = {
  working: "searching",
  orderCommand: "npx poml search",
  downloaded: "The certificate is",

  progress: ({ progress, nonces }) => `${percent(progress)} of ${hashCount(nonces)} nonces`,

  result: ({ finds }) => (finds.length === 0 ? "-" : `${finds.length} found`),

  share: (job) => Math.min(1, job.progress + liveShare(job, job.live?.searchedUnits ?? 0)),

  roundState(job) {
    const { round, participants, progress, live } = job;
    const committed = participants.filter((one) => one.committed).length;
    const claims = `${committed} of ${participants.length} claims`;
    if (live === undefined) return `round ${round}, ${percent(progress)} recorded, ${claims}`;
    const searched = percent(liveShare(job, live.searchedUnits));
    const leased = percent(liveShare(job, live.leasedUnits));
    const own = live.seenBy === "participant" ? " by this node" : "";
    const speeds = speedsOf(live.nodes);
    return [
      `round ${round}, ${percent(progress)} recorded, ${searched} searched${own}, ${leased} leased`,
      ...(speeds === "" ? [] : [speeds]),
      claims,
    ].join(", ");
  },

  fields: (job) => ({
    algorithm: job.algorithmName ?? job.algorithm,
    message: messageText(job),
    target: `${job.spec.target}, ${zeroBitsOf(job.spec.target)} zero bits`,
    range: `nonces ${job.spec.from} up to ${job.spec.to}, mode ${job.spec.mode}${job.spec.redundancy > 0 ? `, ${job.spec.redundancy} % searched twice` : ""}`,
    coverage: `${coverageBar(job)} ${percent(job.progress)}`,
    ...(job.live === undefined ? {} : { "under way": SEARCH_VIEW.roundState(job) }),
  }),

  showParticipants(output, job) {
    output.table(
      ["participant", "rounds", "verified", "hashes", "missed", "earned POML"],
      job.participants.map((one) => [
        one.name,
        one.paidRounds,
        one.fault === undefined ? one.verifiedRounds : `${one.fault} in round ${one.faultRound}`,
        hashCount(one.paidHashes),
        one.missed,
        poml(one.earned),
      ]),
    );
    if (job.finds.length === 0) return;
    output.line();
    showFinds(output, job);
  },

  showRounds: (output, rounds, job) =>
    output.table(
      ["round", "hashes", "speed", "nodes", "finds", "open units", "time"],
      rounds.map(({ round, contributions, finds, openUnits, durationMs }) => {
        const units = contributions.reduce((sum, one) => sum + one.units, 0);
        const speeds = contributions.map((one) => speedOf(job, one));
        return [
          round,
          hashCount(BigInt(units) << BigInt(job.spec.unitBits)),
          hashRate(speeds.reduce((sum, speed) => sum + speed, 0)),
          contributions.length,
          finds.length,
          openUnits,
          seconds(durationMs),
        ];
      }),
    ),

  roundLine({ round, contributions, finds, durationMs }, job) {
    const working = contributions.filter(({ units }) => units > 0);
    const speeds = working.map((one) => {
      return `${one.name ?? `node ${one.node}`} ${hashRate(speedOf(job, one))}`;
    });
    const found = finds.map(({ nonce }) => `, found nonce ${nonce}`).join("");
    return `round ${round}: ${speeds.join(", ") || "nothing was searched"}${found}, ${seconds(durationMs)}`;
  },

  showNext(output, job) {
    if (job.finds.length > 0) {
      showFinds(output, job);
      output.line();
    }
    output.command(
      "Fetch the certificate with: ",
      `npx poml job result ${job.id.slice(0, 12)} --out ${job.id.slice(0, 12)}`,
    );
  },
};

/** The part of the range that a number of units covers. */
function liveShare({ nonces, spec }: DetailOf<"search">, units: number): number {
  return Math.min(1, (units * 2 ** spec.unitBits) / Number(nonces));
}

/** Nodes that are searching, the fastest first. */
function speedsOf(nodes: NonNullable<DetailOf<"search">["live"]>["nodes"]): string {
  return nodes
    .filter(({ hashesPerSecond }) => hashesPerSecond > 0)
    .toSorted((a, b) => b.hashesPerSecond - a.hashesPerSecond)
    .map(
      ({ node, name, hashesPerSecond }) => `${name ?? `node ${node}`} ${hashRate(hashesPerSecond)}`,
    )
    .join(", ");
}

/** Hashes per second, as the node itself reports them. */
function speedOf(
  { spec }: DetailOf<"search">,
  { units, workMs }: { readonly units: number; readonly workMs: number },
): number {
  return workMs === 0 ? 0 : (units * 2 ** spec.unitBits * 1000) / workMs;
}

function messageText({ spec }: DetailOf<"search">): string {
  const nonce = `nonce (${spec.nonceBytes} bytes, ${spec.endian} endian)`;
  return [spec.prefix, nonce, spec.suffix].filter((part) => part !== "").join(" || ");
}
