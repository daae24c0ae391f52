/** Disks in memory that lose what was not synced when their power goes, each another part of it. */
import type { Disk } from "../../node/disk.ts";
import { MemoryDisk } from "../sim/jobs/memory-disk.ts";
import { Random } from "../sim/random.ts";

const DISKS = 8;

export function unreliableDisks(): { readonly disk: Disk; readonly power: MemoryDisk }[] {
  return Array.from({ length: DISKS }, (_, seed) => {
    const power = new MemoryDisk(new Random(seed));
    return { disk: power.of({ pause: async () => {} }), power };
  });
}
