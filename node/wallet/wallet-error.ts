/** What can be wrong with a key file, a passphrase, or an amount that somebody typed. */
import { PomlError } from "../../chain/errors.ts";

export type WalletFacts =
  | { code: "KEY_FILE_MISSING"; path: string }
  | { code: "KEY_FILE_EXISTS"; path: string }
  | { code: "KEY_FILE_EXPOSED"; path: string; mode: string }
  | { code: "KEY_FILE_MALFORMED"; path: string; reason: string }
  | { code: "PASSPHRASE_NEEDED"; path: string }
  | { code: "PASSPHRASE_WRONG"; path: string }
  | { code: "BAD_AMOUNT"; field: string; reason: string };

export class WalletError extends PomlError<WalletFacts> {
  constructor(message: string, facts: WalletFacts, remedy: string, cause?: unknown) {
    super(message, facts, { action: "local", remedy, cause });
  }
}
