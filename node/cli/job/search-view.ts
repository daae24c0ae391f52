/** Jobs that search: coverage of the range, hashes by node, and the finds. */
import { hashCount, hashRate, percent, poml, seconds } from "../format.ts";
import { coverageBar } from "./coverage-bar.ts";
import { showFinds, zeroBitsOf } from "./finds.ts";
import type { DetailOf, JobView } from "./view.ts";

export const SEARCH_VIEW: JobView<"search"> = {
  progress: ({ progress, nonces }) => `${percent(progress)} of ${hashCount(nonces)} nonces`,

  result: ({ finds }) => (finds.length === 0 ? "-" : `${finds.length} found`),

  roundState({ round, participants, progress }) {
    const committed = participants.filter((one) => one.committed).length;
    return `round ${round}, ${percent(progress)} searched, ${committed} of ${participants.length} claims`;
  },

  fields: (job) => ({
    algorithm: job.algorithmName ?? job.algorithm,
    message: messageText(job),
    target: `${job.spec.target}, ${zeroBitsOf(job.spec.target)} zero bits`,
    range: `nonces ${job.spec.from} up to ${job.spec.to}, mode ${job.spec.mode}${job.spec.redundancy > 0 ? `, ${job.spec.redundancy} % searched twice` : ""}`,
    coverage: `${coverageBar(job)} ${percent(job.progress)}`,
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

/** Hashes a second that a node says it did. */
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
