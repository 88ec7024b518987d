import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Observable } from 'rxjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const front = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

/**
 * A server of ours in a process that may open so few files. Emits each line that it says: `port …`, then `refused …` for each caller above its limit, and `full` whenever the process
 * can open no file. Unsubscribing ends it.
 */
export const serverOfFewFiles = (ulimit: number): Observable<string> =>
  new Observable((subscriber) => {
    const source = `
      import { listen, serve } from ${JSON.stringify(front)};
      import { closeSync, openSync } from 'node:fs';
      import { NEVER } from 'rxjs';
      setInterval(() => {
        try {
          closeSync(openSync('/'));
        } catch {
          console.log('full');
        }
      }, 5);
      listen(0, {
        openObserver: { next: ([{ port }]) => console.log('port', port) },
        eventObserver: { next: ({ type, why }) => type === 'refused' && console.log(type, why) },
      }).pipe(serve(() => NEVER)).subscribe();
    `;
    const command = `ulimit -n ${ulimit}; exec "$0" --import tsx --input-type=module -e "$1"`;
    const child = spawn('bash', ['-c', command, process.execPath, source], { cwd: root, timeout: 60_000 });
    let rest = '';
    const hear = (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) subscriber.next(line);
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.resume();
    const ended = (code: number | null, signal: string | null) =>
      subscriber.error(new Error(`it ended with ${signal ?? code}`));
    child.once('exit', ended);
    return () => {
      child.off('exit', ended);
      child.kill('SIGKILL');
    };
  });
