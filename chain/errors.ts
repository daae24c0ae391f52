/**
 * The base class of all errors of the project. A refusal is a code plus its facts, so that callers can branch on
 * `facts.code`, p2p can score a peer by `action`, and API and CLI can print `remedy`. Mistakes of the programmer stay
 * TypeError or RangeError.
 */

/** What a receiver should do about the sender of the refused data. */
export type ErrorAction = "reject" | "ignore" | "local";

interface ErrorFacts {
  readonly code: string;
}

export interface ErrorOptions {
  /**
   * `reject`: provably invalid, lower the sender's score. `ignore`: too early, known already, or uncertain. `local`:
   * our own fault.
   */
  readonly action?: ErrorAction;
  /** What the reader can do about it. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

export class PomlError<F extends ErrorFacts = ErrorFacts> extends Error {
  readonly facts: F;
  readonly action: ErrorAction;
  readonly remedy: string | undefined;

  constructor(message: string, facts: F, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.facts = facts;
    this.action = options.action ?? "reject";
    this.remedy = options.remedy;
  }

  get code(): F["code"] {
    return this.facts.code;
  }
}

/** Bytes or JSON from outside that do not have the declared form. */
export class DecodeError extends PomlError<{ code: "DECODE"; what: string; reason: string }> {
  constructor(what: string, reason: string, cause?: unknown) {
    super(`${what}: ${reason}`, { code: "DECODE", what, reason }, { cause });
  }
}
