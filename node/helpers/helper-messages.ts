/** Messages between a node and its helper process: structured clones on their IPC channel. */

export interface HelperRequest {
  readonly kind: string;
  readonly task: unknown;
}

export type HelperReply =
  | { readonly kind: "started" }
  | { readonly kind: "done"; readonly result: unknown }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };
