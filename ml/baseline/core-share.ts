/**
 * Measures how much of one core a thread had during a benchmark. A benchmark that got half a core measured only half of
 * the machine, because other programs used the rest.
 */

export interface CoreMeter {
  /** Milliseconds of a clock that never jumps. */
  now(): number;
  /** Milliseconds of processor time that this process has used. */
  cpu(): number;
}

/** Below this share, other programs have disturbed the measurement. */
export const UNDISTURBED = 0.8;

/** @returns the part of a core since this call, 0 to 1; 1 while no time has passed */
export function startCoreShare({ now, cpu }: CoreMeter): () => number {
  const [wallMs, cpuMs] = [now(), cpu()];
  return () => {
    const passed = now() - wallMs;
    // Threads beside the working one (garbage collector, compiler) may add a little.
    return passed <= 0 ? 1 : Math.min(1, Math.max(0, (cpu() - cpuMs) / passed));
  };
}

/** @returns what disturbed the measurement, or undefined */
export function disturbance(share: number): string | undefined {
  if (share >= UNDISTURBED) return undefined;
  const others = Math.round(100 * (1 - share));
  return `other programs, or limits set for this one, took ${others} % of each core it worked on`;
}
