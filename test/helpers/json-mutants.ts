/** Other bytes for a JSON text: every member altered, removed, renamed, repeated, moved; other spellings. */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Mutant {
  readonly what: string;
  readonly bytes: Uint8Array;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** @param bytes canonical JSON of an object @param limit of members that are touched, spread evenly */
export function jsonMutants(bytes: Uint8Array, limit = 1_000): Mutant[] {
  const text = new TextDecoder().decode(bytes);
  const value = JSON.parse(text) as Json;
  const paths = pathsOf(value);
  const step = Math.max(1, Math.ceil(paths.length / limit));
  const touched = paths.filter((_, index) => index % step === 0);
  return [...spellings(text), ...touched.flatMap((path) => changes(value, path))].filter(
    (mutant) =>
      mutant.bytes.length !== bytes.length || !mutant.bytes.every((b, i) => b === bytes[i]),
  );
}

/** The same value in bytes that are not canonical. */
function spellings(text: string): Mutant[] {
  const variants: readonly (readonly [string, string])[] = [
    ["a byte order mark", `\ufeff${text}`],
    ["a space before", ` ${text}`],
    ["a line break after", `${text}\n`],
    ["a zero after", `${text}\0`],
    ["another value after", `${text}{}`],
    ["white space between", JSON.stringify(JSON.parse(text), null, 1)],
    ["a comma at the end", text.replace(/\}$/, ",}")],
    ["an escaped letter", text.replace(/"([a-z])/, (_, c: string) => `"\\u00${hex(c)}`)],
    ["an escaped slash", text.replace("/", "\\/")],
    ["numbers with a fraction", text.replace(/:(\d+)([,}])/, ":$1.0$2")],
    ["numbers with an exponent", text.replace(/:(\d+)([,}])/, ":$1e0$2")],
    ["a comment", text.replace("{", "{/**/")],
    ["single quotes", text.replaceAll('"', "'")],
    ["an unknown member", text.replace("{", '{"a":1,')],
    ["a prototype", text.replace("{", '{"__proto__":{},')],
    ["an array around", `[${text}]`],
    ["nothing", ""],
    ["half of it", text.slice(0, text.length / 2)],
  ];
  return variants.map(([what, changed]) => ({ what, bytes: utf8(changed) }));
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, "0");
}

type Path = readonly (string | number)[];

function pathsOf(value: Json, at: Path = []): Path[] {
  const inner = Array.isArray(value)
    ? value.map((item, index) => pathsOf(item, [...at, index]))
    : typeof value === "object" && value !== null
      ? Object.entries(value).map(([key, item]) => pathsOf(item, [...at, key]))
      : [];
  return [...(at.length > 0 ? [at] : []), ...inner.flat()];
}

function changes(whole: Json, path: Path): Mutant[] {
  const name = path.join(".");
  const mutants: Mutant[] = [];
  const add = (what: string, change: (parent: Json, key: string | number) => void): void => {
    const copy = structuredClone(whole);
    const parent = path.slice(0, -1).reduce((inner, key) => member(inner, key), copy);
    change(parent, path.at(-1) ?? "");
    mutants.push({ what: `${name} ${what}`, bytes: utf8(JSON.stringify(sortKeys(copy))) });
  };
  const original = path.reduce((inner, key) => member(inner, key), whole);
  add("removed", (parent, key) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete (parent as Record<string, Json>)[key];
  });
  add("null", (parent, key) => set(parent, key, null));
  for (const [what, value] of alternatives(original)) {
    add(what, (parent, key) => set(parent, key, value));
  }
  add("twice", (parent, key) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(original));
    else set(parent, `${key}_`, structuredClone(original));
  });
  if (typeof path.at(-1) === "string") {
    for (const [what, other] of [
      ["in capitals", String(path.at(-1)).toUpperCase()],
      ["with an invisible letter", `${path.at(-1)}\u200b`],
    ] as const) {
      add(what, (parent, key) => {
        const record = parent as Record<string, Json>;
        record[other] = record[key] ?? null;
        if (other !== key) delete record[key];
      });
    }
    // Repeated in the text itself, the first and the last time right.
    const plain = JSON.stringify(whole);
    const right = `${JSON.stringify(path.at(-1))}:${JSON.stringify(original)}`;
    const wrong = `${JSON.stringify(path.at(-1))}:0`;
    mutants.push({
      what: `${name} repeated`,
      bytes: utf8(plain.replace(right, `${right},${right}`)),
    });
    mutants.push({
      what: `${name} hidden`,
      bytes: utf8(plain.replace(right, `${wrong},${right}`)),
    });
    mutants.push({
      what: `${name} covered`,
      bytes: utf8(plain.replace(right, `${right},${wrong}`)),
    });
  }
  return mutants;
}

function alternatives(value: Json): (readonly [string, Json])[] {
  if (typeof value === "number") {
    return [
      ["one more", value + 1],
      ["negative", -value - 1],
      ["a fraction", value + 0.5],
      ["a text", String(value)],
      ["in an array", [value]],
    ];
  }
  if (typeof value === "boolean") return [["the opposite", !value]];
  if (typeof value === "string") {
    const isHex = /^[0-9a-f]{8,}$/.test(value);
    const middle = Math.floor(value.length / 2);
    const flipped = Number.parseInt(value[middle] ?? "0", 16) ^ 1;
    return [
      ["longer", `${value}${isHex ? "00" : "x"}`],
      ["shorter", value.slice(0, isHex ? -2 : -1)],
      ["empty", ""],
      ["in capitals", value.toUpperCase()],
      ["with a space", `${value} `],
      ["a path", `../${value}`],
      ["decomposed", `${value}\u0301`],
      ...(isHex
        ? [
            [
              "one bit",
              value.slice(0, middle) + flipped.toString(16) + value.slice(middle + 1),
            ] as const,
          ]
        : []),
    ];
  }
  if (Array.isArray(value)) {
    return [
      ["reversed", value.toReversed()],
      ["doubled", [...value, ...value]],
      ["empty", []],
      ["in an array", [value]],
      ["an object", { ...value }],
    ];
  }
  return value === null
    ? [
        ["zero", 0],
        ["an object", {}],
      ]
    : [
        ["empty", {}],
        ["in an array", [value]],
      ];
}

function member(value: Json, key: string | number): Json {
  return (value as Record<string | number, Json>)[key] ?? null;
}

function set(parent: Json, key: string | number, value: Json): void {
  (parent as Record<string | number, Json>)[key] = value;
}

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
