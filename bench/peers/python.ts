import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Got, type Part, type Peer, sample } from '../peer.js';

/** The Python original, 3.0, on both sides, each as a child of the side's own process. */
export const python: Peer = {
  name: 'tinyproto (Python)',
  sink: (part) => server('sink', part),
  source: (part) => client('source', part),
  echoServer: (part) => server('echoServer', part),
  echoClient: (part) => client('echoClient', part),
};

/** From `bench/.build`, where this runs. */
const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

function child(role: string, { size }: Part, port: number) {
  const words = [at('peers/python_side.py'), role, String(size), String(port)];
  const env = { ...process.env, PYTHONPATH: at('../.peers/tinyproto-3.0'), PYTHONDONTWRITEBYTECODE: '1' };
  return spawn('python3', words, { env, stdio: ['pipe', 'pipe', 'ignore'] });
}

/** Says its port first. */
function server(role: string, part: Part): Promise<number> {
  const { stdout } = child(role, part, 0);
  return new Promise((resolve) => {
    stdout.once('data', (line: Buffer) => {
      stdout.on('data', heard(part.size, part.got));
      resolve(Number(line.toString()));
    });
  });
}

function client(role: string, part: Part): void {
  child(role, part, part.port).stdout.on('data', heard(part.size, part.got));
}

/** A dot for each message of the size. */
function heard(size: number, got: Got): (told: Buffer) => void {
  const message = sample(size);
  return (told) => {
    for (const each of told) if (each === 0x2e) got(message);
  };
}
