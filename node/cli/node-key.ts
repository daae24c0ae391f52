/** The key with which the owner of a node signs: the node's own, unless a wallet file is named. */
import { dataDirPaths } from "../config/data-dir.ts";
import { type Identity, readKeyFile } from "../wallet/key-file.ts";
import { dataDirOf, type WalletOptions } from "./api-options.ts";
import type { CliContext } from "./context.ts";

export function openNodeKey(options: WalletOptions, context: CliContext): Promise<Identity> {
  const path = options.wallet ?? dataDirPaths(dataDirOf(options, context)).nodeKey;
  return readKeyFile(path, context.askPassphrase);
}
