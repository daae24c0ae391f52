/**
 * Whether this node may have been the sub-manager of a round before. Then it knows no more what it gave to whom: it must
 * not give those units again, nor other units by the same numbers. A mark on the disk says so; where it has lost its
 * disk, only a round that is surely new to it counts. Each round has a mark, also where the node is no sub-manager, so
 * that a process that starts again with its disk knows which rounds are new.
 */
import { runName } from "../checkpoint-keeper.ts";
import { DurableLog } from "./durable-log.ts";
import type { RoundMemory } from "./round-memory.ts";

export interface SubMemoryModules {
  readonly disk: Parameters<typeof DurableLog.open>[1];
  readonly memory: Pick<RoundMemory, "isForgetful" | "remembers">;
  /** Folder of a round. */
  pathOf(key: string): string;
}

/** @returns whether this node may serve as the sub-manager of the round, if the tree makes it one */
export async function maySubManage(
  id: Uint8Array,
  round: number,
  { disk, memory, pathOf }: SubMemoryModules,
): Promise<boolean> {
  const key = runName(id, round);
  const { log, records } = await DurableLog.open(pathOf(key), disk);
  try {
    const isNew = !memory.isForgetful(key, []);
    if (isNew || records.length > 0) memory.remembers(id, round);
    if (!isNew || log.life > 1) return false;
    await log.append(new Uint8Array(1));
    return true;
  } finally {
    await log.close();
  }
}
