/**
 * How commands are shown to people. Most contexts add the options a command needs (hints.ts); the plain hints add none.
 */
export interface Hints {
  /** Completes one command, e.g. `npx poml job watch 1f0c9a`, with the options that it needs to reach the same node. */
  command(text: string): string;
  /** The same for every command in backticks. */
  text(text: string): string;
}

export const PLAIN_HINTS: Hints = { command: (text) => text, text: (text) => text };
