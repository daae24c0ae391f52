/** A log line for a person at a terminal, made from the JSON line for programs. */

const LEVELS: Readonly<Record<number, string>> = {
  20: "debug",
  30: "info ",
  40: "WARN ",
  50: "ERROR",
};

/** Control characters except the end of the line: data from a peer must not control the terminal. */
const CONTROL = /[\p{Cc}\p{Cf}]/gu;

/**
 * @param json one line as pino writes it
 * @param time formats an instant in the person's local time
 * @returns e.g. `09:13:43 info  caught up  (sync: height 719, blocks 4)`, with the remedy on a line of its own
 */
export function readableLine(json: string, time: (iso: string) => string = localTime): string {
  const { level, time: at, msg, module, remedy, ...facts } = JSON.parse(json);
  const shown = Object.entries(facts).map(([name, value]) => `${name} ${textOf(value)}`);
  const where = typeof module === "string" ? [module] : [];
  const details = [...where, ...(shown.length === 0 ? [] : [shown.join(", ")])].join(": ");
  const head = `${time(String(at))} ${LEVELS[level] ?? level} ${textOf(msg)}`;
  const lines = [details === "" ? head : `${head}  (${details})`];
  if (remedy !== undefined) lines.push(`               try: ${textOf(remedy)}`);
  return `${lines.join("\n")}\n`;
}

function textOf(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.replace(CONTROL, (mark) => (mark === "\n" ? "\n  " : "\ufffd"));
}

function localTime(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8);
}
