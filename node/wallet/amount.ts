/** Reads amounts as people write them: POML with up to six decimals. chain/amount.ts writes them. */
import { POML } from "../../chain/amount.ts";
import { WalletError } from "./wallet-error.ts";

const MAX_AMOUNT = 2n ** 64n - 1n;

/**
 * @param text e.g. `12`, `0.5` or `1000.000001`, in POML
 * @returns micro-POML
 * @throws WalletError BAD_AMOUNT
 */
export function parseAmount(text: string, field = "amount"): bigint {
  const match = /^(\d{1,14})(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (match === null) return refuse(field, `${JSON.stringify(text.slice(0, 40))} is not an amount`);
  const [, whole = "0", fraction = ""] = match;
  const amount = BigInt(whole) * POML + BigInt(fraction.padEnd(6, "0"));
  return amount > MAX_AMOUNT ? refuse(field, "is more than fits in 64 bits") : amount;
}

function refuse(field: string, reason: string): never {
  throw new WalletError(
    `${field}: ${reason}`,
    { code: "BAD_AMOUNT", field, reason },
    "give POML with at most six decimals, e.g. 12.5",
  );
}
