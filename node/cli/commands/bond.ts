/** `poml bond`: shows and moves the money that backs a node's weight. */
import { Command } from "commander";
import type { Payload } from "../../../chain/types/transaction.ts";
import { type ApiOptions, addApiOptions, connect, type WalletOptions } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { gflops, poml } from "../format.ts";
import { openNodeKey } from "../node-key.ts";
import { pathOption } from "../path-option.ts";

type Options = ApiOptions & WalletOptions;

export function bondCommand(context: CliContext): Command {
  const bond = new Command("bond").description("the money that stands behind a node's weight");
  bond.addCommand(
    addKeyOption(addApiOptions(new Command("show")))
      .description("show a node's bond and what is on its way back")
      .action((options: Options) => show(options, context)),
  );
  bond.addCommand(
    addKeyOption(addApiOptions(new Command("add")))
      .description("bond more of the node's money")
      .argument("<amount>", "in POML")
      .action((amount: string, options: Options) => send("add", amount, options, context)),
  );
  bond.addCommand(
    addKeyOption(addApiOptions(new Command("withdraw")))
      .description("ask bonded money back: free after the unbonding time, punishable until then")
      .argument("<amount>", "in POML; all of the bond takes the node out")
      .action((amount: string, options: Options) => send("withdraw", amount, options, context)),
  );
  return bond;
}

export function addKeyOption(command: Command): Command {
  return command.option(
    "--wallet <file>",
    "key file of the node (keys/node.key in --data-dir)",
    pathOption("wallet"),
  );
}

async function show(options: Options, context: CliContext): Promise<void> {
  const { toHex } = await import("../../../chain/crypto/hash.ts");
  const { keyPair } = await openNodeKey(options, context);
  const node = await (await connect(options, context)).node(toHex(keyPair.publicKey));
  const { name, bond, rating, weight, votingWeight, punctuality, unbondings } = node;
  const result = { name, bond, rating, weight, votingWeight, punctuality, unbondings };
  context.output.result(result, () => {
    context.output.fields({
      node: name,
      bond: `${poml(bond)} POML`,
      rating: `${gflops(rating)} GFLOP/s`,
      weight: `${gflops(weight)}, voting ${gflops(votingWeight)}`,
      punctuality: `${(punctuality / 10_000).toFixed(2)} %`,
    });
    if (unbondings.length === 0) return;
    context.output.line();
    context.output.table(
      ["on its way back", "free at height", "and not before"],
      unbondings.map(({ amount, freeAtHeight, freeAtTime }) => [
        `${poml(amount)} POML`,
        freeAtHeight,
        new Date(freeAtTime).toISOString(),
      ]),
    );
  });
}

async function send(
  action: "add" | "withdraw",
  amount: string,
  options: Options,
  context: CliContext,
): Promise<void> {
  const { parseAmount } = await import("../../wallet/amount.ts");
  const { payloadOf } = await import("../../../chain/types/transaction.ts");
  const micro = parseAmount(amount);
  await sendSigned(
    action === "add"
      ? payloadOf("bond", { amount: micro })
      : payloadOf("unbond", { amount: micro }),
    options,
    context,
  );
}

/** Signs with the node's key, sends the transaction, waits until it is final, and prints the block. */
export async function sendSigned(
  payload: Payload,
  options: Options,
  context: CliContext,
): Promise<void> {
  const { sendTransaction } = await import("../send.ts");
  const identity = await openNodeKey(options, context);
  const client = await connect(options, context);
  const { id, fee } = await sendTransaction(client, identity, payload, (cost) =>
    context.output.line(`signing, for a fee of ${poml(cost)} POML`),
  );
  const { height } = await client.waitForTransaction(id);
  context.output.result({ id, fee, height }, () =>
    context.output.fields({
      transaction: id,
      fee: `${poml(fee)} POML`,
      state: `final in block ${height}`,
    }),
  );
}
