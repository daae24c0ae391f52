/** Commands shown to people: what completes them, and the way without (hints.ts). */

export interface Hints {
  /** One whole command, e.g. `npx poml job watch 1f0c9a`, with what it needs to reach the same node. */
  command(text: string): string;
  /** The same for every command in backticks. */
  text(text: string): string;
}

export const PLAIN_HINTS: Hints = { command: (text) => text, text: (text) => text };
