/**
 * The chain's speed in one object: throughput and finality over real processes, import, catch-up,
 * restart, growth. Each part has a file of its own.
 */
import { initDataDir } from "../../node/config/data-dir.ts";
import { useFastHasher } from "../../node/ssz-hasher.ts";
import { BlockFactory } from "./chain/block-factory.ts";
import { benchGrowth, type GrowthRow } from "./chain/growth.ts";
import { benchIdle, IDLE_BLOCK_INTERVAL_MS } from "./chain/idle.ts";
import { benchCatchUp, benchImport, type ImportResult } from "./chain/import.ts";
import { benchLoad, type LoadPlan, type LoadResult } from "./chain/load.ts";
import { describeMachine, type Machine } from "./chain/machine.ts";
import { benchRestart } from "./chain/restart.ts";
import { inWorkFolder } from "./chain/work-folder.ts";
import type { BenchOptions } from "./main.ts";

interface Plan {
  readonly load: LoadPlan;
  readonly idleTransfers: number;
  readonly importRounds: number;
  /** At most `restartBlocks`: the same chain, made longer. */
  readonly catchUpBlocks: number;
  readonly restartBlocks: number;
  readonly seatMs: number;
  readonly maxAccounts: number;
}

const FULL: Plan = {
  load: { warmUpMs: 5_000, fullMs: 60_000, halfMs: 20_000, prepared: 150_000 },
  idleTransfers: 60,
  importRounds: 3,
  catchUpBlocks: 10_000,
  restartBlocks: 100_000,
  seatMs: 1_000,
  maxAccounts: 1_000_000,
};
const QUICK: Plan = {
  load: { warmUpMs: 1_000, fullMs: 4_000, halfMs: 2_500, prepared: 10_000 },
  idleTransfers: 8,
  importRounds: 2,
  catchUpBlocks: 512,
  restartBlocks: 512,
  seatMs: 100,
  maxAccounts: 100_000,
};

export interface ChainResult extends Omit<LoadResult, "settings">, ImportResult {
  readonly idleP50FinalityMs: number;
  readonly catchUpBlocksPerSecond: number;
  readonly restartMs: number;
  readonly growth: readonly GrowthRow[];
  readonly quick: boolean;
  readonly settings: Readonly<Record<string, number>>;
  readonly machine: Machine;
}

export async function bench({ quick, json }: BenchOptions): Promise<ChainResult> {
  const plan = quick ? QUICK : FULL;
  const step = async <T>(name: string, run: () => Promise<T> | T): Promise<T> => {
    const begin = performance.now();
    const result = await run();
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    if (!json) process.stderr.write(`  ${name}: ${seconds} s\n`);
    return result;
  };
  await useFastHasher();
  const machine = describeMachine();
  const { settings, ...load } = await step("load", () => benchLoad(plan.load));
  const idleP50FinalityMs = await step("idle network", () => benchIdle(plan.idleTransfers));
  const imports = await step("import", () => benchImport(plan.importRounds));
  const { catchUpBlocksPerSecond, restartMs } = await inWorkFolder(async (directory) => {
    const factory = new BlockFactory({ blocks: plan.restartBlocks, senders: 64, accounts: 1000 });
    await initDataDir(directory, { genesis: factory.genesis });
    return {
      catchUpBlocksPerSecond: await step("catch-up", () =>
        benchCatchUp(factory, directory, plan.catchUpBlocks),
      ),
      restartMs: await step("restart", () => benchRestart(factory, directory, plan.restartBlocks)),
    };
  });
  const growth = await step("growth", () => benchGrowth(plan.seatMs, plan.maxAccounts));
  return {
    ...load,
    idleP50FinalityMs,
    ...imports,
    catchUpBlocksPerSecond,
    restartMs,
    growth,
    quick,
    settings: {
      ...settings,
      idleTransfers: plan.idleTransfers,
      importRounds: plan.importRounds,
      idleBlockIntervalMs: IDLE_BLOCK_INTERVAL_MS,
      catchUpBlocks: plan.catchUpBlocks,
      restartBlocks: plan.restartBlocks,
    },
    machine,
  };
}
