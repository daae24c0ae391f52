/** Messages from an import process to its parent: one JSON object per line, written at once. */
import { PomlError } from "../../chain/errors.ts";

export type ImportMessage =
  | { readonly kind: "progress"; readonly done: number; readonly what: string }
  /** Size of the dataset in bytes; a byte on standard input permits writing it. */
  | { readonly kind: "size"; readonly bytes: number }
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly error: SentError }
  /** A mistake of the program itself. */
  | { readonly kind: "crashed"; readonly reason: string };

export interface SentError {
  readonly message: string;
  readonly facts: { readonly code: string };
  readonly remedy?: string | undefined;
}

export function sentError({ message, facts, remedy }: PomlError): SentError {
  return { message, facts, remedy };
}

export function receivedError({ message, facts, remedy }: SentError): PomlError {
  return new PomlError(message, facts, remedy === undefined ? {} : { remedy });
}
