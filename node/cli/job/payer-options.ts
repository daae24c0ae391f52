/** The options that decide which account pays for an order and signs it. */
import type { Command } from "commander";
import { addWalletOption, type WalletOptions } from "../api-options.ts";

export interface PayerOptions extends WalletOptions {
  readonly payer: string;
  readonly key?: string;
}

export function addPayerOptions(command: Command): Command {
  return addWalletOption(command)
    .option(
      "--payer <who>",
      "wallet: sign here; node: let the node pay (needs its token)",
      "wallet",
    )
    .option("--key <text>", "with --payer node: equal keys give the same job");
}
