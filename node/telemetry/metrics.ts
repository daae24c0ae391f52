/** Prometheus metrics of a node; values are read when they are asked for. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Chain } from "../chain/chain.ts";
import type { NodeStatus } from "../services.ts";

/** @param status read at every scrape */
export function createMetrics(chain: Chain, status: () => NodeStatus): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: (status: NodeStatus) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(status()));
      },
    });
  };
  gauge("poml_height", "Height of the last final block", ({ height }) => height);
  gauge("poml_head_age_seconds", "Seconds since the last final block", ({ headTime }) =>
    Math.max(0, (Date.now() - headTime) / 1000),
  );
  gauge("poml_round", "Consensus round under way", ({ round }) => round);
  gauge("poml_syncing", "1 while blocks are fetched from peers", ({ syncing }) => Number(syncing));
  gauge("poml_peers", "Connected peers", ({ peers }) => peers.length);
  gauge("poml_mempool_transactions", "Transactions waiting", ({ mempool }) => mempool.transactions);
  gauge("poml_mempool_bytes", "Bytes of transactions waiting", ({ mempool }) => mempool.bytes);
  gauge("poml_workers", "Linked workers", ({ workers }) => workers.length);
  gauge(
    "poml_workers_busy",
    "Workers with a task",
    ({ workers }) => workers.filter(({ state }) => state === "busy").length,
  );
  const counter = (name: string, help: string): Counter =>
    new Counter({ name, help, registers: [registry] });
  const blocks = counter("poml_blocks_total", "Blocks made final since the start");
  const transactions = counter(
    "poml_transactions_total",
    "Transactions made final since the start",
  );
  const records = counter(
    "poml_training_records_total",
    "Training records made final since the start",
  );
  chain.onBlock(({ block }) => {
    blocks.inc();
    transactions.inc(block.body.transactions.length);
    records.inc(block.body.records.length);
  });
  return registry;
}
