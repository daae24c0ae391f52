/**
 * Initial weights from a seed. The same seed gives the same bits on every machine, so an initial model needs neither a
 * download nor trust. Only + - * / and integers are used, never Math.log or exp. "Normal" values are the sum of twelve
 * 16-bit integers (bounded at six deviations).
 */
import type { Random } from "../random.ts";
import { initializerKind } from "./initializer-form.ts";
import type { LayerConfig } from "./layer-config.ts";
import { isPlainObject, type PlainJson } from "./plain-json.ts";

/** The start values of a parameter; every scale has already been resolved to a number. */
export type Initializer =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "normal"; readonly mean: number; readonly deviation: number }
  | { readonly kind: "truncatedNormal"; readonly mean: number; readonly deviation: number }
  /** Consecutive stretches, each with its own initializer. */
  | {
      readonly kind: "parts";
      readonly parts: readonly { readonly size: number; readonly initializer: Initializer }[];
    };

const ZEROS: Initializer = { kind: "constant", value: 0 };

/** Scale, fan and distribution of the named forms of VarianceScaling. */
const SCALINGS: Readonly<Record<string, readonly [number, FanMode, "uniform" | "normal"]>> = {
  glorotuniform: [1, "fan_avg", "uniform"],
  glorotnormal: [1, "fan_avg", "normal"],
  heuniform: [2, "fan_in", "uniform"],
  henormal: [2, "fan_in", "normal"],
  lecununiform: [1, "fan_in", "uniform"],
  lecunnormal: [1, "fan_in", "normal"],
  // tfjs computes a QR decomposition here; this uses a scaled normal distribution of the same spread instead.
  orthogonal: [1, "fan_avg", "normal"],
};

type FanMode = "fan_in" | "fan_out" | "fan_avg";

/** As Keras and tfjs write them; an absent value has a default. */
const FAN_MODES: ReadonlyMap<unknown, FanMode> = new Map([
  [undefined, "fan_in"],
  ["fan_in", "fan_in"],
  ["fanIn", "fan_in"],
  ["fan_out", "fan_out"],
  ["fanOut", "fan_out"],
  ["fan_avg", "fan_avg"],
  ["fanAvg", "fan_avg"],
]);
const DISTRIBUTIONS: ReadonlyMap<unknown, "uniform" | "normal"> = new Map([
  [undefined, "normal"],
  ["normal", "normal"],
  ["truncated_normal", "normal"],
  ["truncatedNormal", "normal"],
  ["uniform", "uniform"],
]);

/** Far above any value that can be trained, and far below overflow. */
const MAX_NUMBER = 1e9;

export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * Fans of a kernel as tfjs counts them: all axes except the last two are the receptive field. For a vector, both fans
 * are its length.
 */
export function fansOf(shape: readonly number[]): Fans {
  const last = shape.at(-1) ?? 1;
  const before = shape.at(-2) ?? last;
  const field = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return { fanIn: field * before, fanOut: field * last };
}

/**
 * Reads `config[field]`: a name such as "glorotUniform" or `{class_name, config}`.
 * @param fallback name used when the field is absent
 * @throws ModelError BAD_CONFIG
 */
export function readInitializer(
  config: LayerConfig,
  field: string,
  fallback: string,
  fans: Fans,
): Initializer {
  const value: PlainJson = config.get(field) ?? fallback;
  const name = isPlainObject(value) ? value.class_name : value;
  const options = isPlainObject(value) && isPlainObject(value.config) ? value.config : {};
  if (typeof name !== "string") throw config.bad(field, "must be an initializer name or object");
  const kind = initializerKind(name);
  const number = (key: string, otherwise: number): number => {
    const given = options[key] ?? otherwise;
    if (typeof given === "number" && Math.abs(given) <= MAX_NUMBER) return given;
    throw config.bad(`${field}.config.${key}`, `must be a number of at most ${MAX_NUMBER}`);
  };
  switch (kind) {
    case "zeros":
      return ZEROS;
    case "ones":
      return { kind: "constant", value: 1 };
    case "constant":
      return { kind: "constant", value: number("value", 0) };
    case "randomuniform":
      return { kind: "uniform", low: number("minval", -0.05), high: number("maxval", 0.05) };
    case "randomnormal":
      return { kind: "normal", mean: number("mean", 0), deviation: number("stddev", 0.05) };
    case "truncatednormal":
      return {
        kind: "truncatedNormal",
        mean: number("mean", 0),
        deviation: number("stddev", 0.05),
      };
    case "variancescaling": {
      const scale = number("scale", 1);
      if (scale < 0) throw config.bad(`${field}.config.scale`, "must be at least 0");
      const choose = <T>(key: string, choices: ReadonlyMap<unknown, T>): T => {
        const chosen = choices.get(options[key] ?? undefined);
        if (chosen !== undefined) return chosen;
        const known = [...choices.keys()].filter((one) => one !== undefined);
        throw config.bad(`${field}.config.${key}`, `must be one of: ${known.join(", ")}`);
      };
      return varianceScaling(
        scale,
        choose("mode", FAN_MODES),
        choose("distribution", DISTRIBUTIONS),
        fans,
      );
    }
    default: {
      const scaling = Object.hasOwn(SCALINGS, kind) ? SCALINGS[kind] : undefined;
      if (scaling === undefined) throw config.bad(field, `has the unknown initializer "${name}"`);
      return varianceScaling(...scaling, fans);
    }
  }
}

/** Draws the values of one parameter. */
export function fill(values: Float32Array, initializer: Initializer, random: Random): void {
  switch (initializer.kind) {
    case "constant":
      values.fill(initializer.value);
      return;
    case "uniform": {
      const { low, high } = initializer;
      for (let index = 0; index < values.length; index++) {
        values[index] = low + random.uniform() * (high - low);
      }
      return;
    }
    case "normal":
    case "truncatedNormal": {
      const { mean, deviation } = initializer;
      const bound = initializer.kind === "normal" ? Number.POSITIVE_INFINITY : 2;
      for (let index = 0; index < values.length; index++) {
        values[index] = mean + standardNormal(random, bound) * deviation;
      }
      return;
    }
    case "parts": {
      let start = 0;
      for (const { size, initializer: own } of initializer.parts) {
        fill(values.subarray(start, start + size), own, random);
        start += size;
      }
      return;
    }
    default:
      initializer satisfies never;
  }
}

function standardNormal(random: Random, bound: number): number {
  for (;;) {
    let sum = -6 * 0xffff;
    for (let draw = 0; draw < 6; draw++) {
      const bits = random.nextU32();
      sum += (bits >>> 16) + (bits & 0xffff);
    }
    const value = sum * 2 ** -16;
    if (value >= -bound && value <= bound) return value;
  }
}

function varianceScaling(
  scale: number,
  mode: FanMode,
  distribution: "uniform" | "normal",
  { fanIn, fanOut }: Fans,
): Initializer {
  const fan = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 }[mode];
  const variance = scale / Math.max(1, fan);
  if (distribution === "normal") {
    return { kind: "truncatedNormal", mean: 0, deviation: squareRoot(variance) };
  }
  const limit = squareRoot(3 * variance);
  return { kind: "uniform", low: -limit, high: limit };
}

/** Newton's method from above until the value stops falling: it uses + and / only, so the bits are equal everywhere. */
function squareRoot(value: number): number {
  if (value === 0) return 0;
  let root = value > 1 ? value : 1;
  for (;;) {
    const next = (root + value / root) / 2;
    if (!(next < root)) return root;
    root = next;
  }
}
