/** Numbers and hashes as people read them. Amounts come as decimal strings and stay exact. */

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** @param {number} value */
export function count(value) {
  return GROUPED.format(value);
}

/** @param {string} micro micro-POML */
export function poml(micro) {
  const value = BigInt(micro);
  const fraction = (value % 1_000_000n).toString().padStart(6, "0").replace(/0+$/, "");
  const whole = GROUPED.format(value / 1_000_000n);
  return `${fraction === "" ? whole : `${whole}.${fraction}`} POML`;
}

/** @param {string} micro micro-units of rating, weight or GFLOP/s */
export function units(micro) {
  const value = Number(micro) / 1_000_000;
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

/** @param {number} share 0 to 1 */
export function percent(share, digits = 1) {
  return `${(100 * share).toFixed(digits)} %`;
}

/** @param {string} hash */
export function short(hash) {
  return `${hash.slice(0, 8)}…${hash.slice(-4)}`;
}

/** @param {number} ms duration */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
}

/** @param {number} unixMs */
export function ago(unixMs) {
  const ms = Math.max(0, Date.now() - unixMs);
  if (ms < 2000) return "just now";
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s ago`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ago`;
  return new Date(unixMs).toLocaleDateString();
}

const LARGE = /** @type {const} */ ([
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
]);

/** Hashes or nonces. @param {number | string} amount */
export function large(amount) {
  const value = Number(amount);
  const [size, letter] = LARGE.find(([least]) => value >= least) ?? [1, ""];
  return letter === ""
    ? count(value)
    : `${(value / size).toFixed(value >= 100 * size ? 0 : 1)} ${letter}`;
}

/** @param {number} size */
export function bytes(size) {
  if (size < 1024) return `${size} B`;
  if (size < 1024 * 1024) return `${(size / 1024).toFixed(1)} KiB`;
  return `${(size / 1024 / 1024).toFixed(1)} MiB`;
}

/** @param {number} amount @param {string} noun */
export function plural(amount, noun) {
  return `${count(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}

/** With a capital at its start and a stop at its end. @param {string} text */
export function sentence(text) {
  const [first = "", ...rest] = text;
  return `${first.toUpperCase()}${rest.join("")}${/[.!?]$/.test(text) ? "" : "."}`;
}
