/** An SSZ union with one member for each kind of work; its selector is the position in JOB_KINDS. */
import { type CompositeType, type Type, UnionType, type ValueOf } from "@chainsafe/ssz";

/** The selector determines the type of the value; the type of the library does not express that. */
type KindUnion<Types extends readonly Type<unknown>[]> = {
  [Kind in keyof Types & `${number}`]: {
    readonly selector: Kind extends `${infer Index extends number}` ? Index : never;
    readonly value: ValueOf<Types[Kind]>;
  };
}[keyof Types & `${number}`];

export function kindUnion<Types extends readonly [Type<unknown>, ...Type<unknown>[]]>(
  types: Types,
): CompositeType<KindUnion<Types>, KindUnion<Types>, KindUnion<Types>> {
  return new UnionType([...types]) as unknown as CompositeType<
    KindUnion<Types>,
    KindUnion<Types>,
    KindUnion<Types>
  >;
}
