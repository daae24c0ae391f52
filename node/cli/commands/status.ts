/** `poml status`: the chain as one node sees it, its peers, workers, and all nodes with their ratings. */
import { Command } from "commander";
import type { NodeJson, Status } from "../../api/contract/network.ts";
import { type ApiOptions, addApiOptions, connect } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { gflops, mebibytes, poml, shortHash, timeAgo } from "../format.ts";
import type { Output } from "../output.ts";

export function statusCommand(context: CliContext): Command {
  return addApiOptions(new Command("status"))
    .description("show the network, the node, its peers and workers")
    .action(async (options: ApiOptions) => {
      const client = await connect(options, context);
      const status = await client.status();
      const { nodes } = await client.nodes();
      context.output.result({ ...status, registry: nodes }, () =>
        show(context.output, status, nodes),
      );
    });
}

function peersOf({ peers, bootstrap }: Status): string {
  if (bootstrap.length === 0) return `${peers.length}`;
  const reached = bootstrap.filter(({ state }) => state === "reached").length;
  return `${peers.length}; ${reached} of ${bootstrap.length} bootstrap nodes reached`;
}

function joining({ stage, done, total }: NonNullable<Status["snapshotSync"]>): string {
  return stage === "peers" ? `looking for one, ${done} peers` : `${stage} ${done} of ${total}`;
}

function progress({ syncing, blocksBehind }: Status): string {
  if (blocksBehind > 1) return `, ${blocksBehind} blocks behind, catching up`;
  return syncing ? ", catching up" : "";
}

/** Younger transactions go into one of the next two blocks, so they are not worth a line. */
const TOLD_BLOCKS = 3;

function own({ ownTransactions: { waiting, oldest } }: Status): Record<string, string> {
  if (oldest === undefined || oldest.blocks < TOLD_BLOCKS) return {};
  const { kind, nonce, blocks, reason } = oldest;
  const what = `${kind} (nonce ${nonce}) for ${blocks} blocks: ${reason}`;
  return { "own waiting": waiting === 1 ? what : `${waiting}; the oldest: ${what}` };
}

function show(output: Output, status: Status, nodes: readonly NodeJson[]): void {
  for (const { level, message, remedy } of status.notices) {
    output.line(`${level === "problem" ? "PROBLEM" : "note"}: ${message}`);
    output.line(`  try: ${output.hints.text(remedy)}`);
  }
  if (status.notices.length > 0) output.line();
  output.fields({
    network: `${status.network} (genesis ${shortHash(status.genesisRoot)})`,
    node: `${status.name}, ${status.address}`,
    height: `${status.height}${progress(status)}, ${status.height === 0 ? "no block yet" : `last block ${timeAgo(status.headTime)}`}`,
    head: status.headHash,
    ...(status.snapshotSync === undefined ? {} : { snapshot: joining(status.snapshotSync) }),
    ...(status.historyReplay === undefined
      ? {}
      : { history: `replayed ${status.historyReplay.height} of ${status.historyReplay.target}` }),
    "blocks kept": status.lowestBlock === 1 ? "all" : `from ${status.lowestBlock}`,
    ...(status.damagedBlocks === 0 ? {} : { damaged: `${status.damagedBlocks} blocks` }),
    voters: `${status.seats} of ${status.nodes} nodes`,
    safety: status.safety.explanation,
    peers: peersOf(status),
    supply: `${poml(status.emitted)} POML emitted, ${poml(status.burned)} burned`,
    mempool: `${status.mempool.transactions} transactions`,
    ...own(status),
    workers: status.workers.map(({ kind, state, task }) => `${kind} ${task ?? state}`).join(", "),
    memory: mebibytes(status.rssBytes),
  });
  output.line();
  output.table(
    [
      "node",
      "rating",
      "weight",
      "voting",
      "reliable",
      "bond POML",
      "balance POML",
      "blocks",
      "skips",
    ],
    nodes.map((node) => [
      node.name,
      gflops(node.rating),
      gflops(node.weight),
      node.slashedAt === undefined ? gflops(node.votingWeight) : "slashed",
      `${(node.factors.reliability / 10_000).toFixed(1)} %`,
      poml(node.bond),
      poml(node.balance),
      node.proposed,
      node.skipped,
    ]),
  );
}
