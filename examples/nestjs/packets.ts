import { type Codec, json, type StandardSchema } from 'rx-tinyproto';
import * as v from 'valibot';

/** What a client says. */
export type Asked = Request | Event | More | Cancel;
/** Wants an answer, or a stream of them, of which so many at once may be under way. */
export type Request = v.InferOutput<typeof Request>;
/** Wants none. */
export type Event = v.InferOutput<typeof Event>;
/** Has dealt with so many answers, and takes as many more. */
export type More = v.InferOutput<typeof More>;
/** Wants no more. */
export type Cancel = v.InferOutput<typeof Cancel>;

/** What a server says to a request: in Nest's words, one `response`, and with `isDisposed` no other. */
export type Told = v.InferOutput<typeof Told>;

const id = v.pipe(v.string(), v.maxLength(64));
const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_024));

const Request = v.object({ id, pattern: v.string(), data: v.unknown(), window: count });
const Event = v.object({ event: v.string(), data: v.unknown() });
const More = v.object({ id, more: count });
const Cancel = v.object({ id, cancel: v.literal(true) });
const Told = v.object({
  id,
  response: v.optional(v.unknown()),
  err: v.optional(v.unknown()),
  isDisposed: v.optional(v.boolean()),
});

/** What comes is looked at, and ends the connection if it is none of these; what goes out is ours. */
const codecOf = <In, Out>(schema: StandardSchema<unknown, In>): Codec<In, Out> => ({
  decode: json(schema).decode,
  encode: json<Out>().encode,
});

export const serverCodec = codecOf<Asked, Told>(v.union([Request, Event, More, Cancel]));
export const clientCodec = codecOf<Told, Asked>(Told);
