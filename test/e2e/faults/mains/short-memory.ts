/** A node that keeps few blocks and makes a snapshot at the end of every epoch, so that both happen within a test. */
import { runAsNode } from "./run-as-node.ts";

await runAsNode({
  settings: (config) => ({
    ...config,
    pruning: { keepBlocks: 16 },
    snapshots: { everyEpochs: 1, keep: 2 },
  }),
});
