/** The node's log: pino behind the four methods every part is given. Secrets never come here. */
import { pino } from "pino";
import type { Log } from "../../p2p/log.ts";

export interface NodeLog extends Log {
  child(fields: { readonly module: string }): NodeLog;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** JSON lines on standard error, so that standard output stays for results. */
export function createLog(level: LogLevel): NodeLog {
  return wrap(
    pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2)),
  );
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
