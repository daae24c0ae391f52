/** Asks for a passphrase: POML_PASSPHRASE first, then the terminal, without showing what is typed. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { AskPassphrase } from "../wallet/key-file.ts";

export function passphraseFrom(
  env: Readonly<Record<string, string | undefined>>,
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): AskPassphrase {
  return async (path) => {
    const given = env.POML_PASSPHRASE;
    if (given !== undefined) return given;
    if (!input.isTTY || !output.isTTY) return undefined;
    return askHidden(`passphrase for ${path}: `, input, output);
  };
}

function askHidden(
  question: string,
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): Promise<string | undefined> {
  output.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  return new Promise((resolve) => {
    let answer: string | undefined;
    lines.on("close", () => {
      output.write("\n");
      resolve(answer === "" ? undefined : answer);
    });
    lines.on("SIGINT", () => lines.close());
    lines.once("line", (line) => {
      answer = line;
      lines.close();
    });
  });
}
