/** The node's log: pino behind the four methods that every part is given. Secrets are never logged. */
import { pino } from "pino";
import type { Log } from "../../p2p/log.ts";
import { readableLine } from "./readable-line.ts";

export interface NodeLog extends Log {
  child(fields: { readonly module: string }): NodeLog;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export type LogFormat = "auto" | "text" | "json";

/**
 * Writes to standard error, so that standard output stays free for results: JSON lines, or readable lines.
 * @param format auto: readable on a terminal, otherwise JSON
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
