/** Environment variables as settings: an empty variable counts as not set. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** Compose files and CI systems write `POML_API=` when they want to set nothing. */
export function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, text]) => text !== ""));
}
