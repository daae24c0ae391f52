/** fast-check values of any SSZ type, from the type itself. */
import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type Type,
  UintBigintType,
  UintNumberType,
  UnionType,
} from "@chainsafe/ssz";
import fc from "fast-check";

/** Lists stay below so many elements, whatever their limit. */
const MAX_LENGTH = 5;

export function arbitraryOf<V>(type: Type<V>): fc.Arbitrary<V> {
  return build(type) as fc.Arbitrary<V>;
}

function build(type: Type<unknown>): fc.Arbitrary<unknown> {
  if (type instanceof UintNumberType) return fc.nat(2 ** (8 * type.byteLength) - 1);
  if (type instanceof UintBigintType) {
    return fc.bigInt({ min: 0n, max: 2n ** BigInt(8 * type.byteLength) - 1n });
  }
  if (type instanceof ByteVectorType) {
    return fc.uint8Array({ minLength: type.lengthBytes, maxLength: type.lengthBytes });
  }
  if (type instanceof ByteListType) return fc.uint8Array({ maxLength: type.limitBytes });
  if (type instanceof ListBasicType || type instanceof ListCompositeType) {
    const maxLength = Math.min(MAX_LENGTH, type.limit);
    return fc.array(build(type.elementType as Type<unknown>), { maxLength });
  }
  if (type instanceof UnionType) {
    const members = type.types as readonly Type<unknown>[];
    return fc.oneof(
      ...members.map((member, selector) =>
        build(member).map((value: unknown) => ({ selector, value })),
      ),
    );
  }
  if (type instanceof ContainerType) {
    const fields = Object.entries(type.fields as Record<string, Type<unknown>>);
    return fc.record(Object.fromEntries(fields.map(([name, field]) => [name, build(field)])));
  }
  throw new TypeError(`no arbitrary for ${type.typeName}`);
}
