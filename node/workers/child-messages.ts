/**
 * Messages between a node and its own worker processes over their IPC channel: where to connect, and the child's log
 * lines. Everything else uses the worker link, as with any worker.
 */
import { z } from "zod";
import type { Log, LogFields } from "../../p2p/log.ts";

/** Sent once from parent to child, so that the token never appears in a list of processes. */
export const ChildOrders = z.strictObject({
  url: z.string(),
  token: z.string(),
  threads: z.int().min(1),
});
export type ChildOrders = z.infer<typeof ChildOrders>;

const LogLine = z.strictObject({
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string().max(256),
  fields: z.record(z.string(), z.unknown()).optional(),
});
type LogLine = z.infer<typeof LogLine>;

/** The child's log; a separate logger would cost each child ten megabytes. */
export function logThrough(send: (line: LogLine) => void): Log {
  const at =
    (level: LogLine["level"]) =>
    (message: string, fields: LogFields = {}): void =>
      send({ level, message, fields });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** In the parent: writes a child's line into the node's log, with the worker's name. */
export function relayLine(log: Log, worker: string, line: unknown): void {
  const parsed = LogLine.safeParse(line);
  if (!parsed.success) {
    log.warn("a worker process sent something that is no log line", { worker });
    return;
  }
  const { level, message, fields } = parsed.data;
  log[level](message, { ...fields, worker });
}
