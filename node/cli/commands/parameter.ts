/** `poml parameter`: shows the parameters that nodes may change by vote, and votes on them. */
import { Command } from "commander";
import type { VotableParameter } from "../../../chain/governance/votable.ts";
import { type ApiOptions, addApiOptions, connect, type WalletOptions } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { withUnit } from "../parameter-units.ts";
import { addKeyOption, sendSigned } from "./bond.ts";

type Options = ApiOptions & WalletOptions;

export function parameterCommand(context: CliContext): Command {
  const parameter = new Command("parameter").description(
    "rules of the chain that nodes may change",
  );
  parameter.addCommand(
    addApiOptions(new Command("list"))
      .description("show the parameters and the open votes")
      .action((options: ApiOptions) => list(options, context)),
  );
  parameter.addCommand(
    addKeyOption(addApiOptions(new Command("vote")))
      .description("vote with a node's weight; the present value takes the vote back")
      .argument("<name>", "a name of `npx poml parameter list`")
      .argument("<value>", "an integer, or 64 hex characters for a hash")
      .action((name: string, value: string, options: Options) =>
        vote(name, value, options, context),
      ),
  );
  return parameter;
}

async function list(options: ApiOptions, context: CliContext): Promise<void> {
  const answer = await (await connect(options, context)).parameters();
  const share = (weight: string): string =>
    `${((100 * Number(weight)) / Number(answer.totalWeight)).toFixed(1)} %`;
  context.output.result(answer, () =>
    context.output.table(
      ["parameter", "value", "to vote for it", "votes"],
      answer.parameters.map(({ name, value, votes }) => [
        name,
        withUnit(name, value),
        value,
        votes.map((vote) => `${withUnit(name, vote.value)}: ${share(vote.weight)}`).join(", "),
      ]),
    ),
  );
}

async function vote(
  name: string,
  value: string,
  options: Options,
  context: CliContext,
): Promise<void> {
  const { VOTABLE_PARAMETERS } = await import("../../../chain/governance/votable.ts");
  const { parameterVotePayload } = await import("../../wallet/payload.ts");
  const known = VOTABLE_PARAMETERS.find((one) => one === name);
  if (known === undefined) {
    throw new CliError(
      `name: no parameter ${JSON.stringify(name)} can be changed by vote`,
      { code: "BAD_ARGUMENT", exit: EXIT.usage, field: "name" },
      "`npx poml parameter list` shows those that can",
    );
  }
  await sendSigned(parameterVotePayload(known, await parseValue(known, value)), options, context);
}

async function parseValue(name: VotableParameter, value: string): Promise<bigint | Uint8Array> {
  const isHash = name === "exactEngine";
  if (isHash ? /^[0-9a-f]{64}$/.test(value) : /^\d{1,20}$/.test(value)) {
    const { fromHex } = await import("../../../chain/crypto/hash.ts");
    return isHash ? fromHex(value) : BigInt(value);
  }
  throw new CliError(
    `value: ${JSON.stringify(value)} is no ${isHash ? "hash" : "whole number"}`,
    { code: "BAD_ARGUMENT", exit: EXIT.usage, field: "value" },
    isHash ? "give 64 lower-case hex characters" : "give a number of at most 20 digits",
  );
}
