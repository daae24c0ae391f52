/** Asserts that a call is refused with one code, and hands the error back for a closer look. */
import { expect } from "chai";
import { PomlError } from "../../chain/errors.ts";

export function refusalOf(call: () => unknown, code: string): PomlError {
  try {
    call();
  } catch (error) {
    return requireCode(error, code);
  }
  return expect.fail(`nothing was thrown, expected ${code}`);
}

export async function asyncRefusalOf(
  call: () => Promise<unknown>,
  code: string,
): Promise<PomlError> {
  try {
    await call();
  } catch (error) {
    return requireCode(error, code);
  }
  return expect.fail(`nothing was thrown, expected ${code}`);
}

function requireCode(error: unknown, code: string): PomlError {
  if (!(error instanceof PomlError)) throw error;
  expect(error.facts.code, error.message).to.equal(code);
  return error;
}
