import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Recording } from '../testing/record.js';
import type { SpecOptions } from '../testing/record-spec.js';

/**
 * Writes the recorded conversations of a server, or of a client, as a spec file that Vitest runs: in virtual time, without a port. Makes the folders that are
 * missing, and replaces what is there.
 *
 * Throws a `RangeError` if the beginning of the recording is gone, and whatever the file system throws.
 *
 * @example
 * ```ts
 * import { consume, lines, listen, serve, text } from 'rx-tinyproto';
 * import { writeSpec } from 'rx-tinyproto/node';
 * import { record, virtualNetwork } from 'rx-tinyproto/testing';
 *
 * const tape = record();
 * const transport = tape.transport(virtualNetwork()); // or tcp()
 * listen(7000, { framing: lines(), codec: text(), transport })
 *   .pipe(serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line)))))
 *   .subscribe();
 *
 * process.once('SIGUSR2', () =>
 *   writeSpec('spec/as-it-was.spec.ts', tape, {
 *     imports: "import { echo, options } from '../src/echo.js';",
 *     server: "echo(listen('server:1', options))",
 *   }),
 * );
 * ```
 */
export function writeSpec(file: string, recording: Recording, options: SpecOptions): void {
  const spec = recording.spec(options);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, spec);
}
