/** How fast nodes search: units a second, over the last seconds of a round. Pure: the time is passed in. */

const WINDOW_MS = 20_000;
/** Work in one step of time is one sample, so there are few of them. */
const STEP_MS = 1_000;

interface Sample {
  readonly step: number;
  readonly units: number;
}

export class UnitSpeeds {
  readonly #samples = new Map<number, Sample[]>();

  /** @param at milliseconds since the round began */
  add(node: number, units: number, at: number): void {
    const step = Math.floor(at / STEP_MS);
    const samples = this.#samples.get(node) ?? [];
    const last = samples.at(-1);
    if (last !== undefined && last.step >= step) {
      samples[samples.length - 1] = { step: last.step, units: last.units + units };
    } else samples.push({ step, units });
    this.#samples.set(
      node,
      samples.filter((sample) => isRecent(sample, at)),
    );
  }

  /** @param now milliseconds since the round began */
  of(node: number, now: number): number {
    const samples = this.#samples.get(node) ?? [];
    const units = samples
      .filter((sample) => isRecent(sample, now))
      .reduce((sum, sample) => sum + sample.units, 0);
    return (units * 1000) / Math.max(STEP_MS, Math.min(WINDOW_MS, now));
  }
}

function isRecent({ step }: Sample, now: number): boolean {
  return (step + 1) * STEP_MS > now - WINDOW_MS;
}
