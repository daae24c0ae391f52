/** `poml wallet`: makes a client's key, shows its address and balance, and sends money from it. */
import { Command } from "commander";
import {
  type ApiOptions,
  addApiOptions,
  addDataDirOption,
  addWalletOption,
  connect,
  openWallet,
  type WalletOptions,
  walletPath,
} from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { poml } from "../format.ts";

type Options = ApiOptions & WalletOptions;

export function walletCommand(context: CliContext): Command {
  const wallet = new Command("wallet").description("keys and money of a client");
  wallet.addCommand(
    addWalletOption(addDataDirOption(new Command("new")))
      .description("make a new key")
      .option("--seal", "seal it with a passphrase (POML_PASSPHRASE or asked for)")
      .action((options: Options & { seal?: boolean }) => create(options, context)),
  );
  wallet.addCommand(
    addWalletOption(addDataDirOption(new Command("show")))
      .description("show address and public key")
      .action((options: Options) => show(options, context)),
  );
  wallet.addCommand(
    addWalletOption(addApiOptions(new Command("balance")))
      .description("show what an account holds")
      .argument("[address]", "default: the wallet's own")
      .action((address: string | undefined, options: Options) =>
        balance(address, options, context),
      ),
  );
  wallet.addCommand(
    addWalletOption(addApiOptions(new Command("send")))
      .description("send POML and wait until the transfer is final")
      .argument("<to>", "address poml1…")
      .argument("<amount>", "in POML, e.g. 12.5")
      .option("--no-wait", "do not wait")
      .action((to: string, amount: string, options: Options & { wait: boolean }) =>
        send(to, amount, options, context),
      ),
  );
  return wallet;
}

async function create(options: Options & { seal?: boolean }, context: CliContext): Promise<void> {
  const { newIdentity, writeKeyFile } = await import("../../wallet/key-file.ts");
  const path = walletPath(options, context);
  const passphrase = options.seal === true ? await context.askPassphrase(path) : undefined;
  if (options.seal === true && passphrase === undefined) {
    throw new CliError(
      "--seal needs a passphrase",
      { code: "PASSPHRASE_NEEDED", exit: EXIT.setup, field: "seal" },
      "set POML_PASSPHRASE or run the command in a terminal",
    );
  }
  await writeKeyFile(path, newIdentity(), passphrase);
  await show(options, context);
}

async function show(options: Options, context: CliContext): Promise<void> {
  const { formatAddress } = await import("../../../chain/crypto/address.ts");
  const { toHex } = await import("../../../chain/crypto/hash.ts");
  const identity = await openWallet(options, context);
  const result = {
    file: walletPath(options, context),
    address: formatAddress(identity.address),
    publicKey: toHex(identity.keyPair.publicKey),
  };
  context.output.result(result, () => context.output.fields(result));
}

async function balance(
  address: string | undefined,
  options: Options,
  context: CliContext,
): Promise<void> {
  const { formatAddress, parseAddress } = await import("../../../chain/crypto/address.ts");
  const own = async (): Promise<Uint8Array> => (await openWallet(options, context)).address;
  const bytes = address === undefined ? await own() : parseAddress(address);
  const account = await (await connect(options, context)).account(formatAddress(bytes));
  context.output.result(account, () =>
    context.output.fields({
      address: account.address,
      balance: `${poml(account.balance)} POML`,
      nonce: account.nonce,
    }),
  );
}

async function send(
  to: string,
  amount: string,
  options: Options & { wait: boolean },
  context: CliContext,
): Promise<void> {
  const { parseAddress } = await import("../../../chain/crypto/address.ts");
  const { parseAmount } = await import("../../wallet/amount.ts");
  const { payloadOf } = await import("../../../chain/types/transaction.ts");
  const { sendTransaction } = await import("../send.ts");
  const micro = parseAmount(amount);
  const payload = payloadOf("transfer", { to: parseAddress(to), amount: micro });
  const identity = await openWallet(options, context);
  const client = await connect(options, context);
  const { id, fee } = await sendTransaction(client, identity, payload, (cost) =>
    context.output.line(`sending ${poml(micro)} POML to ${to}, for a fee of ${poml(cost)} POML`),
  );
  const done = options.wait ? await client.waitForTransaction(id) : undefined;
  context.output.result({ id, fee, height: done?.height }, () =>
    context.output.fields({
      transaction: id,
      fee: `${poml(fee)} POML`,
      state: done === undefined ? "handed in" : `final in block ${done.height}`,
    }),
  );
}
