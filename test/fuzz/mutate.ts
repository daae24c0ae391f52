/** Hostile inputs: noise, and valid encodings with bits flipped, lengths rewritten, parts cut, doubled and moved. */
import fc from "fast-check";

/** Values that length and offset fields are attacked with. */
const EXTREMES = [0, 1, 4, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

type Edit = (bytes: Uint8Array) => Uint8Array;

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat(7)).map(
    ([at, bit]): Edit =>
      (bytes) =>
        changed(bytes, at, (byte) => byte ^ (1 << bit)),
  ),
  fc.tuple(fc.nat(), fc.nat(255)).map(
    ([at, value]): Edit =>
      (bytes) =>
        changed(bytes, at, () => value),
  ),
  fc.tuple(fc.nat(), fc.constantFrom(...EXTREMES), fc.boolean()).map(
    ([at, value, little]): Edit =>
      (bytes) =>
        withUint32(bytes, at, value, little),
  ),
  fc.nat().map(
    (to): Edit =>
      (bytes) =>
        bytes.subarray(0, to % (bytes.length + 1)),
  ),
  fc.nat().map(
    (from): Edit =>
      (bytes) =>
        bytes.subarray(from % (bytes.length + 1)),
  ),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map(
    (more): Edit =>
      (bytes) =>
        joined(bytes, more),
  ),
  fc.tuple(fc.nat(), fc.nat(), fc.nat()).map(
    ([from, length, to]): Edit =>
      (bytes) =>
        moved(bytes, from, length, to),
  ),
);

/** @param samples valid encodings */
export function hostileBytes(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const edited = fc
    .tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 4 }))
    .map(([sample, edits]) => edits.reduce((bytes, change) => change(bytes), sample).slice());
  const noise = fc.uint8Array({ maxLength: 300 });
  return fc.oneof({ weight: 6, arbitrary: edited }, { weight: 1, arbitrary: noise });
}

const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, "", [], {}, 0, -1, 0.5, 1e308, 2 ** 53, -(2 ** 53), 1e9, 2 ** 31),
  fc.constantFrom(
    "18446744073709551616",
    "-1",
    "00",
    "\u0000",
    "\ud800",
    "__proto__",
    "a".repeat(5000),
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Valid JSON with one to three of its values replaced, doubled or taken away, as bytes; or hostile bytes of it. */
export function hostileJson(samples: readonly unknown[]): fc.Arbitrary<Uint8Array> {
  const texts = samples.map((sample) => JSON.stringify(sample));
  const step = fc.tuple(fc.nat(), junk, fc.constantFrom("replace", "remove", "add"));
  const edited = fc
    .tuple(fc.constantFrom(...texts), fc.array(step, { maxLength: 3 }))
    .map(([text, steps]) => {
      const root = { value: JSON.parse(text) as unknown };
      for (const [at, value, kind] of steps) change(root, at, value, kind);
      return new TextEncoder().encode(JSON.stringify(root.value));
    });
  const bytes = hostileBytes(texts.map((text) => new TextEncoder().encode(text)));
  return fc.oneof({ weight: 4, arbitrary: edited }, { weight: 1, arbitrary: bytes });
}

type Parent = Record<string, unknown>;

function change(root: Parent, at: number, value: unknown, kind: string): void {
  const places: [Parent, string][] = [];
  collect(root, places);
  const [parent, key] = places[at % places.length] ?? [root, "value"];
  if (kind === "remove") {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  } else if (kind === "add" && Array.isArray(parent)) {
    parent.push(parent[Number(key)], value);
  } else {
    parent[kind === "add" ? "surplus" : key] = value;
  }
}

function collect(parent: Parent, places: [Parent, string][]): void {
  for (const [key, value] of Object.entries(parent)) {
    places.push([parent, key]);
    if (typeof value === "object" && value !== null) collect(value as Parent, places);
  }
}

function changed(bytes: Uint8Array, at: number, to: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const place = at % bytes.length;
  return bytes.with(place, to(bytes[place] ?? 0));
}

function withUint32(bytes: Uint8Array, at: number, value: number, little: boolean): Uint8Array {
  if (bytes.length < 4) return bytes;
  const copy = bytes.slice();
  // Fields are mostly aligned, offsets at the start: half of the attacks go there.
  const place = at % 2 === 0 ? at % Math.min(bytes.length - 3, 64) : at % (bytes.length - 3);
  new DataView(copy.buffer).setUint32(place, value, little);
  return copy;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

function moved(bytes: Uint8Array, from: number, length: number, to: number): Uint8Array {
  const start = from % (bytes.length + 1);
  const part = bytes.slice(start, start + (length % 64));
  const at = to % (bytes.length + 1);
  return joined(joined(bytes.subarray(0, at), part), bytes.subarray(at));
}
