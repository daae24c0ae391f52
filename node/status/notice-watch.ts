/** Writes notices to the log when they appear and when they disappear. */

import type { NodeLog } from "../telemetry/log.ts";
import type { Notice } from "./notice.ts";

const LOOK_MS = 1000;
const RUNNING = /\d+ (?=(s|ms|blocks behind|of \d+ workers)\b|%)/g;

export class NoticeWatch {
  readonly #notices: () => readonly Notice[];
  readonly #log: NodeLog;
  /** By code, the last message written. */
  readonly #told = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(notices: () => readonly Notice[], { log }: { readonly log: NodeLog }) {
    this.#notices = notices;
    this.#log = log;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** A running number (seconds without a block, a share of time) makes no new notice. */
  look(): void {
    const notices = this.#notices();
    for (const { code, level, message, remedy } of notices) {
      const shape = message.replace(RUNNING, "");
      if (this.#told.get(code) === shape) continue;
      this.#told.set(code, shape);
      if (level === "problem") this.#log.warn(message, { code, remedy });
      else this.#log.info(message, { code, remedy });
    }
    for (const code of this.#told.keys()) {
      if (notices.some((notice) => notice.code === code)) continue;
      this.#told.delete(code);
      this.#log.info("no longer so", { code });
    }
  }
}
