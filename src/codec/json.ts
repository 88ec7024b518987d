import { AsyncSchemaError, SchemaError } from '../errors.js';
import type { Codec } from './codec.js';
import { text } from './text.js';

/**
 * A schema that says what a value must be: Zod, Valibot, ArkType and others have it.
 *
 * Source: Standard Schema, version 1, as far as it is needed here.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value: the value that it stands for, or what is wrong with it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
}

/**
 * Messages as JSON, in UTF-8 (RFC 8259).
 *
 *     bytes    7b 22 61 22 3a 31 7d
 *     message  { a: 1 }
 *
 * With a schema, what comes is what the schema makes of it, and typed so; what goes out is typed as the schema's input, and not validated. Without one, nothing is
 * known of what comes.
 *
 * Bytes that are no JSON, or not what the schema wants, fail with `not-decodable`; the cause is then a `SchemaError` with the `issues`. A value that JSON has no
 * text for (`undefined`, a function, a cycle, a `bigint`) fails its send with `not-encodable`. A schema that answers with a promise is an `AsyncSchemaError`, which ends `messages$` as it is.
 *
 * @example
 * ```ts
 * import { connect, json } from 'rx-tinyproto';
 *
 * const conn$ = connect(9123, { codec: json<{ temperature: number }>() });
 * ```
 */
export function json<Value = unknown>(): Codec<Value>;
export function json<Input, Output>(schema: StandardSchema<Input, Output>): Codec<Output, Input>;
export function json<Input, Output>(schema?: StandardSchema<Input, Output>): Codec<Output, Input> {
  const strings = text();
  return {
    decode(bytes) {
      const value: unknown = JSON.parse(strings.decode(bytes));
      return schema ? validated(schema, value) : (value as Output);
    },
    encode(value) {
      const string = JSON.stringify(value);
      if (string === undefined) throw new TypeError(`JSON has no text for ${typeof value}`);
      return strings.encode(string);
    },
  };
}

function validated<Output>(schema: StandardSchema<unknown, Output>, value: unknown): Output {
  const result = schema['~standard'].validate(value);
  if ('then' in result) {
    result.then(undefined, () => {}); // what it is rejected with nobody waits for either
    throw new AsyncSchemaError('The schema answers with a promise, and nothing waits here (async-schema)');
  }
  if (result.issues) throw new SchemaError(result.issues);
  return result.value;
}
