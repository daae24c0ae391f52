/** The node's log: pino behind the four methods every part is given. Secrets never come here. */
import { pino } from "pino";
import type { Log } from "../../p2p/log.ts";
import { readableLine } from "./readable-line.ts";

export interface NodeLog extends Log {
  child(fields: { readonly module: string }): NodeLog;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export type LogFormat = "auto" | "text" | "json";

/**
 * On standard error, so that standard output stays for results: JSON lines, or lines for people.
 * @param format auto: text on a terminal, else JSON
 */
export function createLog(level: LogLevel, format: LogFormat = "auto"): NodeLog {
  const isText = format === "text" || (format === "auto" && process.stderr.isTTY === true);
  const destination = isText
    ? { write: (line: string) => process.stderr.write(readableLine(line)) }
    : pino.destination(2);
  return wrap(pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination));
}

function wrap(logger: pino.Logger): NodeLog {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}
