/** What the demo prints when it is done: rounds, nodes, proofs, and the next commands to try. */

import { join } from "node:path";
import { shellQuote } from "../../shell-quote.ts";
import { gflops, mebibytes, percent, poml } from "../format.ts";
import { showRounds } from "../job/show.ts";
import type { Output } from "../output.ts";
import type { DemoResult } from "./demo.ts";
import type { Devnet } from "./network.ts";

export interface DemoFigures {
  readonly seconds: number;
  readonly peakRssMib: number;
}

/** The one-line JSON of `poml devnet --demo --json`. */
export function demoSummary(result: DemoResult, { seconds, peakRssMib }: DemoFigures): object {
  return {
    accuracy: result.job.metrics?.accuracy ?? 0,
    rounds: result.rounds.length,
    seconds: Math.round(seconds * 10) / 10,
    peakRssMiB: peakRssMib,
    height: result.height,
    settlementBalanced: result.settlementBalanced,
    modelDir: result.modelDir,
    trustedBlock: result.trustedBlock,
  };
}

export function showDemo(output: Output, result: DemoResult, figures: DemoFigures): void {
  const { job, rounds, modelDir, trustedBlock, verified } = result;
  output.line();
  showRounds(output, rounds, job);
  output.line();
  showNodes(output, result);
  output.line();
  const { settlement } = job;
  if (settlement !== undefined) {
    output.line(
      `Settled: ${poml(job.escrow)} POML = participants ${poml(settlement.participants)} + managers ${poml(settlement.managers)} + auditors ${poml(settlement.auditors)} + fee ${poml(settlement.fee)} + refund ${poml(settlement.refund)}`,
    );
  }
  output.line(
    `Test accuracy ${percent(job.metrics?.accuracy ?? 0)} after ${rounds.length} rounds, ${figures.seconds.toFixed(1)} s from start to result, ${figures.peakRssMib} MiB at most in all processes.`,
  );
  output.line(`\nModel and certificate: ${modelDir}`);
  for (const { claim, detail } of verified.proved) output.line(`  + ${claim}: ${detail}`);
  output.line(`Check it yourself: npx poml verify ${shellQuote(modelDir)} --trust ${trustedBlock}`);
}

function showNodes(output: Output, { job, rounds, nodes }: DemoResult): void {
  output.table(
    ["node", "rating GFLOP/s", "samples trained", "updates sent", "reward POML"],
    nodes.map(({ index, name, rating }) => {
      const own = rounds.flatMap((round) => round.contributions.filter((c) => c.node === index));
      const parts = [...job.participants, ...job.team].filter(({ node }) => node === index);
      return [
        name,
        gflops(rating),
        own.reduce((sum, { samples }) => sum + samples, 0),
        mebibytes(own.reduce((sum, { updateBytes }) => sum + updateBytes, 0)),
        poml(parts.reduce((sum, { earned }) => sum + BigInt(earned), 0n)),
      ];
    }),
  );
}

/** Addresses of the running network and the next command to try. */
export function showNetwork(output: Output, net: Devnet): void {
  output.line();
  output.table(
    ["node", "page and API", "data directory"],
    net.running.map(({ name, client, dataDir }) => [name, client.baseUrl, dataDir]),
  );
  const [first] = net.running;
  if (first === undefined) return;
  const node = `--data-dir ${shellQuote(first.dataDir)}`;
  const paid = `${node} --wallet ${shellQuote(net.clientWallet)}`;
  output.line(`
API token of ${first.name}: ${join(first.dataDir, "api-token")}
Submit a job of your own:
  npx poml dataset import csv your.csv ${node}
  npx poml job submit ${paid} --dataset your --rounds 5
  npx poml search ${paid} --algorithm sha256d --prefix-text hello --zero-bits 24
Ctrl-C stops the network.`);
}
