/**
 * Bucketing (Karimireddy, He, Jaggi 2022, arXiv 2006.09365): updates are averaged in groups, drawn anew in each round,
 * before a rule sees them. So honest updates from unequal data look alike, and hostile ones stand out.
 */
import type { Random } from "../random.ts";
import type { Update } from "./update.ts";

/** Indexes of updates. */
export type Bucket = readonly number[];

/** @param size of a bucket; the last one may be smaller */
export function drawBuckets(updates: number, size: number, random: Random): Bucket[] {
  const order = random.shuffle(Array.from({ length: updates }, (_, i) => i));
  const buckets: Bucket[] = [];
  for (let from = 0; from < updates; from += size) {
    // Sorted, so that sums do not depend on the draw.
    buckets.push(order.slice(from, from + size).sort((a, b) => a - b));
  }
  return buckets;
}

/** The mean of each bucket by samples; if there are no samples at all, every update counts the same. */
export function bucketMeans(updates: readonly Update[], buckets: readonly Bucket[]): Update[] {
  return buckets.map((bucket) => {
    const members = bucket.flatMap((i) => updates[i] ?? []);
    const samples = members.reduce((sum, one) => sum + one.samples, 0);
    const delta = new Float64Array(members[0]?.delta.length ?? 0);
    for (const member of members) {
      const weight = samples === 0 ? 1 / members.length : member.samples / samples;
      for (let i = 0; i < delta.length; i++)
        delta[i] = (delta[i] ?? 0) + weight * (member.delta[i] ?? 0);
    }
    return { samples, delta };
  });
}
