/** Asserts on the code of a typed error, sync or async. */
import { expect } from "chai";
import { PomlError } from "../../chain/errors.ts";

export function expectCode(action: () => unknown, code: string): PomlError {
  try {
    action();
  } catch (error) {
    return checkCode(error, code);
  }
  return expect.fail(`expected ${code}, nothing was thrown`);
}

export async function expectCodeAsync(
  action: () => Promise<unknown>,
  code: string,
): Promise<PomlError> {
  try {
    await action();
  } catch (error) {
    return checkCode(error, code);
  }
  return expect.fail(`expected ${code}, nothing was thrown`);
}

function checkCode(error: unknown, code: string): PomlError {
  if (!(error instanceof PomlError)) throw error;
  expect(error.code).to.equal(code, error.message);
  return error;
}
